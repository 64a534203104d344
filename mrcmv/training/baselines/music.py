"""Hand-crafted features of music: brightness, flux, low end, onsets, dynamics, pulse, log-mel moments.

Source: the timbre and rhythm descriptors of Tzanetakis & Cook 2002 (*Musical genre classification of
audio signals*) and Peeters 2004. The six scalars of `freedoom400.descriptors` are among them: the
networks of this project learn the same ones as free labels, so the ground is even.
"""

from __future__ import annotations

import numpy as np

from mrcmv.media import Samples
from mrcmv.training.baselines.picture import STATISTICS, summarise
from mrcmv.training.freedoom400.descriptors import FFT, analyse, mel_filters

BANDS = 24
HOP = 320
"""Of our own spectra: 20 ms at 16 kHz."""


def music_features(music: Samples) -> dict[str, float]:
    """Named numbers of mono 16 kHz music of any level, at least 2 s."""
    from scipy.fft import rfft

    sound = np.asarray(music, dtype=np.float32)
    sound = sound / (np.sqrt(np.mean(np.square(sound))) + 1e-9) * np.float32(0.1)
    said = analyse(sound)
    found = {name: float(value) for name, value in said.scalars.as_dict().items()}
    for name, values in said.curves.items():
        curve = np.asarray(values, dtype=np.float32)
        if name == "level":
            curve = np.maximum(curve - np.median(curve), -30)
        found.update(zip((f"{name} {each}" for each in STATISTICS), summarise(curve), strict=True))
    frames = np.lib.stride_tricks.sliding_window_view(sound, FFT)[::HOP]
    power = np.square(np.abs(rfft(frames * np.hanning(FFT).astype(np.float32), axis=1)))
    mel = 10 * np.log10(power @ mel_filters(BANDS) + 1e-6)
    mean = mel.mean(0) - mel.mean()
    change = np.diff(mel, axis=0)
    for band in range(BANDS):
        found[f"mel {band}"] = float(mean[band])
        found[f"mel spread {band}"] = float(mel[:, band].std())
        found[f"mel change {band}"] = float(np.abs(change[:, band]).mean())
    flux = np.maximum(0, change).mean(1)
    found["log flux spread"] = float(np.log(flux.std() + 1e-4))
    found["flux peak"] = float(np.percentile(flux, 98) / (flux.mean() + 1e-6))
    flatness = np.exp(np.log(power + 1e-10).mean(1)) / (power.mean(1) + 1e-10)
    found["flatness"] = float(np.log(flatness.mean() + 1e-6))
    found["tonality"] = float(
        np.log(np.partition(power, -5, axis=1)[:, -5:].sum(1) / (power.sum(1) + 1e-9) + 1e-3).mean()
    )
    found.update(_tempo(flux))
    return found


def _tempo(flux: np.ndarray) -> dict[str, float]:
    """Where and how high the best peaks of the onset curve's autocorrelation are (20 ms steps)."""
    centred = flux - flux.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    correlation = correlation / (correlation[0] + 1e-9)
    lags = np.arange(len(correlation))
    found = {}
    for name, low, high in (("fast", 8, 15), ("middle", 15, 30), ("slow", 30, 60)):
        part = correlation[low : min(high, len(correlation) - 1)]
        found[f"pulse {name}"] = float(part.max()) if len(part) else 0.0
    inside = slice(15, min(60, len(correlation) - 1))
    weighed = correlation[inside]
    found["log beat period"] = float(np.log(lags[inside][weighed.argmax()])) if len(weighed) else 0.0
    return found
