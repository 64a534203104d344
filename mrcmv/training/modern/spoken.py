"""How somebody speaks, per half second: pitch, level, spectral tilt, pace, pauses.

Raw numbers, NaN where nobody speaks. They are made relative to the clip's own habit only when a crop is
cut (`mrcmv.training.modern.crops`), so that nothing outside of the crop is used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, Samples, Speech

NAMES = (
    "pitch",  # log2 Hz
    "pitch_spread",
    "level",  # dB
    "peak_level",
    "tilt",  # dB, 1-4 kHz over 80-800 Hz
    "centroid",  # log2 Hz
    "flux",  # log of the mean change of the spectrum: the pace of articulation
    "syllables",  # level peaks per second
    "voiced",  # shares of the half second
    "speaking",
    "pause",
    "starts",  # phrases that begin, per second
)
HOP, WINDOW, FFT = 160, 640, 1024  # 10 ms, 40 ms
PER_STEP = 50  # frames in half a second
LOWEST_HZ, HIGHEST_HZ, PERIODIC = 70.0, 450.0, 0.5
RANGE_DB = 30.0
SHORTEST_PAUSE = 20  # frames

FloatArray = NDArray[np.float32]


def voice_curves(voice: Samples, speech: Speech, steps: int) -> FloatArray:
    """Separated voice, mono 16 kHz, and where speech was found -> float32 [steps, 12], see `NAMES`."""
    count = steps * PER_STEP
    padded = np.zeros(count * HOP + WINDOW, np.float32)
    padded[: min(len(voice), count * HOP)] = voice[: count * HOP]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), FFT, axis=1)) ** 2
    hertz = np.fft.rfftfreq(FFT, 1 / ANALYSIS_RATE)
    level = 10 * np.log10(spectrum.mean(axis=1) + 1e-7)
    active = _active(level, speech, count)
    pitch = np.where(active, _pitch(spectrum), np.nan)
    low = spectrum[:, (hertz >= 80) & (hertz < 800)].sum(axis=1)
    high = spectrum[:, (hertz >= 1000) & (hertz < 4000)].sum(axis=1)
    tilt = 10 * np.log10((high + 1e-6) / (low + 1e-6))
    centroid = np.log2((spectrum @ hertz + 1) / (spectrum.sum(axis=1) + 1e-6) + 50)
    bands = np.log(np.add.reduceat(spectrum, np.arange(4, 257, 12), axis=1) + 1e-4)
    flux = np.abs(np.diff(bands, axis=0, prepend=bands[:1])).mean(axis=1)
    pause, starts = _pauses(active)
    rows = [
        _mean(pitch),
        _spread(pitch),
        _mean(np.where(active, level, np.nan)),
        _highest(np.where(active, level, np.nan)),
        _mean(np.where(active, tilt, np.nan)),
        _mean(np.where(active, centroid, np.nan)),
        np.log(_mean(np.where(active, flux, np.nan)) + 0.01),
        _mean(_syllables(level, active)) * 100,
        _mean(np.isfinite(pitch)),
        _mean(active),
        _mean(pause),
        _mean(starts) * 100,
    ]
    return np.stack(rows, axis=1).astype(np.float32)


def _active(level: NDArray[np.floating], speech: Speech, count: int) -> NDArray[np.bool_]:
    """Frames in a stretch of speech, at most 30 dB under its loudest."""
    spoken = np.zeros(count, bool)
    for start, end in speech.segments:
        spoken[max(0, int(start * 100)) : max(0, int(end * 100))] = True
    if not spoken.any():
        return spoken
    return spoken & (level > np.quantile(level[spoken], 0.95) - RANGE_DB)


def _pitch(power: NDArray[np.floating]) -> NDArray[np.float64]:
    """log2 of the fundamental from the autocorrelation, NaN where the frame is not periodic."""
    lags = np.fft.irfft(power, axis=1)
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(WINDOW), FFT)) ** 2)
    first, last = int(ANALYSIS_RATE / HIGHEST_HZ), int(ANALYSIS_RATE / LOWEST_HZ)
    likeness = lags[:, first:last] / (lags[:, :1] + 1e-9) / (window[first:last] / window[0])
    # a lag of two periods fits as well as one: the shorter wins unless the longer is clearly better
    likeness = likeness - 0.05 * np.log2(np.arange(first, last) / first)
    best = likeness.argmax(axis=1)
    fits = likeness[np.arange(len(likeness)), best] > PERIODIC
    return np.where(fits, np.log2(ANALYSIS_RATE / (first + best)), np.nan)


def _syllables(level: NDArray[np.floating], active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 at level peaks that stand 2 dB above the last 100 ms, else 0."""
    smooth = np.convolve(level, np.ones(7) / 7, "same")
    peak = np.zeros(len(level))
    peak[1:-1] = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:])
    before = np.min([np.roll(smooth, shift) for shift in range(4, 13)], axis=0)
    return peak * active * (smooth > before + 2)


def _pauses(active: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(frames inside a pause of 0.2 s or more, frames at which a phrase begins after one)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], active, [True]]).astype(np.int8)))
    pause, starts = np.zeros(len(active), bool), np.zeros(len(active), bool)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= SHORTEST_PAUSE:
            pause[begin:end] = True
            starts[end : end + 1] = True  # nothing where the clip ends in a pause
    return pause, starts


def _steps(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return values.astype(np.float64).reshape(-1, PER_STEP)


def _mean(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Mean of the known frames of every half second; NaN where there are none."""
    rows = _steps(values)
    known = np.isfinite(rows)
    total = np.where(known, rows, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def _spread(values: NDArray[np.generic]) -> NDArray[np.float64]:
    rows = _steps(values)
    return np.sqrt(_mean(np.square(rows - _mean(values)[:, None]).ravel()))


def _highest(values: NDArray[np.generic]) -> NDArray[np.float64]:
    rows = _steps(values)
    highest = np.where(np.isfinite(rows), rows, -np.inf).max(axis=1)
    return np.where(np.isfinite(highest), highest, np.nan)
