"""Hand-crafted features of a voice-over: prosody, level, pauses, rhythm and timbre.

Source: the prosodic features of speech emotion recognition (F0, energy, rate, pauses, spectral tilt;
Eyben et al. 2016, the Geneva minimalistic set). F0 by normalised autocorrelation. As far as one clip
allows they are independent of the speaker: levels in dB and pitch in semitones around the clip's own
median; absolute pitch and level are kept beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, Samples

FRAME, HOP = 640, 240
"""40 ms frames every 15 ms at 16 kHz."""
SIZE = 1280
"""Of the Fourier transforms: twice a frame, so that the correlation does not wrap."""
LOWEST_HZ, HIGHEST_HZ = 65.0, 450.0
FloatArray = NDArray[np.float64]
PAUSE_S = 0.15


def voice_features(voice: Samples, segments: tuple[tuple[float, float], ...]) -> dict[str, float]:
    """Named numbers of mono 16 kHz sound and the stretches (start, end in s) in which somebody speaks.

    Values that cannot be measured (no voiced frame) are NaN.
    """
    spectra, level, pitch = _frames(voice)
    times = np.arange(len(level)) * HOP / ANALYSIS_RATE
    speaking = np.zeros(len(level), dtype=bool)
    for start, end in segments:
        speaking |= (times >= start) & (times < end)
    length = len(voice) / ANALYSIS_RATE
    found = _pauses(segments, length)
    found.update(_levels(level, speaking, segments, times))
    found.update(_pitch(pitch, speaking, segments, times))
    found.update(_timbre(spectra, level, speaking))
    found.update(_rhythm(level, speaking))
    return found


def _frames(voice: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Power spectra [n, bins], level in dB [n] and F0 in Hz [n] (0 where unvoiced)."""
    from scipy.fft import irfft, rfft

    padded = np.pad(np.asarray(voice, dtype=np.float32), (0, FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    frames = frames - frames.mean(1, keepdims=True)
    window = np.hanning(FRAME).astype(np.float32)
    power = np.square(np.abs(rfft(frames * window, SIZE, axis=1)))
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)
    low, high = int(ANALYSIS_RATE / HIGHEST_HZ), int(ANALYSIS_RATE / LOWEST_HZ)
    correlation = irfft(power, axis=1)
    shape = irfft(np.square(np.abs(rfft(window, SIZE))))
    region = correlation[:, low:high] / (correlation[:, :1] + 1e-9) / (shape[low:high] / shape[0] + 1e-3)
    best = region.max(1)
    # the shortest lag that is nearly as good as the best is the period, not a multiple of it; this lies
    # before the peak itself, so F0 comes out up to half a semitone high, for all voices alike
    lag = low + np.argmax(region > 0.9 * best[:, None], axis=1)
    voiced = (best > 0.6) & (level > -55)
    return power[:, ::2], level, np.where(voiced, ANALYSIS_RATE / lag, 0.0)


def _pauses(segments: tuple[tuple[float, float], ...], length: float) -> dict[str, float]:
    lengths = np.array([end - start for start, end in segments])
    gaps = np.array([b[0] - a[1] for a, b in pairwise(segments)])
    gaps = gaps[gaps > PAUSE_S]
    spoken = float(lengths.sum()) if len(lengths) else 0.0
    return {
        "speaking share": spoken / length,
        "phrases per s": len(lengths) / length,
        "phrase length": _mean(lengths),
        "phrase length spread": _std(lengths),
        "pause length": _mean(gaps),
        "log pause": _mean(np.log(gaps)),
        "median log pause": float(np.median(np.log(gaps))) if len(gaps) else np.nan,
        "pause spread": _std(gaps),
        "longest pause": float(gaps.max()) if len(gaps) else np.nan,
        "pauses per s": len(gaps) / length,
    }


def _levels(
    level: FloatArray,
    speaking: NDArray[np.bool_],
    segments: tuple[tuple[float, float], ...],
    times: FloatArray,
) -> dict[str, float]:
    mine = level[speaking]
    if len(mine) < 20:
        return {}
    low, quarter, middle, high = np.percentile(mine, (10, 25, 50, 90))
    loud = mine[mine >= quarter]
    each = _per_phrase(level, segments, times, lambda part: float(np.percentile(part, 80)))
    return {
        "level": float(10 * np.log10(np.mean(10 ** (mine / 10)))),
        "loud level": float(high),
        "level spread": float(loud.std()),
        "level range": float(high - low),
        "peak over middle": float(high - middle),
        "over silence": float(middle - np.percentile(level, 5)),
        "phrase level mean": _mean(each),
        "phrase level spread": _std(each),
        "phrase level range": float(np.ptp(each)) if len(each) else np.nan,
        "level trend": _trend(each),
    }


def _pitch(
    pitch: FloatArray,
    speaking: NDArray[np.bool_],
    segments: tuple[tuple[float, float], ...],
    times: FloatArray,
) -> dict[str, float]:
    mine = pitch[speaking & (pitch > 0)]
    found = {"voiced share": float((pitch[speaking] > 0).mean()) if speaking.any() else np.nan}
    if len(mine) < 20:
        return found
    tones = 12 * np.log2(pitch.clip(1) / 100)
    own = 12 * np.log2(mine / 100)
    low, middle, high = np.percentile(own, (10, 50, 90))
    voiced = np.where(pitch > 0, tones, np.nan)
    each = _per_phrase(voiced, segments, times, lambda part: float(np.nanmedian(part)))
    widths = _per_phrase(voiced, segments, times, lambda part: float(np.nanstd(part)))
    slides = np.abs(np.diff(tones))[(pitch[1:] > 0) & (pitch[:-1] > 0) & speaking[1:]]
    return found | {
        "pitch": float(middle),
        "pitch low": float(low),
        "pitch high": float(high),
        "pitch range": float(high - low),
        "pitch above": float(high - middle),
        "pitch below": float(middle - low),
        "pitch spread": float(own.std()),
        "phrase pitch spread": _std(each),
        "width of phrases": _mean(widths),
        "pitch movement": float(np.mean(np.minimum(slides, 3))) if len(slides) else np.nan,
        "pitch trend": _trend(each),
    }


def _timbre(spectra: FloatArray, level: FloatArray, speaking: NDArray[np.bool_]) -> dict[str, float]:
    """Balance of the spectrum while somebody speaks: tilt, centroid, 12 cepstral means and spreads."""
    from scipy.fft import dct

    if speaking.sum() < 20:
        return {}
    mine, loud = spectra[speaking], level[speaking]
    mine = mine[loud >= np.percentile(loud, 30)]
    hz = np.fft.rfftfreq(SIZE // 2, 1 / ANALYSIS_RATE)
    mean = mine.mean(0)

    def band(low: float, high: float) -> float:
        return float(10 * np.log10(mean[(hz >= low) & (hz < high)].sum() + 1e-9))

    mel = np.log(mine @ _mel_filters(hz) + 1e-7)
    cepstra = dct(mel, type=2, axis=1, norm="ortho")[:, 1:13]
    centroid = np.log((mine @ hz) / (mine.sum(1) + 1e-9) + 1)
    found = {
        "tilt": band(1000, 5000) - band(80, 1000),
        "hiss": band(4000, 8000) - band(80, 1000),
        "low over middle": band(80, 500) - band(500, 2000),
        "voice centroid": float(centroid.mean()),
        "voice centroid spread": float(centroid.std()),
        "voice flux": float(np.abs(np.diff(mel, axis=0)).mean()),
    }
    found.update({f"cepstrum {i}": float(v) for i, v in enumerate(cepstra.mean(0), 1)})
    found.update({f"cepstrum spread {i}": float(v) for i, v in enumerate(cepstra.std(0), 1)})
    return found


def _mel_filters(hz: NDArray[np.floating], bands: int = 26) -> NDArray[np.floating]:
    """Triangular filters on the mel scale from 80 to 7600 Hz, [bins, bands]."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (80, 7600))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    rise = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rise, fall), 0, None)


def _rhythm(level: FloatArray, speaking: NDArray[np.bool_]) -> dict[str, float]:
    """How fast syllables come: modulation of the level while speaking, and its peaks per second."""
    from scipy.signal import find_peaks

    if speaking.sum() < 80:
        return {}
    envelope = np.clip(level, np.percentile(level[speaking], 5), None)
    smooth = np.convolve(envelope, np.hanning(5) / np.hanning(5).sum(), "same")
    peaks, _ = find_peaks(smooth, prominence=2.0)
    spoken = speaking.sum() * HOP / ANALYSIS_RATE
    long = 160  # 2.4 s
    power, frequency = np.zeros(long // 2 + 1), np.fft.rfftfreq(long, HOP / ANALYSIS_RATE)
    for start in range(0, len(smooth) - long + 1, long // 2):
        if speaking[start : start + long].mean() > 0.5:
            part = smooth[start : start + long]
            power += np.abs(np.fft.rfft((part - part.mean()) * np.hanning(long))) ** 2
    edges = ((1, 2), (2, 4), (4, 6), (6, 9), (9, 13), (13, 20))
    bands = np.array([power[(frequency >= a) & (frequency < b)].sum() for a, b in edges])
    whole = bands.sum()
    if whole <= 0:
        return {"syllables per s": float(speaking[peaks].sum() / spoken)}
    inside = (frequency >= 2) & (frequency < 20)
    middle = float((power[inside] * frequency[inside]).sum() / power[inside].sum())
    found = {f"modulation {a}-{b} Hz": float(v / whole) for (a, b), v in zip(edges, bands, strict=True)}
    return found | {"syllables per s": float(speaking[peaks].sum() / spoken), "modulation centroid": middle}


def _per_phrase(
    curve: FloatArray,
    segments: tuple[tuple[float, float], ...],
    times: FloatArray,
    measure: Callable[[FloatArray], float],
) -> FloatArray:
    """One number per phrase that is long enough (0.3 s) and has enough known values."""
    found = []
    for start, end in segments:
        part = curve[(times >= start) & (times < end)]
        if len(part) >= 20 and np.isfinite(part).sum() >= 5:
            found.append(measure(part))
    return np.asarray(found, dtype=np.float64)


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _std(values: FloatArray) -> float:
    return float(values.std()) if len(values) > 1 else np.nan


def _trend(values: FloatArray) -> float:
    return float(np.polyfit(np.linspace(-1, 1, len(values)), values, 1)[0]) if len(values) > 2 else np.nan
