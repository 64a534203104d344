"""Everything about how loud a sound is, measured in one pass over its blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.loudness import LoudnessMeter, integrated_lufs
from mrcmv.media.peaks import Outline, TruePeakMeter, to_db
from mrcmv.media.types import SAMPLE_RATE, Progress, Samples


@dataclass(frozen=True)
class Levels:
    """How long and how loud a sound is.

    Attributes
    ----------
    duration_s
        Seconds.
    lufs, true_peak_db
        Integrated loudness in LUFS, true peak in dBTP; -70 and -120 stand for silence.
    outline
        Highest magnitude of each of so many equal parts, float32 [points].
    """

    duration_s: float
    lufs: float
    true_peak_db: float
    outline: NDArray[np.float32]


def measure_levels(
    blocks: Iterable[Samples], frames: int, *, points: int = 600, progress: Progress | None = None
) -> Levels:
    """Measure a sound from its consecutive blocks, each [n, 2] at 44.1 kHz, in constant memory.

    ``frames`` is its length as far as it is known before: the outline and the progress go by it.
    """
    loudness, peaks, outline, heard = LoudnessMeter(), TruePeakMeter(), Outline(frames, points), 0
    for block in blocks:
        for meter in (loudness, peaks, outline):
            meter.add(block)
        heard += len(block)
        if progress is not None:
            progress(min(1.0, heard / max(1, frames)))
    highest = float(peaks.finish().max(initial=0.0))
    return Levels(heard / SAMPLE_RATE, integrated_lufs(loudness.energies), to_db(highest), outline.peaks)
