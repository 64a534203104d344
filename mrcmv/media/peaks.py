"""Peaks: true peaks (between the samples) and the outline of a sound for drawing."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.types import Samples

PEAK_FRAME = 32
"""Samples over which one true peak is kept: 0.73 ms, fine enough to steer a limiter."""
SILENCE_DB = -120.0
"""What a true peak of nothing is called, in dBTP (a number, so that it can go into JSON)."""
_OVERSAMPLING = 4
_REACH = 16  # samples that the interpolation looks to either side
_BLOCK = 1 << 16
_ROWS = 32  # frames in one product: so few that no second thread is woken for it, which would cost more


@cache
def _interpolation() -> NDArray[np.float32]:
    """Kaiser-windowed sinc for 4 times oversampling (BS.1770-5, annex 2) as one matrix.

    [`PEAK_FRAME` + 2 `_REACH`, 4 `PEAK_FRAME`]: samples of a frame and around it -> the frame
    oversampled. As a product of matrices it takes a tenth of the time of a filter.
    """
    from scipy.signal import firwin

    taps = _OVERSAMPLING * firwin(2 * _REACH * _OVERSAMPLING + 1, 1 / _OVERSAMPLING, window=("kaiser", 6.0))
    matrix = np.zeros((PEAK_FRAME + 2 * _REACH, PEAK_FRAME * _OVERSAMPLING), np.float32)
    for place in range(matrix.shape[1]):
        sample = np.arange(len(matrix))
        tap = place - (sample - _REACH) * _OVERSAMPLING + _REACH * _OVERSAMPLING
        within = (tap >= 0) & (tap < len(taps))
        matrix[within, place] = taps[tap[within]]
    return matrix


class TruePeakMeter:
    """Takes stereo sound in blocks; `finish` gives the true peak of every `PEAK_FRAME` samples."""

    def __init__(self) -> None:
        self._buffer = np.zeros((2, _REACH), np.float32)
        self._frames = 0
        self._peaks: list[NDArray[np.float32]] = []

    def add(self, block: Samples) -> None:
        """Hear a block [n, 2]."""
        self._frames += len(block)
        self._hear(np.ascontiguousarray(block.T, dtype=np.float32))

    def finish(self) -> NDArray[np.float32]:
        """True peak of every frame as a factor of full scale, over both channels, [frames]."""
        tail = _REACH + -self._frames % PEAK_FRAME
        self._hear(np.zeros((2, tail), np.float32))
        return np.concatenate(self._peaks) if self._peaks else np.zeros(0, np.float32)

    def _hear(self, channels: NDArray[np.float32]) -> None:
        self._buffer = np.concatenate([self._buffer, channels], axis=1)
        frames = (self._buffer.shape[1] - 2 * _REACH) // PEAK_FRAME
        if frames <= 0:
            return
        loudest = np.zeros(frames, np.float32)
        rows = np.zeros((-(-frames // _ROWS), _ROWS, PEAK_FRAME + 2 * _REACH), np.float32)
        for channel in self._buffer:
            around = np.lib.stride_tricks.sliding_window_view(channel, PEAK_FRAME + 2 * _REACH)
            rows.reshape(-1, rows.shape[2])[:frames] = around[: frames * PEAK_FRAME : PEAK_FRAME]
            dense = rows @ _interpolation()
            np.maximum(loudest, np.abs(dense, out=dense).max(axis=2).ravel()[:frames], out=loudest)
        self._peaks.append(loudest)
        self._buffer = self._buffer[:, frames * PEAK_FRAME :]


def true_peak_frames(samples: Samples) -> NDArray[np.float32]:
    """True peak of every `PEAK_FRAME` samples of a whole sound [n, 2]."""
    meter = TruePeakMeter()
    for start in range(0, len(samples), _BLOCK):
        meter.add(samples[start : start + _BLOCK])
    return meter.finish()


def to_db(factor: float) -> float:
    """A factor of full scale in dB, `SILENCE_DB` at least."""
    return max(SILENCE_DB, 20 * math.log10(factor)) if factor > 0 else SILENCE_DB


def true_peak_db(samples: Samples) -> float:
    """True peak of a sound [n, 2] in dBTP."""
    frames = true_peak_frames(samples)
    return to_db(float(frames.max(initial=0.0)))


class Outline:
    """Collects the peak of each of ``buckets`` equal parts of a sound of known length."""

    def __init__(self, frames: int, buckets: int) -> None:
        self.peaks = np.zeros(buckets, np.float32)
        self._frames = max(1, frames)
        self._at = 0

    def add(self, block: Samples) -> None:
        """Hear a block [n, 2]; what goes past the announced length is left out."""
        level = np.maximum(np.abs(block[:, 0]), np.abs(block[:, 1]))
        buckets = len(self.peaks)
        stop = min(self._at + len(level), self._frames)
        if stop > self._at:
            first, last = self._bucket(self._at), self._bucket(stop - 1)
            for bucket in range(first, last + 1):
                low = max(-(-bucket * self._frames // buckets), self._at)
                high = min(-(-(bucket + 1) * self._frames // buckets), stop)
                if high > low:
                    peak = level[low - self._at : high - self._at].max()
                    self.peaks[bucket] = max(self.peaks[bucket], peak)
        self._at += len(level)

    def _bucket(self, frame: int) -> int:
        return min(frame * len(self.peaks) // self._frames, len(self.peaks) - 1)
