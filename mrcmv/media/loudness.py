"""Loudness after ITU-R BS.1770-5 and EBU R 128, block by block, so that memory stays small.

The filters are pyloudnorm's. Its meter needs the whole sound at once in float64 (over a gigabyte for
ten minutes) and knows no "only where somebody speaks"; here the K-weighted energy is kept per 10 ms
(a hop), and every figure (integrated, on speech, after a change of gain) comes from these hops.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.types import SAMPLE_RATE, Samples

LOUDNESS_HOP = SAMPLE_RATE // 100
"""Samples of one hop: 10 ms at 44.1 kHz."""
HOPS_PER_S = 100
SILENCE_LUFS = -70.0
"""Absolute gate of BS.1770; what is quieter counts as silence."""

Energies = NDArray[np.float64]
"""K-weighted mean square per hop, summed over the channels, [hops]."""


def k_weighting(rate: int = SAMPLE_RATE) -> NDArray[np.float64]:
    """The two filters of BS.1770 as second-order sections [2, 6] for any rate.

    The standard tabulates 48 kHz only. These numbers are the analogue prototypes behind its table
    (De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
    """
    from pyloudnorm.iirfilter import IIRfilter

    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate, "high_shelf_DeMan")
    high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate, "high_pass_DeMan")
    return np.array([[*stage.b, *stage.a] for stage in (shelf, high_pass)])


class LoudnessMeter:
    """Takes stereo sound at 44.1 kHz in blocks of any length; `energies` is what it heard so far."""

    def __init__(self) -> None:
        self._sections = k_weighting()
        self._state = np.zeros((2, 2, 2))
        self._rest = np.zeros((2, 0))
        self._hops: list[Energies] = []

    def add(self, block: Samples) -> None:
        """Hear a block [n, 2]."""
        from scipy.signal import sosfilt

        channels = np.ascontiguousarray(block.T, dtype=np.float64)
        weighted: Any
        weighted, self._state = sosfilt(self._sections, channels, axis=1, zi=self._state)
        weighted = np.concatenate([self._rest, weighted], axis=1)
        whole = weighted.shape[1] // LOUDNESS_HOP * LOUDNESS_HOP
        self._rest = weighted[:, whole:]
        if whole:
            self._hops.append(_hop_energies(weighted[:, :whole]))

    @property
    def energies(self) -> Energies:
        """Energy per hop, [hops]; a last hop that is not full counts as filled up with silence."""
        hops = list(self._hops)
        if self._rest.shape[1]:
            missing = LOUDNESS_HOP - self._rest.shape[1]
            hops.append(_hop_energies(np.pad(self._rest, ((0, 0), (0, missing)))))
        return np.concatenate(hops) if hops else np.zeros(0)


def _hop_energies(weighted: NDArray[np.float64]) -> Energies:
    power: Energies = np.square(weighted).sum(axis=0).reshape(-1, LOUDNESS_HOP).mean(axis=1)
    return power


def measure_energies(samples: Samples) -> Energies:
    """Energies of a whole sound [n, 2]."""
    meter = LoudnessMeter()
    for start in range(0, len(samples), 100 * LOUDNESS_HOP):
        meter.add(samples[start : start + 100 * LOUDNESS_HOP])
    return meter.energies


def to_lufs(energy: float) -> float:
    """Mean square (K-weighted, summed over channels) in LUFS, `SILENCE_LUFS` at least."""
    return max(SILENCE_LUFS, -0.691 + 10 * math.log10(energy)) if energy > 0 else SILENCE_LUFS


def integrated_lufs(energies: Energies) -> float:
    """Integrated loudness in LUFS: 400 ms blocks, 75 % overlap, gates at -70 LUFS and -10 LU.

    A sound shorter than one block is taken as one block. Silence gives `SILENCE_LUFS`.
    """
    block, step = 4 * HOPS_PER_S // 10, HOPS_PER_S // 10
    if len(energies) < block:
        return to_lufs(float(energies.mean())) if len(energies) else SILENCE_LUFS
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    starts = np.arange(0, len(energies) - block + 1, step)
    blocks = np.maximum(sums[starts + block] - sums[starts], 0.0) / block
    blocks = blocks[blocks > 10 ** ((SILENCE_LUFS + 0.691) / 10)]
    if not len(blocks):
        return SILENCE_LUFS
    return to_lufs(float(blocks[blocks > 0.1 * blocks.mean()].mean()))
