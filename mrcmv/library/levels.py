"""Loudness, true peak and small waveform of a sound that comes in blocks, in constant memory.

Source: ITU-R BS.1770-4, annex 1 (loudness) and annex 2 (true peak).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.library.track import PEAK_COUNT
from mrcmv.media import SAMPLE_RATE, Samples

_CONTEXT = 32
"""Samples on either side of a block that the oversampling filter (10 each way) may look at."""


@dataclass(frozen=True)
class Levels:
    """Integrated loudness in LUFS (-inf for silence), true peak in dBTP, waveform in 0..1, seconds."""

    lufs: float
    true_peak_db: float
    peaks: tuple[float, ...]
    duration_s: float


def measure_levels(blocks: Iterable[Samples]) -> Levels:
    """Measure a sound from its consecutive blocks, each [n, 2] at 44.1 kHz."""
    from pyloudnorm import IIRfilter
    from scipy.signal import lfilter, resample_poly

    shelf = IIRfilter(4.0, 1 / math.sqrt(2), 1500.0, SAMPLE_RATE, "high_shelf")
    high_pass = IIRfilter(0.0, 0.5, 38.0, SAMPLE_RATE, "high_pass")
    states = [np.zeros((2, 2)), np.zeros((2, 2))]
    hop = SAMPLE_RATE // 10  # loudness is gated over 400 ms that start every 100 ms
    pending = np.zeros((0, 2))
    energies: list[NDArray[np.float64]] = []
    highs: list[NDArray[np.float32]] = []
    tail = np.zeros((0, 2), np.float32)
    tail_is_start, true_peak, frames = True, 0.0, 0
    fine = SAMPLE_RATE // 100

    for block in blocks:
        frames += len(block)
        weighted = block.astype(np.float64)
        for number, stage in enumerate((shelf, high_pass)):
            weighted, states[number] = lfilter(stage.b, stage.a, weighted, axis=0, zi=states[number])
        pending = np.concatenate([pending, weighted])
        whole = len(pending) // hop * hop
        energies.append(np.square(pending[:whole]).reshape(-1, hop, 2).sum(axis=(1, 2)) / hop)
        pending = pending[whole:]

        joined = np.concatenate([tail, block])
        if len(joined) > 2 * _CONTEXT:
            raised = np.abs(resample_poly(joined, 4, 1, axis=0))
            begin = 0 if tail_is_start else 4 * _CONTEXT
            true_peak = max(true_peak, float(raised[begin : len(raised) - 4 * _CONTEXT].max()))
            tail, tail_is_start = joined[-2 * _CONTEXT :], False
        else:
            tail = joined
        if len(block):
            loud = np.abs(block).max(axis=1)
            highs.append(np.maximum.reduceat(loud, np.arange(0, len(loud), fine)))
    if len(tail):
        true_peak = max(true_peak, float(np.abs(resample_poly(tail, 4, 1, axis=0)).max()))
    curve = np.concatenate(highs) if highs else np.zeros(0, np.float32)
    return Levels(
        lufs=_gated(np.concatenate(energies) if energies else np.zeros(0)),
        true_peak_db=20 * math.log10(true_peak) if true_peak > 0 else -math.inf,
        peaks=_waveform(curve),
        duration_s=frames / SAMPLE_RATE,
    )


def _gated(energies: NDArray[np.float64]) -> float:
    """Integrated loudness from the energies of consecutive 100 ms (equations 3 to 7)."""
    if len(energies) < 4:
        return -math.inf
    blocks = np.convolve(energies, np.full(4, 0.25), mode="valid")
    blocks = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    if not len(blocks):
        return -math.inf
    blocks = blocks[blocks > blocks.mean() / 10]
    return float(-0.691 + 10 * math.log10(blocks.mean()))


def _waveform(curve: NDArray[np.float32]) -> tuple[float, ...]:
    """The highest value of each of `PEAK_COUNT` equal parts, three decimals."""
    if not len(curve):
        return (0.0,) * PEAK_COUNT
    edges = np.arange(PEAK_COUNT) * len(curve) // PEAK_COUNT
    return tuple(round(min(float(value), 1.0), 3) for value in np.maximum.reduceat(curve, edges))
