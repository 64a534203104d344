"""Where a track may be cut: its beats and downbeats in samples."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import SAMPLE_RATE, Beats

LEAST_CONFIDENCE = 0.45
"""Beats that are less regular than this are not cut by (``python -m benchmarks.beats``)."""
LEAST_BAR_CONFIDENCE = 0.99
"""Downbeats that stand out less than this count as beats only: under it about every second bar was wrong."""
RING_S = (0.35, 0.8)
"""Shortest and longest ring of the last beat of a clip, in seconds; one beat in between."""
SLOW_FADE_S = 2.0
"""A fade-out longer than this is meant as a fade: the music sinks slowly from a beat on."""
ON_S = 0.04
"""A moment this near a beat is on it: a listener hears two onsets apart from about here on."""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Beats and downbeats [n] in samples of a track, in order. ``free``: see `load_music`."""

    beats: Places
    bars: Places
    free: bool = True

    @classmethod
    def of(cls, beats: Beats, *, free: bool = True) -> Grid | None:
        """The grid of a track whose pulse is sure enough, else None."""
        if beats.confidence < LEAST_CONFIDENCE or len(beats.times_s) < 8:
            return None
        sure = beats.bar_confidence >= LEAST_BAR_CONFIDENCE and len(beats.downbeats_s) >= 3
        return cls(_samples(beats.times_s), _samples(beats.downbeats_s if sure else ()), free)

    def behind(self, origin: int) -> Grid:
        """The same for a track that begins ``origin`` samples later."""
        return replace(self, beats=self.beats - origin, bars=self.bars - origin)

    def ring(self, fade_s: float, frames: int) -> int:
        """How many samples before a clip's end the last beat is struck, to ring out in the fade.

        One beat, so that the next one is not heard again, and never more than the fade that is asked
        for: 0 stops the music with the beat. Slow fades (over 2 s) begin on the beat.
        """
        beat = float(np.median(np.diff(self.beats)))
        least, most = (each * SAMPLE_RATE for each in RING_S)
        fade = fade_s * SAMPLE_RATE
        if fade_s > SLOW_FADE_S:
            return round(min(fade, 0.5 * frames))
        return round(min(fade, max(least, min(beat, most)), 0.25 * frames))

    def moved(self, start: int, end: int, least: int, most: int) -> int | None:
        """A start near ``start``, from ``least`` to ``most``, with which ``end`` comes to lie on a beat.

        The nearest downbeat where the start is free to move that far, else the nearest beat: half of
        their distance away at most, but for a start that can move in one direction only.
        """
        for places in (self.bars if self.free else self.beats[:0], self.beats):
            if len(places) < 2:
                continue
            shift = places - end
            reach = 1.02 * float(np.median(np.diff(places)))
            fits = (np.abs(shift) <= reach) & (start + shift >= least) & (start + shift <= most)
            if fits.any():
                near = np.where(fits, np.abs(shift), np.iinfo(np.int64).max).argmin()
                return int(start + shift[near])
        return None

    def bars_within(self, first: int, last: int) -> Places | None:
        """Downbeats (beats, where no downbeats are known) from ``first`` to ``last``; None if too few."""
        for places in (self.bars, self.beats):
            inside = places[(places >= first) & (places <= last)]
            if len(inside) >= 2:
                return inside
        return None

    def off_beat_s(self, place: int) -> float:
        """How far a sample lies from the nearest beat, in seconds."""
        return float(np.abs(self.beats - place).min()) / SAMPLE_RATE

    def on_bar(self, place: int) -> bool:
        """Whether a sample lies on a downbeat."""
        return bool(len(self.bars)) and float(np.abs(self.bars - place).min()) <= ON_S * SAMPLE_RATE


def _samples(times_s: tuple[float, ...]) -> Places:
    return np.round(np.asarray(times_s, np.float64) * SAMPLE_RATE).astype(np.int64)
