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
SLOWEST, FASTEST = 40.0, 220.0
"""Tempi that are believed when they are said."""
TIGHTNESS = 400.0
"""How firmly the beats keep to a said tempo (the tracker's usual is 100)."""
SURER = 0.15
"""The tempo that is heard replaces the said one only when its pulse is surer by this."""
LATE_S = 0.031
"""The onset strength is highest this long after an attack: half of the spectrum's window must be in it."""
UNEVEN = 0.06
"""Beats whose distances differ by this share (median) are no pulse to cut by."""
FAINT = 0.5
"""Onset strength (dB per frame, mean over the bands) under which a beat is hardly heard."""
OFF_THE_BEAT = 0.58
"""Share of bass and change of harmony between the beats from which on those are the beats."""
ORDERS = 400
RARE = 0.99

Values = NDArray[np.float64]


def find_beats(path: Path, tempo_bpm: float | None = None) -> Beats:
    """The pulse of a sound file of the program; see `hear_beats`."""
    return hear_beats(to_mono(read_sound(path, duration_s=MOST_S), rate_out=RATE), tempo_bpm)


def hear_beats(mono: Samples, tempo_bpm: float | None = None) -> Beats:
    """The pulse of a mono sound [n] at `RATE`; no beats where it is too short or too quiet for any.

    ``tempo_bpm`` is what is said or measured of the track elsewhere. A tracker alone hears another
    multiple of it in every second piece; so the said one is taken unless its pulse is less sure.
    """
    if len(mono) < SHORTEST_S * RATE or float(np.abs(mono).max(initial=0.0)) < 1e-4:
        return Beats()
    from librosa.onset import onset_strength

    onsets: Values = onset_strength(y=mono, sr=RATE, hop_length=HOP).astype(np.float64)
    tempi = [None] if tempo_bpm is None or not SLOWEST <= tempo_bpm <= FASTEST else [tempo_bpm, None]
    pulses = [pulse for tempo in tempi if (pulse := _pulse(onsets, tempo)) is not None]
    if not pulses:
        return Beats()
    frames, confidence = pulses[0]
    if len(pulses) > 1 and pulses[1][1] > confidence + SURER:
        frames, confidence = pulses[1]
    sound = _Sound(mono, onsets)
    frames = sound.on_the_beat(frames)
    times = _refined(onsets, frames)
    frames, times = frames[times >= 0], times[times >= 0]
    bars, bar_confidence = _bars(sound.accents(frames))
    return Beats(
        tuple(float(round(time, 4)) for time in times),
        tuple(float(round(time, 4)) for time in times[bars]),
        round(confidence, 3),
        round(bar_confidence, 3),
    )


def _pulse(onsets: Values, tempo_bpm: float | None) -> tuple[NDArray[np.int64], float] | None:
    """(frames, confidence) of the beats at a tempo, or at the one that is heard."""
    from librosa.beat import beat_track

    said = {} if tempo_bpm is None else {"bpm": tempo_bpm, "tightness": TIGHTNESS}
    _, found = beat_track(onset_envelope=onsets, sr=RATE, hop_length=HOP, units="frames", trim=False, **said)
    frames = np.asarray(found, np.int64)
    if len(frames) < 8:
        return None
    return frames, _regularity(_refined(onsets, frames), onsets, frames)


def _refined(onsets: Values, frames: NDArray[np.int64]) -> Values:
    """Times in seconds between the frames: the top of a parabola through each beat's onset strengths."""
    inner = np.clip(frames, 1, len(onsets) - 2)
    before, here, after = (onsets[inner + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < -1e-9, 0.5 * (before - after) / np.where(bend < -1e-9, bend, -1.0), 0.0)
    times: Values = (inner + np.clip(shift, -0.5, 0.5)) * HOP / RATE - LATE_S
    return times


def _regularity(times: Values, onsets: Values, frames: NDArray[np.int64]) -> float:
    """0 to 1: how even the beats are, times how much stronger the onsets are on them than usual.

    Both go by the median, so that a tracker cannot win by counting on through nothing.
    """
    distances = np.diff(times)
    usual = float(np.median(distances))
    uneven = float(np.median(np.abs(distances - usual))) / usual
    near = np.clip(frames + np.arange(-1, 2)[:, None], 0, len(onsets) - 1)
    on = float(np.median(onsets[near].max(axis=0)))
    clear = np.clip((on / (float(onsets.mean()) + 1e-9) - 1.25) / 1.25, 0.0, 1.0)
    heard = np.clip(on / FAINT, 0.0, 1.0)
    return float(max(0.0, 1.0 - uneven / UNEVEN) * clear * heard)


def _bars(accent: Values) -> tuple[NDArray[np.int64], float]:
    """(numbers of the beats that begin a bar, confidence 0 to 1), by how much sets in at every beat.

    The confidence is the share of random orders of the same beats in which no place of the bar
    stands out as much; the metre of three, which is rarer, has to stand out in nearly all of them.
    """
    metre, first, confidence = METRES[0], 0, 0.0
    for tried in METRES:
        if len(accent) < 4 * tried:
            continue
        place, ahead = _ahead(accent[None, :], tried)
        orders = np.random.default_rng(0).permuted(np.tile(accent, (ORDERS, 1)), axis=1)
        sure = float((_ahead(orders, tried)[1] < ahead[0]).mean())
        if sure > confidence and (tried == METRES[0] or sure > RARE):
            metre, first, confidence = tried, int(place[0]), sure
    return np.arange(first, len(accent), metre), confidence


def _ahead(accents: Values, metre: int) -> tuple[NDArray[np.int64], Values]:
    """Of rows of beats: the place of the bar where most sets in, and how far it is ahead of the next."""
    whole = accents[:, : accents.shape[1] // metre * metre]
    means = whole.reshape(len(whole), -1, metre).mean(axis=1)
    ranked = np.sort(means, axis=1)
    return means.argmax(axis=1), ranked[:, -1] - ranked[:, -2]


class _Sound:
    """What marks beats and bars in a sound: where the bass sets in, where the harmony changes."""

    def __init__(self, mono: Samples, onsets: Values) -> None:
        from librosa import stft
        from librosa.feature import chroma_stft

        power = np.abs(stft(mono, n_fft=2048, hop_length=HOP)) ** 2
        low = power[: max(2, round(BASS_HZ * 2048 / RATE))].sum(axis=0)
        low = np.log(low + 0.02 * low.mean() + 1e-9)  # what is far under the usual counts as nothing
        self.onsets = onsets
        self.bass: Values = np.maximum(np.diff(low, prepend=low[:1]), 0.0)
        self.chroma: Values = chroma_stft(S=power, sr=RATE, hop_length=HOP, tuning=0.0)

    def on_the_beat(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """The beats, or the moments between them where the bass and the harmony set in there instead.

        A tracker goes by all onsets alike; where a hi-hat lies between the beats it follows that.
        """
        between = (frames[:-1] + frames[1:]) // 2
        near = between + np.arange(-2, 3)[:, None]
        between = near[
            self.onsets[np.clip(near, 0, len(self.onsets) - 1)].argmax(axis=0), np.arange(len(between))
        ]
        both = np.array(
            [[_around(self.bass, each).mean(), self._change(each).mean()] for each in (frames, between)]
        )
        share = (both / (both.sum(axis=0) + 1e-9)).mean(axis=1)
        return between if share[1] > OFF_THE_BEAT else frames

    def accents(self, frames: NDArray[np.int64]) -> Values:
        """How much sets in at every beat [beats], standardised: bass, change of harmony, all onsets."""
        parts = (_around(self.bass, frames), self._change(frames), _around(self.onsets, frames))
        weights = (1.0, 1.5, 0.5)
        total: Values = np.zeros(len(frames))
        for weight, part in zip(weights, parts, strict=True):
            total += weight * (part - part.mean()) / (part.std() + 1e-9)
        return total

    def _change(self, frames: NDArray[np.int64]) -> Values:
        """How unlike the notes up to the next beat are to those since the last one, [beats]."""
        edges = np.append(frames, self.chroma.shape[1] - 1)
        between = [self.chroma[:, a : max(a + 1, b)].mean(axis=1) for a, b in pairwise(edges)]
        notes = np.array(between)
        notes /= np.linalg.norm(notes, axis=1, keepdims=True) + 1e-9
        change: Values = np.append(0.0, 1.0 - (notes[1:] * notes[:-1]).sum(axis=1))
        return change


def _around(curve: Values, frames: NDArray[np.int64]) -> Values:
    """The highest value within 46 ms of every beat."""
    around: Values = np.stack(
        [curve[np.clip(frames + step, 0, len(curve) - 1)] for step in range(-2, 3)]
    ).max(axis=0)
    return around
