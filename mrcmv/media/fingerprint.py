"""Fingerprints of recordings: Chromaprint (AcoustID), which the static ffmpeg carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.child import Limits
from mrcmv.media.errors import ToolError
from mrcmv.media.ffmpeg import SOUND_FORMATS, input_args, run_ffmpeg
from mrcmv.media.trouble import trouble
from mrcmv.media.workfolder import work_folder

ITEMS_PER_S = 11025 / 1365
"""Numbers of a fingerprint for each second of sound: Chromaprint hops 1365 samples at 11,025 Hz."""


def fingerprint(path: Path, length_s: float = 120.0) -> NDArray[np.uint32]:
    """Fingerprint [n] of the first ``length_s`` seconds of a canonical sound file.

    Each number holds 32 yes-or-no answers about how the twelve notes rise and fall over some 2 s
    around its place. Level and coding hardly change them. Empty when the sound is shorter than that,
    or when this ffmpeg was built without Chromaprint (only one that the user named can be).
    """
    with work_folder("print-") as folder:
        made = folder / "print"
        args = [
            *input_args(path, "-vn", "-t", f"{length_s:.3f}", formats=SOUND_FORMATS),
            *("-ac", "1", "-ar", "11025", "-f", "chromaprint", "-fp_format", "raw", f"file:{made}"),
        ]
        try:
            run_ffmpeg(args, limits=Limits(wall_s=120.0, cpu_s=120))
            raw = made.read_bytes()
        except (ToolError, OSError) as error:
            if machine := trouble(error):  # without a print the same recording would come in twice
                raise machine from error
            return np.zeros(0, np.uint32)
    return np.frombuffer(raw[: len(raw) // 4 * 4], "<u4").astype(np.uint32)
