"""Footage without a game: takes whose brightness tells the number of every frame."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mrcmv.training.freedoom400.sounds import ffmpeg
from mrcmv.training.racer.takes import Take

from ..freedoom400.conftest import packages, tracks

__all__ = ["packages", "tracks"]
SIZE = (64, 48)


def make_take(bank: Path, take: Take, *, seconds: float, speed: float, moving: bool = True) -> None:
    """A take of stripes over a brightness that rises by 1 every two frames; its facts as a race would."""
    folder = bank / take.id
    folder.mkdir(parents=True)
    count = round(seconds * 17.5)
    width, height = SIZE
    stripes = 20 * (np.arange(width)[None, :] % 8 < 4) * np.ones((height, 1))
    levels = [40 + number // 2 % 100 for number in range(count)]
    raw = b"".join(
        np.repeat((level + stripes).astype(np.uint8)[..., None], 3, 2).tobytes() for level in levels
    )
    command = [
        *(ffmpeg(), "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"),
        *("-r", "17.5", "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-g", "18"),
        str(folder / "take.mp4"),
    ]
    subprocess.run(command, input=raw, check=True)
    facts = {
        "speed": [speed if moving else 0.0] * count,
        "effort": [speed / 2] * count,
        "contrast": [0.2] * count,
        "light": [0.5] * count,
        "resets": [],
    }
    (folder / "take.json").write_text(json.dumps({"take": asdict(take), **facts}))
