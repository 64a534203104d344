"""What a piece of music does per half second: brightness, flux, low end, dynamics, pulse, bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, Samples

BANDS = 12
NAMES = (
    *("level", "level_spread", "crest", "centroid", "width", "flux", "onsets", "low", "high", "pulse"),
    *(f"band{i}" for i in range(BANDS)),
)
HOP, FFT = 160, 1024  # 10 ms, 64 ms
PER_STEP = 50
CONTEXT = 400  # frames to either side in which a pulse is looked for: 4 s
SLOWEST, FASTEST = 120, 30  # frames between two beats: 50 to 200 beats per minute

FloatArray = NDArray[np.float32]


def music_curves(sound: Samples, steps: int) -> FloatArray:
    """Mono 16 kHz, of any level (it is evened out) -> float32 [steps, 22], see `NAMES`."""
    count = steps * PER_STEP
    padded = np.zeros(count * HOP + FFT, np.float32)
    padded[: min(len(sound), count * HOP)] = sound[: count * HOP]
    padded *= np.float32(0.1 / (np.sqrt(np.mean(np.square(padded))) + 1e-6))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(FFT).astype(np.float32), axis=1)) ** 2
    hertz = np.fft.rfftfreq(FFT, 1 / ANALYSIS_RATE)
    total = power.sum(axis=1) + 1e-4
    level = 10 * np.log10(total)
    edges = np.unique(np.round(np.geomspace(60, 7500, BANDS * 2 + 1) / hertz[1]).astype(int))
    fine = np.log(np.add.reduceat(power, edges, axis=1)[:, :-1] + 1e-3)
    flux = np.maximum(np.diff(fine, axis=0, prepend=fine[:1]), 0).mean(axis=1)
    magnitude = np.sqrt(power)
    weight = magnitude.sum(axis=1) + 1e-3
    centre = (magnitude @ hertz) / weight
    width = np.sqrt(np.maximum((magnitude @ np.square(hertz)) / weight - np.square(centre), 1.0))
    octaves = np.stack([part.mean(axis=1) for part in np.array_split(fine, BANDS, axis=1)], axis=1)
    octaves = octaves - octaves.mean(axis=1, keepdims=True)
    steps_of = level.reshape(-1, PER_STEP)
    columns = [
        steps_of.mean(axis=1) - level.mean(),
        steps_of.std(axis=1),
        steps_of.max(axis=1) - steps_of.mean(axis=1),
        _mean(np.log(centre + 50)),
        _mean(np.log(width)),
        np.log(_mean(flux) + 0.01),
        _mean(_onsets(flux)) * 100,
        np.log(_mean(power[:, hertz < 250].sum(axis=1) / total) + 0.01),
        np.log(_mean(power[:, hertz > 2000].sum(axis=1) / total) + 0.003),
        _pulse(flux),
        *(_mean(octaves[:, band]) for band in range(BANDS)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _mean(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(values.reshape(-1, PER_STEP).mean(axis=1), dtype=np.float64)


def _onsets(flux: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 at peaks of the flux half a standard deviation above its mean, else 0."""
    peak = np.zeros(len(flux))
    inner = flux[1:-1]
    peak[1:-1] = (inner > flux[:-2]) & (inner >= flux[2:]) & (inner > flux.mean() + 0.5 * flux.std())
    return peak


def _pulse(flux: NDArray[np.floating]) -> NDArray[np.float64]:
    """How regular the beat is around every half second: the best autocorrelation of 8 s of flux."""
    found = np.zeros(len(flux) // PER_STEP)
    for step in range(0, len(found), 2):  # the 8 s around two neighbours are nearly the same
        middle = (step + 1) * PER_STEP
        part = flux[max(0, middle - CONTEXT) : middle + CONTEXT]
        part = part - part.mean()
        lags = np.fft.irfft(np.abs(np.fft.rfft(part, 2 * len(part))) ** 2)
        best = lags[FASTEST : min(SLOWEST, len(part))]
        found[step : step + 2] = best.max(initial=0.0) / (lags[0] + 1e-9)
    return found
