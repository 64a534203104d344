"""Makes hostile files out of good ones by random changes, for as long as it is told to.

    python -m tests.hostile.fuzz [--seconds 600] [--seed 0] [--keep FOLDER]

Mutation, not coverage: what is tested are the limits around decoders of others, and a decoder in a
child process shows no coverage. The same seed makes the same files on every machine that has the same ffmpeg.
Clips and sounds take turns by chance with what is no media: settings, designs, manifests, checkpoints, lists.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.corpus import BASES, CLIPS, Bases
from tests.hostile.makers import Maker
from tests.hostile.plain import PLAIN_CASES
from tests.hostile.readers import make_ready
from tests.hostile.trial import try_here

GOOD: dict[str, Maker] = {
    case.kind: case.make
    for case in PLAIN_CASES
    if case.title.startswith("as ") and case.must == "taken" and case.kind != "rights"
}
"""By kind, what is taken as it is. Rights come as a request to a server, which takes seconds to start."""

ODD_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ODD_VALUES = (
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'"../.."',
    b'"\\u0000"',
    b"9" * 400,
)
VALUE = re.compile(rb'"[^"\n]*"|-?\d+(?:\.\d+)?|null|true|false')


@dataclass(frozen=True)
class Try:
    """One file to try: what it was, what reads it, and the changed file within what is read."""

    name: str
    kind: str
    source: Path
    changed: Path


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


def odd_value(data: bytearray, rng: random.Random) -> None:
    """A number or a text becomes something else, of the same length where it can: headers stay as long as
    they say they are."""
    found = [each.span() for each in VALUE.finditer(bytes(data[:65_536]))]
    if found:
        start, end = rng.choice(found)
        data[start:end] = rng.choice(ODD_VALUES).ljust(end - start)


def _place(data: bytearray, rng: random.Random) -> int:
    """Near the head or the tail twice out of three times: that is where the structure lies."""
    part = rng.randrange(3)
    near = min(2048, len(data))
    return (rng.randrange(near), len(data) - 1 - rng.randrange(near), rng.randrange(len(data)))[part]


def media(place: Path, rng: random.Random, bases: Bases) -> Try:
    """A clip or a sound, changed."""
    name = rng.choice(sorted(BASES))
    data = bases.bytes(name)
    for _ in range(rng.choice((1, 1, 2, 5))):
        change = rng.choice((flip_bits, flip_bits, odd_number, odd_number, drop, double, cut, None))
        if change is None:
            splice(data, rng, bases.bytes(rng.choice(sorted(BASES))))
        elif len(data) > 64:
            change(data, rng)
    source = place / name
    source.write_bytes(data)
    return Try(name, "clip" if name in CLIPS else "sound", source, source)


def plain(place: Path, rng: random.Random) -> Try:
    """What is no media, with one of its files changed."""
    kind = rng.choice(sorted(GOOD))
    source = place / "file"
    GOOD[kind](source)
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    changed = rng.choice(files)
    data = bytearray(changed.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 5))):
        change = rng.choice((odd_value, odd_value, odd_value, flip_bits, odd_number, drop, double, cut))
        if len(data) > 64:
            change(data, rng)
    changed.write_bytes(data)
    return Try(f"{kind}, {changed.name}", kind, source, changed)


def fuzz(
    folder: Path, seconds: float, seed: int, keep: Path | None = None, least: int = 0
) -> tuple[Counter[str], list[str]]:
    """What became of the files, counted by kind of file and verdict, and what went wrong.

    ``folder`` is empty. On a slow machine it goes on until the ``least`` number of files are tried.
    """
    for kind in GOOD:
        make_ready(kind)
    rng, bases = random.Random(seed), Bases(folder)
    outcomes: Counter[str] = Counter()
    wrongs = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or outcomes.total() < least:
        place = Path(tempfile.mkdtemp(dir=folder))
        private = place / "private"
        private.mkdir()
        share = len(GOOD) / (len(GOOD) + len(BASES))
        tried = plain(place, rng) if rng.random() < share else media(place, rng, bases)
        number, sort = outcomes.total(), "plain" if tried.kind in GOOD else "media"
        content = tried.changed.read_bytes()  # what reads it may take it away
        try:
            found = try_here(tried.kind, tried.source, private)
            wrong = found.wrongs("either", (str(folder),), content)
            outcomes[f"{sort} {found.verdict}"] += 1
        except Exception as error:
            wrong = [repr(error)]
            outcomes[f"{sort} crashed"] += 1
        if wrong:
            wrongs.append(f"seed {seed}, file {number} ({tried.name}): {'; '.join(wrong)}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}-{tried.name}").write_bytes(content)
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
