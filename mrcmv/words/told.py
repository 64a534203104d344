"""What a library says of its tracks, as arrays: made once for each state of the library, asked often."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mrcmv.words.describe import Described, has_vocals, is_major, octaves, said_words, sentence

Scores = NDArray[np.float64]
Vectors = NDArray[np.float32]
SURE = 0.5
"""From here on a track has a word for certain; see `mrcmv.words.describe.said_words`."""
_EMPTY_WORDS = {"sound", "music", "instrument", "the", "a", "an", "of", "and", "in", "with"}


class Told:
    """Facts and texts of tracks; equal texts are there once.

    Parameters
    ----------
    tracks
        They must not change.
    encode
        Texts -> unit vectors, float32 [texts, depth].

    Attributes
    ----------
    sentences, words
        All texts that occur.
    vocals, major, octaves, lufs
        Float64 [tracks]: 1 or 0, 1 or 0, log2 of the beats per minute, LUFS; NaN where it is not known.
    """

    def __init__(self, tracks: Sequence[Described], encode: Callable[[Sequence[str]], Vectors]) -> None:
        self.tracks = tracks
        self._encode = encode
        lines = [sentence(track) for track in tracks]
        self.sentences, self._sentence_of = _once(lines)
        known = [said_words(track) for track in tracks]
        self.words, self._word_of = _once(word for each in known for word in each)
        self._sure = np.array([sure for each in known for sure in each.values()], np.float64)
        self._track_of = np.repeat(np.arange(len(known)), [len(each) for each in known])
        self.vocals = _numbers(has_vocals(track) for track in tracks)
        self.major = _numbers(is_major(track) for track in tracks)
        self.octaves = np.array([octaves(track) for track in tracks], np.float64)
        self.lufs = np.array([track.lufs for track in tracks], np.float64)

    def __len__(self) -> int:
        return len(self.tracks)

    def sentences_by(self, directions: Vectors) -> Scores:
        """Products [tracks, n] of each track's sentence with ``directions`` [n, depth]."""
        return np.asarray((self._sentence_vectors @ directions.T)[self._sentence_of], np.float64)

    def nearest_word(self, asked: Vectors) -> Scores:
        """Per track the cosine of its nearest word to any of ``asked`` [n, depth], less where the word is
        less sure; 0 where there is no word."""
        near = np.zeros(len(self))
        if len(self.words):
            cosines = (self._word_vectors @ asked.T).max(axis=1)
            of_words = cosines[self._word_of] * (1 + self._sure) / 2
            first = np.flatnonzero(np.diff(self._track_of, prepend=-1))
            near[self._track_of[first]] = np.maximum.reduceat(of_words, first)
        return near

    def has(self, phrase: str) -> NDArray[np.bool_]:
        """Which tracks surely have all words of a phrase, plural or not."""
        asked = stems(phrase)
        found = np.full(len(self), bool(asked))
        for stem in asked:
            words = np.array([stem in each for each in self._stems], bool)
            here = words[self._word_of] & (self._sure >= SURE)
            found &= np.bincount(self._track_of[here], minlength=len(self)) > 0
        return found

    @cached_property
    def _sentence_vectors(self) -> Vectors:
        return self._encode(self.sentences)

    @cached_property
    def _word_vectors(self) -> Vectors:
        return self._encode(self.words)

    @cached_property
    def _stems(self) -> list[set[str]]:
        return [stems(word) for word in self.words]


def stems(text: str) -> set[str]:
    """The words of a text that say something, without the s of a plural."""
    found = {re.sub(r"(?<=[a-z]{2}[^s])s$", "", word) for word in re.findall(r"[a-z0-9-]+", text)}
    return found - _EMPTY_WORDS


def _once(texts: Iterable[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Each text once, in the order it came first, and the place of every one there."""
    places: dict[str, int] = {}
    of = [places.setdefault(text, len(places)) for text in texts]
    return list(places), np.array(of, np.int64)


def _numbers(values: Iterable[bool | None]) -> Scores:
    return np.array([math.nan if value is None else float(value) for value in values], np.float64)
