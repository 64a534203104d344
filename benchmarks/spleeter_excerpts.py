"""``python -m benchmarks.spleeter_excerpts``: what the original makes of the seeded mixes of the tests.

Runs TensorFlow Spleeter (`benchmarks.spleeter_reference`) on each mix of `CASES` and keeps short excerpts
of both stems, and the energy of every second of them, in ``tests/separation/original/excerpts.npz``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixes import Mix, mix
from benchmarks.spleeter_reference import ROOT, reference_command

OUT = ROOT / "tests" / "separation" / "original" / "excerpts.npz"
STEMS = ("voice", "accompaniment")
EXCERPT = 512
STARTS = (12_345, 100_000, 250_000, 400_000, 515_000, 520_000, 523_000, 560_000, 576_488)
"""Where excerpts begin, in samples. The first segment of 512 frames ends at 520,192, inside the sixth,
and its frames reach 3072 samples further; the last excerpt is the end of the sound."""
LENGTH = STARTS[-1] + EXCERPT


def cases() -> dict[str, Mix]:
    """The mixes, 13.1 s each: a voice over music, and a voice over music and shots."""
    seconds = LENGTH / 44_100
    return {
        "calm": mix(11, seconds, voice="formants", music=3),
        "loud": mix(12, seconds, voice="formants", music=10, game="shots", game_db=-22.0),
    }


def excerpts(stem: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n, 2] -> [9, 512, 2]."""
    return np.stack([stem[start : start + EXCERPT] for start in STARTS])


def energies(stem: NDArray[np.float32]) -> NDArray[np.float64]:
    """[n, 2] -> energy of both channels in every whole second, [13]."""
    whole = stem[: len(stem) // 44_100 * 44_100].astype(np.float64)
    sums: NDArray[np.float64] = np.square(whole).reshape(-1, 44_100, 2).sum((1, 2))
    return sums


def main() -> None:
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        sound, out = Path(name) / "sound.npy", Path(name) / "original.npz"
        for case, made in cases().items():
            np.save(sound, made.sound)
            command, variables = reference_command(sound, out)
            subprocess.run(command, check=True, env={**os.environ, **variables})
            with np.load(out) as stems:
                for stem in STEMS:
                    # Half precision keeps 66 dB only; 16 bits of the excerpt's own peak keep 98 dB or more.
                    part = excerpts(stems[stem])
                    scale = float(np.abs(part).max()) / 32_767
                    kept[f"{case}-{stem}"] = np.round(part / scale).astype(np.int16)
                    kept[f"{case}-{stem}-scale"] = scale
                    kept[f"{case}-{stem}-energies"] = energies(stems[stem])
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, **kept)
    print(f"{OUT.relative_to(ROOT)}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
