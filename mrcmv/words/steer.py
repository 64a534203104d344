"""Asks against tracks: how well each track meets each, standardised over the library."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress, part_of
from mrcmv.words.asks import Ask, Axis, Kind, Understood, tones, understand
from mrcmv.words.describe import Described
from mrcmv.words.encoder import SentenceEncoder
from mrcmv.words.kept import KeptTexts
from mrcmv.words.scenes import in_music_words
from mrcmv.words.told import Told

Scores = NDArray[np.float64]

POLES = {
    Axis.ENERGY: ("energetic, powerful, exciting, intense music", "calm, gentle, quiet, peaceful music"),
    Axis.BRIGHT: ("happy, bright, cheerful music", "dark, sad, gloomy music"),
}
"""What lies at both ends of an axis of sense; where a track lies is the difference of its cosines."""
NEAR = {Axis.TEMPO: 0.2, Axis.ENERGY: 0.5, Axis.BRIGHT: 0.5}
"""Relative asks: the distance from the reference (octaves, spreads) that counts for most of it.

Beyond it more counts hardly more, so that “slower” does not pick the slowest of all.
"""
AWAY_WEIGHT = 0.5
"""Of a description that is not wanted: how alike two words are says little about what a sound lacks."""
LIMIT = 3.0
"""No single ask counts more spreads than this."""
STRANGE_WORD, STRANGE_WHOLE = 0.25, 0.15
"""A description that comes to no word and no sentence of the library nearer than this (cosine) is strange."""


@dataclass(frozen=True)
class Judged:
    """An ask with what it was measured against.

    Attributes
    ----------
    reference
        Of a relative tempo: the beats per minute that were taken as the present ones.
    strange
        Nothing in the library is described in such words, so the ask says little.
    known
        Of how many tracks it is known whether they meet the ask (measured or stated); the rest count
        as average. All of them for a description.
    """

    ask: Ask
    known: int
    reference: float | None = None
    strange: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "said": self.ask.said,
            "kind": str(self.ask.kind),
            "axis": str(self.ask.axis) if self.ask.axis else None,
            "known": self.known,
            "reference": None if self.reference is None else round(self.reference, 1),
            "strange": self.strange,
        }


@dataclass(frozen=True)
class Steered:
    """Scores [tracks] of a text: the sum of ``parts`` [asks, tracks], each mean 0 and spread 1.

    ``refused`` [tracks] bool: tracks that surely have what is not wanted.
    """

    judged: tuple[Judged, ...]
    parts: Scores
    refused: NDArray[np.bool_]

    @property
    def total(self) -> Scores:
        return np.asarray(self.parts.sum(axis=0))


class Words:
    """Understands texts about music. One serves a whole process; the encoder loads at the first text.

    Parameters
    ----------
    folder
        Where vectors of texts are kept; None keeps them in memory only.
    """

    def __init__(self, folder: Path | None = None, encoder: SentenceEncoder | None = None) -> None:
        self._folder = folder
        self._given = encoder
        self._lock = threading.Lock()
        self._told: Told | None = None

    @cached_property
    def _texts(self) -> KeptTexts:
        encoder = self._given or SentenceEncoder.load()
        return KeptTexts(lambda: encoder, encoder.sha256, self._folder)

    def understand(self, text: str) -> Understood:
        return understand(text)

    def prepare(self, tracks: Sequence[Described], progress: Progress | None = None) -> None:
        """Encode what the library says of its tracks, so that no text waits for it."""
        told = self._about(tracks)
        self._vectors(told.sentences, part_of(progress, 0.0, 0.9))
        self._vectors(told.words, part_of(progress, 0.9, 1.0))

    def _about(self, tracks: Sequence[Described]) -> Told:
        """What was told of the same tracks the last time; a list may have changed since, a tuple has not."""
        told = self._told
        if told is None or told.tracks is not tracks or not isinstance(tracks, tuple):
            told = self._told = Told(tracks, self._vectors)
        return told

    def score(self, asks: Sequence[Ask], tracks: Sequence[Described], present: Sequence[int]) -> Steered:
        """How well every track meets every ask.

        Parameters
        ----------
        present
            Places in ``tracks`` of what is suggested without words: relative asks start there.
        """
        told = self._about(tracks)
        parts = np.zeros((len(asks), len(tracks)))
        refused = np.zeros(len(tracks), bool)
        judged = []
        for row, ask in enumerate(asks):
            if ask.kind in (Kind.TOWARDS, Kind.AWAY) and ask.axis is None:
                values, strange = self._described(ask.phrase, told)
                judged.append(Judged(ask, len(tracks), strange=strange))
                if ask.kind is Kind.AWAY:
                    refused |= told.has(ask.phrase)
                    parts[row] = -AWAY_WEIGHT * _spread(values)
                else:
                    parts[row] = _spread(_spread(values) + self._toned(ask.phrase, told))
                continue
            if ask.kind is Kind.AWAY:
                refused |= told.vocals == 1.0
            values = self._measured(ask, told)
            reference = None
            if ask.kind in (Kind.MORE, Kind.LESS):
                here = values[list(present)]
                reference = float(np.median(here[np.isfinite(here)])) if np.isfinite(here).any() else None
                assert ask.axis is not None
                values = np.tanh((values - (reference or 0.0)) / NEAR[ask.axis])
            sign = -1.0 if ask.kind in (Kind.LESS, Kind.LOW, Kind.AWAY) else 1.0
            parts[row] = sign * _spread(values)
            tempo = 2**reference if reference is not None and ask.axis is Axis.TEMPO else None
            judged.append(Judged(ask, int(np.isfinite(values).sum()), tempo))
        return Steered(tuple(judged), parts, refused)

    def _described(self, phrase: str, told: Told) -> tuple[Scores, bool]:
        """How near a description comes to each track: its sentence as a whole, and its nearest word."""
        asked = self._vectors([phrase, f"{(sound := in_music_words(phrase))} music", sound])
        whole = told.sentences_by(asked[:2])
        nearest = told.nearest_word(asked[[0, 2]])
        strange = nearest.max(initial=0.0) < STRANGE_WORD and whole[:, 0].max(initial=0.0) < STRANGE_WHOLE
        return whole[:, 1] + nearest, bool(strange)

    def _toned(self, phrase: str, told: Told) -> Scores:
        """Where the tracks lie on the axes of sense that a description names; zeros when it names none."""
        total = np.zeros(len(told))
        for axis, sign in tones(phrase):
            total += sign * self._measured(Ask(phrase, Kind.HIGH, axis=axis), told)
        return total

    def _measured(self, ask: Ask, told: Told) -> Scores:
        """Where each track lies on the ask's axis; NaN where that is not known."""
        if ask.kind is Kind.BPM:
            assert ask.bpm is not None
            off = told.octaves - math.log2(ask.bpm)
            return -np.minimum(np.abs(off), 0.5)
        if ask.axis is Axis.TEMPO:
            return told.octaves
        if ask.axis is Axis.VOCALS:
            return told.vocals
        if ask.axis is Axis.MAJOR:
            return told.major
        assert ask.axis is not None
        ends = self._vectors(POLES[ask.axis])
        sense = told.sentences_by((ends[0] - ends[1])[None])[:, 0]
        heard = [told.octaves, told.lufs] if ask.axis is Axis.ENERGY else [told.major]
        return _spread(np.mean([_spread(each) for each in (sense, *heard)], axis=0))

    def _vectors(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        with self._lock:  # the first caller loads the encoder, a second one waits for it
            texts_kept = self._texts
        return texts_kept.vectors(texts, progress)


def _spread(values: NDArray[np.floating]) -> Scores:
    """Mean 0 and spread 1 of what is known, within `LIMIT`; what is not known (NaN) lies at the mean."""
    numbers = np.asarray(values, np.float64)
    there = np.isfinite(numbers)
    spread = float(numbers[there].std()) if there.any() else 0.0
    if spread < 1e-9:
        return np.zeros_like(numbers)
    return np.clip(np.where(there, (numbers - numbers[there].mean()) / spread, 0.0), -LIMIT, LIMIT)
