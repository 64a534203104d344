"""Brings a mix to a loudness without letting a true peak through.

A limiter normally looks at every sample. This one works on the true peaks of frames of 32 samples
and the loudness of hops of 10 ms, both measured while the mix was written. So the gain that
reaches the asked loudness *after* limiting is found on these small arrays, and the sound itself is
touched once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    LOUDNESS_HOP,
    PEAK_FRAME,
    SAMPLE_RATE,
    SILENCE_LUFS,
    Energies,
    Samples,
    integrated_lufs,
)

LOOK_AHEAD_S = 0.005
RELEASE_DB_PER_S = 30.0
"""Slow enough that a bass note of 50 Hz is not bent within its period, fast enough not to pump."""
MAX_BOOST_DB = 20.0
"""A nearly silent mix is not blown up further than this: what would come up is noise."""
MAX_LIMITED_LU = 3.0
"""More loudness than this is not taken away by the limiter: the mix stays quieter instead."""
_NODES_PER_S = SAMPLE_RATE / PEAK_FRAME
_LOOK_AHEAD = round(LOOK_AHEAD_S * _NODES_PER_S)


@dataclass(frozen=True)
class Mastering:
    """The last step of a mix.

    Attributes
    ----------
    gain_db
        Gain of the whole mix.
    nodes
        The limiter's gain (factor, at most 1) at every frame's edge, [frames + 1]; straight lines
        between them.
    lufs
        Integrated loudness that comes out, as foreseen.
    limited_lu
        How much of the loudness the limiter took away.
    """

    gain_db: float
    nodes: NDArray[np.float32]
    lufs: float
    limited_lu: float

    def apply(self, block: Samples, start: int) -> Samples:
        """The block [n, 2] that begins at sample ``start`` of the mix, as it is delivered."""
        at = np.arange(start, start + len(block), dtype=np.float64) / PEAK_FRAME
        low = max(0, int(at[0])) if len(at) else 0
        high = min(len(self.nodes), int(at[-1]) + 2) if len(at) else 0
        gain = np.interp(at, np.arange(low, high), self.nodes[low:high])
        out: Samples = block * (gain * 10 ** (self.gain_db / 20)).astype(np.float32)[:, None]
        return out


def limiter_nodes(peaks: NDArray[np.float32], ceiling: float) -> NDArray[np.float32]:
    """Gain at the edges of the frames, [frames + 1], that keeps every true peak under ``ceiling``.

    ``peaks`` are factors of full scale per frame, as `TruePeakMeter` gives them. The gain is down
    5 ms before a peak (a smooth slope, no click) and comes back 30 dB per second.
    """
    allowed = np.minimum(1.0, ceiling / np.maximum(peaks.astype(np.float64), 1e-9))
    edges = np.minimum(np.append(allowed, 1.0), np.concatenate([[1.0], allowed]))
    if edges.min() >= 1.0:
        return np.ones(len(edges), np.float32)
    padded = np.concatenate([edges, np.ones(_LOOK_AHEAD)])
    ahead = np.lib.stride_tricks.sliding_window_view(padded, _LOOK_AHEAD + 1).min(axis=1)
    rise = np.arange(len(ahead)) * (RELEASE_DB_PER_S / _NODES_PER_S)
    released = rise + np.minimum.accumulate(20 * np.log10(ahead) - rise)
    # An average over the look-ahead turns the steps into slopes; all it averages are low enough.
    window = np.hanning(_LOOK_AHEAD + 3)[1:-1]
    held = np.concatenate([np.full(_LOOK_AHEAD, released[0]), released])
    smooth = np.convolve(held, window / window.sum(), mode="valid")
    nodes: NDArray[np.float32] = (10 ** (smooth / 20)).astype(np.float32)
    return nodes


def master(
    peaks: NDArray[np.float32], energies: Energies, *, target_lufs: float, ceiling_db: float
) -> Mastering:
    """Find gain and limiter for a mix of which ``peaks`` per frame and ``energies`` per hop are known.

    The loudness reached is lower than asked when the mix would need more than `MAX_BOOST_DB` of
    gain, or more than `MAX_LIMITED_LU` of its loudness would be limited away.
    """
    loudness = integrated_lufs(energies)
    if loudness <= SILENCE_LUFS:  # nothing to hear: left alone, though never above the ceiling
        return _mastering(peaks, energies, 0.0, ceiling_db)
    low = min(target_lufs - loudness, MAX_BOOST_DB)
    best = _mastering(peaks, energies, low, ceiling_db)
    if best.limited_lu <= 0.02:
        return best
    # Two things grow with the gain: loudness and what is limited. The first to arrive decides.
    high = min(low + 12.0, MAX_BOOST_DB)
    while _too_much(best) and low > -60.0:
        low, high = low - 6.0, low
        best = _mastering(peaks, energies, low, ceiling_db)
    while high - low > 0.03:
        middle = (low + high) / 2
        tried = _mastering(peaks, energies, middle, ceiling_db)
        if _too_much(tried) or tried.lufs > target_lufs:
            high = middle
        else:
            low, best = middle, tried
    return best


def _too_much(mastering: Mastering) -> bool:
    return mastering.limited_lu > MAX_LIMITED_LU


def _mastering(
    peaks: NDArray[np.float32], energies: Energies, gain_db: float, ceiling_db: float
) -> Mastering:
    gain = 10 ** (gain_db / 20)
    nodes = limiter_nodes(peaks * np.float32(gain), 10 ** (ceiling_db / 20))
    unlimited = integrated_lufs(energies * gain**2)
    if nodes.min() >= 1.0:
        return Mastering(gain_db, nodes, unlimited, 0.0)
    limited = integrated_lufs(energies * (gain**2) * _power_per_hop(nodes, len(energies)))
    return Mastering(gain_db, nodes, limited, unlimited - limited)


def _power_per_hop(nodes: NDArray[np.float32], hops: int) -> NDArray[np.float64]:
    """Mean square of the limiter's gain in every hop, [hops]."""
    sums = np.concatenate([[0.0], np.cumsum(np.square(nodes, dtype=np.float64))])
    edges = np.arange(hops + 1) * (LOUDNESS_HOP / PEAK_FRAME)
    reached = np.interp(edges, np.arange(len(sums)), sums)
    power: NDArray[np.float64] = np.diff(reached) / (LOUDNESS_HOP / PEAK_FRAME)
    power[power <= 0] = 1.0  # a last hop beyond the last node: silence, whatever the gain
    return np.minimum(power, 1.0)
