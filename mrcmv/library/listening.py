"""Tempo and key of a sound, as librosa hears them.

Neither is certain: tempo comes with a confidence, and a key is named only when it fits clearly.
librosa is imported when something is heard: on a new machine that alone takes half a minute, in
which numba compiles (and keeps) its functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Samples

RATE = 22_050
"""Rate at which tempo and key are heard, in Hz, mono (librosa's usual rate)."""
HOP = 512
"""Samples between two onset strengths (librosa's usual hop)."""
SHORTEST_S = 8.0
"""Less sound than this tells neither tempo nor key: librosa's tempogram looks at 8 s at a time."""
KEY_FIT = 0.5
"""Least correlation between the notes heard and a key's profile for the key to be named."""
PULSE_FIT = 0.1
"""Least repetition at the beat for a tempo to be named."""
_NOTES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


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
    if len(mono) < SHORTEST_S * RATE or float(np.abs(mono).max()) < 1e-4:
        return Heard(stated_bpm, 0.0, "")
    from librosa.feature import chroma_cqt
    from librosa.onset import onset_strength

    onsets = onset_strength(y=mono, sr=RATE, hop_length=HOP)
    key = find_key(chroma_cqt(y=mono, sr=RATE).mean(axis=1))
    bpm = find_tempo(onsets) if stated_bpm is None else stated_bpm
    if bpm is None:
        return Heard(None, 0.0, key)
    confidence = round(pulse(onsets, bpm), 2)
    if stated_bpm is None and confidence < PULSE_FIT:
        return Heard(None, 0.0, key)
    return Heard(round(bpm, 1), confidence, key)


def find_tempo(onsets: NDArray[np.float32]) -> float | None:
    """Beats per minute of onset strengths [frames]: the mean distance of the beats that librosa places.

    (Its estimate of the tempo itself is a whole number of frames per beat, coarse for quick music.)
    """
    from librosa.beat import beat_track

    _, beats = beat_track(onset_envelope=onsets, sr=RATE, hop_length=HOP, units="time")
    return 60 * (len(beats) - 1) / float(beats[-1] - beats[0]) if len(beats) > 1 else None


def pulse(onsets: NDArray[np.float32], bpm: float) -> float:
    """How strongly the onsets repeat after one beat: 0 (not at all) to 1 (exactly).

    Their autocorrelation without their mean; a beat may fall between two frames.
    """
    import librosa

    lag = 60 * RATE / HOP / bpm
    repeats = librosa.autocorrelate(onsets - onsets.mean(), max_size=math.ceil(lag) + 1)
    near = repeats[max(1, math.floor(lag)) :]
    return min(max(float(near.max() / repeats[0]), 0.0), 1.0) if len(near) and repeats[0] > 0 else 0.0


def find_key(notes: NDArray[np.float32]) -> str:
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
