"""Makes hostile files out of good ones by random changes, for as long as it is told to.

    python -m tests.hostile.fuzz [--seconds 600] [--seed 0] [--keep FOLDER]

Mutation, not coverage: what is tested are the limits around decoders of others, and a decoder in a
child process shows no coverage. The same seed makes the same files on every machine that has the same ffmpeg.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.hostile.corpus import BASES, CLIPS, Bases
from tests.hostile.trial import try_here

ODD_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 4, 32))):
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def odd_number(data: bytearray, rng: random.Random) -> None:
    """A field of four bytes becomes a number at a limit: sizes, counts and times are such fields."""
    at = _place(data, rng) & ~3
    order = rng.choice(("big", "little"))
    data[at : at + 4] = rng.choice(ODD_NUMBERS).to_bytes(4, order)  # type: ignore[arg-type]


def drop(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    del data[at : at + rng.choice((1, 8, 188, 4096))]


def double(data: bytearray, rng: random.Random) -> None:
    at, size = _place(data, rng), rng.choice((8, 188, 4096))
    data[at:at] = data[at : at + size]


def cut(data: bytearray, rng: random.Random) -> None:
    del data[_place(data, rng) + 16 :]


def splice(data: bytearray, rng: random.Random, other: bytearray) -> None:
    """The head of one file on the tail of another."""
    at = rng.randrange(min(len(data), len(other)))
    data[at:] = other[at:]


def _place(data: bytearray, rng: random.Random) -> int:
    """Near the head or the tail twice out of three times: that is where the structure lies."""
    part = rng.randrange(3)
    near = min(2048, len(data))
    return (rng.randrange(near), len(data) - 1 - rng.randrange(near), rng.randrange(len(data)))[part]


def mutated(rng: random.Random, bases: Bases) -> tuple[str, bytearray]:
    """(name of the file it was, what has become of it)."""
    name = rng.choice(sorted(BASES))
    data = bases.bytes(name)
    for _ in range(rng.choice((1, 1, 2, 5))):
        change = rng.choice((flip_bits, flip_bits, odd_number, odd_number, drop, double, cut, None))
        if change is None:
            splice(data, rng, bases.bytes(rng.choice(sorted(BASES))))
        elif len(data) > 64:
            change(data, rng)
    return name, data


def fuzz(folder: Path, seconds: float, seed: int, keep: Path | None = None) -> tuple[Counter[str], list[str]]:
    """Files tried by what became of them, and what went wrong. ``folder`` is empty."""
    rng, bases = random.Random(seed), Bases(folder)
    outcomes: Counter[str] = Counter()
    wrongs = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        name, data = mutated(rng, bases)
        place = Path(tempfile.mkdtemp(dir=folder))
        source, private = place / name, place / "private"
        source.write_bytes(data)
        private.mkdir()
        kind = "clip" if name in CLIPS else "sound"
        number = outcomes.total()
        try:
            found = try_here(kind, source, private)
            wrong = found.wrongs("either", (str(folder),))
            outcomes[found.verdict] += 1
        except Exception as error:
            wrong = [repr(error)]
            outcomes["crashed"] += 1
        if wrong:
            wrongs.append(f"seed {seed}, file {number} ({name}): {'; '.join(wrong)}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, keep / f"{seed}-{number}-{name}")
        shutil.rmtree(place)
    return outcomes, wrongs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files with which something went wrong")
    asked = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, wrongs = fuzz(Path(folder), asked.seconds, asked.seed, asked.keep)
    print(*wrongs, sep="\n")
    print(f"{outcomes.total()} files: {dict(outcomes)}, {len(wrongs)} with something wrong")
    return min(len(wrongs), 1)


if __name__ == "__main__":
    sys.exit(main())
