"""Where a track can jump back without being noticed.

Two moments are alike when the second before and the second after them sound alike: then the beat,
the bar and the harmony go on over the jump. What is compared is a coarse spectrum every 46 ms; the
jump is then set to the sample by cross-correlation, so that the two sounds lie in phase.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import SAMPLE_RATE, Samples

_DECIMATION = 4
_WINDOW = 1024  # at 11 kHz: 93 ms
_HOP = 512
HOP = _HOP * _DECIMATION
"""Samples at 44.1 kHz between two moments that are compared."""
_BANDS = 28
_CONTEXT = 22  # moments before and after: one second
_ENDS = 260  # how many moments before the end may be jumped from: 12 s
_MIN_LOOP_S = 8.0
_ALIGN_S = 0.05
_ALIGN_BARS_S = 0.03  # from downbeat to downbeat only what two beats are heard wrongly by is set right

Features = NDArray[np.float32]


def find_loop(
    samples: Samples,
    *,
    first: int,
    last: int,
    start: int,
    needed: int,
    bars: NDArray[np.int64] | None = None,
) -> tuple[int, int] | None:
    """(from, to): the music jumps from one sample to another, earlier one.

    Parameters
    ----------
    samples
        The track [n, 2], 44.1 kHz.
    first, last
        Where its body begins and ends (neither silence nor fade).
    start, needed
        Where the music sets in, and how many samples of it are wanted.

    bars
        Samples of the downbeats: with them the music jumps from one downbeat to another.

    Returns None when the body is too short to choose.
    """
    features = spectrum_features(samples)
    low = max(-(-max(start + SAMPLE_RATE, last - _ENDS * HOP) // HOP), _CONTEXT)
    high = min(last // HOP, len(features) - _CONTEXT)
    ends = np.arange(low, high)
    begins = np.arange(max(-(-first // HOP), _CONTEXT), high)
    shortest = min(_MIN_LOOP_S * SAMPLE_RATE, (last - first) / 2) / HOP
    if not len(ends) or not len(begins) or ends[-1] - begins[0] < shortest:
        return None
    distance = _unlikeness(features, ends, begins)
    length = (ends[:, None] - begins[None, :]).astype(np.float32)
    allowed = length >= shortest
    if bars is not None:
        on = np.zeros(len(features) + 1, bool)
        on[np.clip(np.round(bars / HOP).astype(int), 0, len(features))] = True
        allowed &= on[ends][:, None] & on[begins][None, :]
        if not allowed.any():
            return None
    # Likeness counts most; then few jumps, and not much of the track's end left unheard.
    typical = float(distance[allowed].mean()) or 1.0
    left = np.maximum(needed - (ends * HOP - start), 0)[:, None]
    jumps = np.minimum(left / np.maximum(length * HOP, 1), 20.0)
    unheard = (high - ends)[:, None] / _ENDS
    cost = np.where(allowed, distance / typical + 0.05 * jumps + 0.15 * unheard, np.inf)
    end, begin = np.unravel_index(int(cost.argmin()), cost.shape)
    leave, enter = int(ends[end]) * HOP, int(begins[begin]) * HOP
    if bars is not None:
        leave, enter = (int(bars[np.abs(bars - place).argmin()]) for place in (leave, enter))
    return leave, enter + _lag(samples, leave, enter, _ALIGN_S if bars is None else _ALIGN_BARS_S)


def spectrum_features(samples: Samples) -> Features:
    """Log energies in 28 bands (60 Hz to 5 kHz) every `HOP` samples, standardised, [moments, 28].

    Row k describes the sound around sample ``k * HOP``.
    """
    count = len(samples) // HOP + 1
    half = _WINDOW // 2 * _DECIMATION
    window = np.hanning(_WINDOW).astype(np.float32)
    bins = np.geomspace(60, 5000, _BANDS + 1) / (SAMPLE_RATE / _DECIMATION) * _WINDOW
    edges = np.maximum.accumulate(np.round(bins).astype(int) + np.arange(_BANDS + 1) // (_BANDS + 1))
    edges[1:] = np.maximum(edges[1:], edges[0] + np.arange(1, _BANDS + 1))  # no band is empty
    rows = []
    step = 1000
    for k in range(0, count, step):
        stop = min(k + step, count)
        low, high = k * HOP - half, (stop - 1) * HOP + half
        part = samples[max(0, low) : max(0, high)].mean(axis=1)
        part = np.pad(part, (max(0, -low), high - max(0, low) - len(part)))
        coarse = part[: len(part) // _DECIMATION * _DECIMATION].reshape(-1, _DECIMATION).mean(axis=1)
        frames = np.lib.stride_tricks.sliding_window_view(coarse, _WINDOW)[::_HOP]
        power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))).astype(np.float32)
        rows.append(np.add.reduceat(power, edges[:-1], axis=1))
    bands = np.log(np.concatenate(rows) + 1e-4)
    features: Features = (bands - bands.mean(axis=0)) / (bands.std() + 1e-6)
    return features


def _unlikeness(
    features: Features, ends: NDArray[np.int64], begins: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Mean squared distance of the seconds around every pair of moments, [ends, begins]."""
    around = np.arange(ends[0] - _CONTEXT, ends[-1] + _CONTEXT)
    ahead = np.arange(begins[0] - _CONTEXT, begins[-1] + _CONTEXT)
    a, b = features[around], features[ahead]
    pairs = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T)
    total = np.zeros((len(ends), len(begins)), np.float32)
    for k in range(2 * _CONTEXT):
        total += pairs[k : k + len(ends), k : k + len(begins)]
    return total / (2 * _CONTEXT * features.shape[1])


def _lag(samples: Samples, leave: int, enter: int, most_s: float) -> int:
    """Samples by which ``enter`` must move so that its sound lies in phase with that at ``leave``."""
    reach, half = round(most_s * SAMPLE_RATE), SAMPLE_RATE // 4
    reach = min(reach, enter - half, len(samples) - half - enter)
    if reach <= 0 or leave < half or leave + half > len(samples):
        return 0
    fixed = samples[leave - half : leave + half].mean(axis=1)
    moved = samples[enter - half - reach : enter + half + reach].mean(axis=1)
    size = 1 << (len(moved) + len(fixed)).bit_length()
    spectrum = np.fft.rfft(moved, size) * np.conj(np.fft.rfft(fixed, size))
    match = np.fft.irfft(spectrum, size)[: 2 * reach + 1]
    sums = np.concatenate([[0.0], np.cumsum(np.square(moved, dtype=np.float64))])
    energy = sums[2 * half : 2 * half + 2 * reach + 1] - sums[: 2 * reach + 1]
    return int(np.argmax(match / np.sqrt(energy + 1e-9))) - reach
