"""Where a track may be cut: its beats and downbeats in samples."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import SAMPLE_RATE, Beats

LEAST_CONFIDENCE = 0.35
"""Beats that are less regular than this are not cut by."""
LEAST_BAR_CONFIDENCE = 0.15
"""Downbeats that stand out less than this count as beats only."""
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

    def moved(self, start: int, end: int, least: int, most: int) -> int | None:
        """A start near ``start``, from ``least`` to ``most``, with which ``end`` comes to lie on a beat.

        The nearest downbeat where the start is free to move that far, else the nearest beat; None
        where nothing is near enough.
        """
        for places, share in ((self.bars if self.free else self.beats[:0], 0.51), (self.beats, 0.51)):
            if len(places) < 2:
                continue
            shift = places - end
            reach = share * float(np.median(np.diff(places)))
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
