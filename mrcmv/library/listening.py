"""Tempo and key of a sound.

Neither is certain: tempo comes with a confidence, and a key is named only when it fits clearly.
Written in numpy rather than with librosa, whose import compiles for 20 to 40 s on a machine that
sees it for the first time; ``tests/library/test_listening.py`` holds what it hears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Samples

RATE = 22_050
"""Rate at which tempo and key are heard, in Hz, mono."""
HOP = 256
"""Samples between two frames of onsets."""
_ONSET_FRAME, _NOTE_FRAME = 1024, 8192
_BANDS = 40
_LAG_AT_1 = 60 * RATE / HOP
"""Frames from beat to beat at one beat per minute."""
SLOWEST, FASTEST = 50.0, 200.0
"""Tempi that are looked for, in beats per minute."""
_NOTES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
KEY_FIT = 0.5
"""Least correlation between the notes heard and a key's profile for the key to be named."""
PULSE_FIT = 0.1
"""Least repetition at the beat for a tempo to be named."""


@dataclass(frozen=True)
class Heard:
    """``tempo_bpm`` is None and ``key`` empty where nothing clear was heard."""

    tempo_bpm: float | None
    tempo_confidence: float
    key: str


def listen(mono: Samples, stated_bpm: float | None = None) -> Heard:
    """Tempo and key of a mono sound [n] at `RATE`; two minutes of it are plenty.

    With ``stated_bpm`` the tempo is taken as stated and only its confidence is measured.
    """
    if len(mono) < 2 * RATE or float(np.abs(mono).max()) < 1e-4:
        return Heard(stated_bpm, 0.0, "")
    repeats = _repetition(onset_strength(mono))
    key = find_key(note_strength(mono))
    bpm = find_tempo(repeats) if stated_bpm is None else stated_bpm
    confidence = round(pulse(repeats, bpm), 2)
    if stated_bpm is None and confidence < PULSE_FIT:
        return Heard(None, 0.0, key)
    return Heard(round(bpm, 1), confidence, key)


def onset_strength(mono: Samples) -> NDArray[np.float64]:
    """How much new energy each `HOP` brings [frames]: rise of the log spectrum, mean of 40 bands."""
    hertz = np.fft.rfftfreq(_ONSET_FRAME, 1 / RATE)
    mel = 2595 * np.log10(1 + hertz / 700)  # O'Shaughnessy's mel
    band = np.minimum((mel / mel[-1] * _BANDS).astype(int), _BANDS - 1)
    weights = (band[:, None] == np.arange(_BANDS)).astype(np.float32)
    weights /= np.maximum(weights.sum(axis=0), 1)
    loud = np.concatenate([part @ weights for part in _spectra(mono, _ONSET_FRAME, HOP)])
    level = 10 * np.log10(np.maximum(loud, loud.max() * 1e-8))
    rise = np.maximum(0.0, np.diff(level, axis=0)).mean(axis=1)
    return np.asarray(rise, np.float64)


def note_strength(mono: Samples) -> NDArray[np.float64]:
    """Strength of the twelve notes [12], C first, tuned to A = 440 Hz.

    Power between 65 and 500 Hz: higher up the third harmonic, a fifth above its note, is heard instead.
    """
    hertz = np.fft.rfftfreq(_NOTE_FRAME, 1 / RATE)
    heard = (hertz >= 65) & (hertz < 500)
    pitch = 69 + 12 * np.log2(hertz[heard] / 440)
    off = np.abs((pitch[:, None] - np.arange(12) + 6) % 12 - 6)  # semitones to the nearest octave
    weights = np.exp(-0.5 * (off / 0.25) ** 2)
    total = np.zeros(12)
    for part in _spectra(mono, _NOTE_FRAME, _NOTE_FRAME // 4):
        notes = part[:, heard] @ weights
        strongest = notes.max(axis=1, keepdims=True)
        total += (notes / np.maximum(strongest, 1e-9))[strongest[:, 0] > 1e-6].sum(axis=0)
    return total


def find_tempo(repeats: NDArray[np.float64]) -> float:
    """The beat in beats per minute out of the autocorrelation of onsets [lags].

    The lag at which one beat, two beats and a bar of four repeat most strongly together, weighted
    towards 110 by a log-normal curve one octave wide (as Ellis, "Beat tracking by dynamic
    programming", 2007), its place between two lags by a parabola.
    """
    lags = np.arange(math.ceil(_LAG_AT_1 / FASTEST), min(int(_LAG_AT_1 / SLOWEST), len(repeats) // 4 - 1))
    if not len(lags):
        return 110.0
    near = np.maximum(repeats, np.maximum(np.roll(repeats, 1), np.roll(repeats, -1)))
    together = repeats[lags] + 0.5 * near[2 * lags] + near[4 * lags]
    lag = int(lags[np.argmax(together * np.exp(-0.5 * np.log2(_LAG_AT_1 / lags / 110) ** 2))])
    before, here, after = repeats[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(_LAG_AT_1 / (lag + min(max(shift, -0.5), 0.5)))


def pulse(repeats: NDArray[np.float64], bpm: float) -> float:
    """How strongly the onsets repeat after one beat: 0 (not at all) to 1 (exactly)."""
    lag = _LAG_AT_1 / bpm
    near = repeats[max(1, math.floor(lag)) : math.ceil(lag) + 1]
    return min(max(float(near.max()), 0.0), 1.0) if len(near) else 0.0


def find_key(notes: NDArray[np.float64]) -> str:
    """The key whose profile correlates best with the strength of the twelve notes [12], C first.

    Profiles: Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization",
    Psychological Review 89 (1982). Empty when no correlation reaches `KEY_FIT`.
    """
    if float(notes.std()) < 1e-6:
        return ""
    fits = {
        f"{note} {mode}": float(np.corrcoef(np.roll(profile, step), notes)[0, 1])
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for step, note in enumerate(_NOTES)
    }
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= KEY_FIT else ""


def _repetition(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Autocorrelation [lags up to a slow bar] of onsets without their mean; 1 at lag 0."""
    smooth = np.convolve(onsets, np.hanning(7)[1:-1] / 3, mode="same")  # a beat may fall between frames
    centred = smooth - smooth.mean()
    power = float(centred @ centred)
    longest = min(len(centred) - 1, 4 * math.ceil(_LAG_AT_1 / SLOWEST) + 8)
    if power <= 0:
        return np.zeros(longest)
    return np.array([centred[lag:] @ centred[: len(centred) - lag] for lag in range(longest)]) / power


def _spectra(mono: Samples, frame: int, hop: int) -> list[NDArray[np.float32]]:
    """Power spectra [frames, frame // 2 + 1] of a sound, in parts of 512 frames."""
    padded = np.pad(mono, frame // 2)
    views = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    shape = np.hanning(frame + 1)[:-1].astype(np.float32)
    return [
        np.square(np.abs(np.fft.rfft(views[begin : begin + 512] * shape, axis=1))).astype(np.float32)
        for begin in range(0, len(views), 512)
    ]
