"""Beats by librosa's tracker (Ellis, "Beat tracking by dynamic programming", 2007), and the bar's phase.

No tracker of downbeats whose weights may be used freely comes with a package, so the bar is judged
by what marks it in most music: on the first beat the bass sets in and the harmony changes. Metres
of four and of three beats are tried; how much the best phase stands out is its confidence.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Beats, Samples, read_sound, to_mono

RATE = 22_050
"""Rate at which beats are heard, in Hz, mono."""
HOP = 512
"""Samples between two onset strengths: 23 ms."""
SHORTEST_S = 8.0
METRES = (4, 3)
BASS_HZ = 150.0
MOST_S = 900.0
"""Longest part of a track that is listened to, in seconds."""

Values = NDArray[np.float64]


def find_beats(path: Path) -> Beats:
    """The pulse of a sound file of the program; see `hear_beats`."""
    return hear_beats(to_mono(read_sound(path, duration_s=MOST_S), rate_out=RATE))


def hear_beats(mono: Samples) -> Beats:
    """The pulse of a mono sound [n] at `RATE`; no beats where it is too short or too quiet for any."""
    if len(mono) < SHORTEST_S * RATE or float(np.abs(mono).max(initial=0.0)) < 1e-4:
        return Beats()
    from librosa.beat import beat_track
    from librosa.onset import onset_strength

    onsets = onset_strength(y=mono, sr=RATE, hop_length=HOP)
    _, frames = beat_track(onset_envelope=onsets, sr=RATE, hop_length=HOP, units="frames", trim=False)
    if len(frames) < 8:
        return Beats()
    times = _refined(onsets, np.asarray(frames, int))
    bars, bar_confidence = _bars(mono, onsets, np.asarray(frames, int))
    return Beats(
        tuple(float(round(time, 4)) for time in times),
        tuple(float(round(time, 4)) for time in times[bars]),
        round(_regularity(times, onsets, np.asarray(frames, int)), 3),
        round(bar_confidence, 3),
    )


def _refined(onsets: NDArray[np.float32], frames: NDArray[np.int64]) -> Values:
    """Times in seconds between the frames: the top of a parabola through each beat's onset strengths."""
    inner = np.clip(frames, 1, len(onsets) - 2)
    before, here, after = (onsets[inner + step].astype(np.float64) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < -1e-9, 0.5 * (before - after) / np.where(bend < -1e-9, bend, -1.0), 0.0)
    times: Values = (inner + np.clip(shift, -0.5, 0.5)) * HOP / RATE
    return times


def _regularity(times: Values, onsets: NDArray[np.float32], frames: NDArray[np.int64]) -> float:
    """0 to 1: how even the beats are, and how much stronger the onsets are on them than beside them."""
    distances = np.diff(times)
    even = 1.0 - min(
        1.0, 4.0 * float(np.median(np.abs(distances - np.median(distances)))) / float(np.median(distances))
    )
    near = np.clip(frames + np.arange(-1, 2)[:, None], 0, len(onsets) - 1)
    usual, on = float(onsets.mean()), float(onsets[near].max(axis=0).mean())
    clear = np.clip((on / (usual + 1e-9) - 1.0) / 1.5, 0.0, 1.0)
    return float(even * clear)


def _bars(
    mono: Samples, onsets: NDArray[np.float32], frames: NDArray[np.int64]
) -> tuple[NDArray[np.int64], float]:
    """(numbers of the beats that begin a bar, confidence 0 to 1); none when nothing marks the bar."""
    accent = _accents(mono, onsets, frames)
    best = (0.0, METRES[0], 0)
    for metre in METRES:
        if len(accent) < 4 * metre:
            continue
        means = np.array([accent[phase::metre].mean() for phase in range(metre)])
        first = int(means.argmax())
        others = np.delete(means, first)
        # Standard errors by which the strongest phase is ahead of the next one
        spread = float(accent.std()) / np.sqrt(len(accent) / metre) + 1e-9
        ahead = float(means[first] - others.max()) / spread
        if ahead > best[0] * (1.0 if metre == METRES[0] else 1.5):  # three is rarer, and must be clearer
            best = (ahead, metre, first)
    ahead, metre, phase = best
    return np.arange(phase, len(frames), metre), float(np.clip(ahead / 4.0, 0.0, 1.0))


def _accents(mono: Samples, onsets: NDArray[np.float32], frames: NDArray[np.int64]) -> Values:
    """How much sets in at every beat [beats], standardised: bass, change of harmony, all onsets."""
    from librosa import stft
    from librosa.feature import chroma_stft

    power = np.abs(stft(mono, n_fft=2048, hop_length=HOP)) ** 2
    low = power[: max(2, round(BASS_HZ * 2048 / RATE))].sum(axis=0)
    bass = np.maximum(np.diff(np.log(low + 1e-6), prepend=np.log(low[:1] + 1e-6)), 0.0)
    chroma = chroma_stft(S=power, sr=RATE, hop_length=HOP, tuning=0.0)
    edges = np.append(frames, min(len(onsets), power.shape[1]) - 1)
    between = [chroma[:, a : max(a + 1, b)].mean(axis=1) for a, b in pairwise(edges)]
    notes = np.array(between)
    notes /= np.linalg.norm(notes, axis=1, keepdims=True) + 1e-9
    change = np.append(0.0, 1.0 - (notes[1:] * notes[:-1]).sum(axis=1))
    parts = (_around(bass, frames), change, _around(onsets.astype(np.float64), frames))
    weights = (1.0, 1.5, 0.5)
    total: Values = np.zeros(len(frames))
    for weight, part in zip(weights, parts, strict=True):
        total += weight * (part - part.mean()) / (part.std() + 1e-9)
    return total


def _around(curve: Values, frames: NDArray[np.int64]) -> Values:
    """The highest value within 46 ms of every beat."""
    around: Values = np.stack(
        [curve[np.clip(frames + step, 0, len(curve) - 1)] for step in range(-2, 3)]
    ).max(axis=0)
    return around
