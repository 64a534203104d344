"""Tempo and key of a sound, by ear of librosa.

Neither is certain: tempo comes with a confidence, and a key is named only when it fits clearly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Samples

RATE = 22_050
"""Rate at which tempo and key are heard, in Hz, mono."""
HOP = 512
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
    from librosa.feature import chroma_cqt
    from librosa.onset import onset_strength

    if len(mono) < 2 * RATE or float(np.abs(mono).max()) < 1e-4:
        return Heard(stated_bpm, 0.0, "")
    onsets = onset_strength(y=mono, sr=RATE, hop_length=HOP)
    key = find_key(chroma_cqt(y=mono, sr=RATE, hop_length=HOP).mean(axis=1))
    if stated_bpm is not None:
        return Heard(stated_bpm, pulse(onsets, stated_bpm), key)
    bpm = find_tempo(onsets)
    confidence = pulse(onsets, bpm)
    return Heard(bpm, confidence, key) if confidence >= PULSE_FIT else Heard(None, 0.0, key)


def find_tempo(onsets: NDArray[np.float32]) -> float:
    """The tempo in beats per minute of onsets [frames]: librosa's, or half or twice of it.

    librosa leans towards 120; the octave (within 60 to 180) whose beat repeats most strongly wins.
    """
    from librosa.feature import tempo

    first = float(np.ravel(tempo(onset_envelope=onsets, sr=RATE, hop_length=HOP))[0])
    octaves = [first] + [bpm for bpm in (first / 2, first * 2) if 60 <= bpm <= 180]
    best: float = max(octaves, key=lambda bpm: pulse(onsets, bpm))
    return round(best, 1)


def pulse(onsets: NDArray[np.float32], tempo_bpm: float) -> float:
    """How strongly onsets [frames] repeat after one beat of ``tempo_bpm``: autocorrelation, 0..1."""
    if tempo_bpm <= 0:
        return 0.0
    lag = 60 * RATE / HOP / tempo_bpm
    centred = onsets.astype(np.float64) - onsets.mean()
    power = float(centred @ centred)
    if power <= 0:
        return 0.0
    lags = {math.floor(lag), math.ceil(lag)}
    best = max((float(centred[k:] @ centred[:-k]) for k in lags if 0 < k < len(centred)), default=0.0)
    return round(min(max(best / power, 0.0), 1.0), 2)


def find_key(chroma: NDArray[np.float32]) -> str:
    """The key whose profile correlates best with the strength of the twelve notes [12], C first.

    Profiles: Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization",
    Psychological Review 89 (1982). Empty when no correlation reaches `KEY_FIT`.
    """
    if float(chroma.std()) < 1e-6:
        return ""
    fits = {
        f"{note} {mode}": float(np.corrcoef(np.roll(profile, step), chroma)[0, 1])
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for step, note in enumerate(_NOTES)
    }
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= KEY_FIT else ""
