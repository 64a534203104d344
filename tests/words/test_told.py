"""What is told of a library at once is what is told of its tracks one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mrcmv.library import Track
from mrcmv.words import SentenceEncoder, Words
from mrcmv.words.describe import said_words, sentence
from mrcmv.words.told import Told, stems

PHRASES = ("drums", "piano", "female vocals", "the music", "sad strings")


class Counting:
    def __init__(self, encoder: SentenceEncoder) -> None:
        self.encoder = encoder
        self.texts: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += texts
        return self.encoder.encode(list(texts))


@pytest.fixture(scope="module")
def many(tracks: list[Track]) -> tuple[Track, ...]:
    """The tracks, each twice more, with tags that were measured and are half sure."""
    more = [replace(track, id=f"{track.id}-2", tagged={"drums": 0.4, "piano": 0.9}) for track in tracks]
    return (*tracks, *more, *(replace(track, id=f"{track.id}-3") for track in tracks))


def test_each_text_is_encoded_once(encoder: SentenceEncoder, many: tuple[Track, ...]) -> None:
    encode = Counting(encoder)
    told = Told(many, encode)
    assert encode.texts == []
    asked = encoder.encode(["sad piano", "drums"])
    for _ in range(2):
        products, nearest = told.sentences_by(asked), told.nearest_word(asked)
    assert len(encode.texts) == len(set(encode.texts)) == len(told.sentences) + len(told.words)
    alone = np.stack([encoder.encode([sentence(track)])[0] for track in many])
    assert np.abs(products - alone @ asked.T).max() < 1e-5
    for track, near in zip(many, nearest, strict=True):
        said = said_words(track)
        each = [float((encoder.encode([w]) @ asked.T).max()) * (1 + sure) / 2 for w, sure in said.items()]
        assert near == pytest.approx(max(each, default=0.0), abs=1e-5)


@pytest.mark.parametrize("phrase", PHRASES)
def test_what_a_track_surely_has(encoder: SentenceEncoder, many: tuple[Track, ...], phrase: str) -> None:
    asked, found = stems(phrase), Told(many, Counting(encoder)).has(phrase)
    for track, has in zip(many, found, strict=True):
        sure = {stem for word, much in said_words(track).items() if much >= 0.5 for stem in stems(word)}
        assert has == (bool(asked) and asked <= sure)


def test_facts_that_are_not_known(encoder: SentenceEncoder, tracks: list[Track]) -> None:
    told = Told(tracks, Counting(encoder))
    assert told.octaves[0] == 6.0
    assert told.vocals[[0, 3]].tolist() == [0.0, 1.0]
    assert told.major[[0, 1]].tolist() == [1.0, 0.0]
    assert all(math.isnan(facts[-1]) for facts in (told.octaves, told.vocals, told.major))


def test_no_tracks(encoder: SentenceEncoder) -> None:
    told = Told((), encoder.encode)
    asked = encoder.encode(["piano"])
    assert told.sentences_by(asked).shape == (0, 1)
    assert told.nearest_word(asked).shape == told.has("piano").shape == (0,)


def test_a_library_is_told_of_once_and_a_list_may_change(
    encoder: SentenceEncoder, many: tuple[Track, ...]
) -> None:
    words = Words(encoder=encoder)
    asks = words.understand("sad piano").asks
    words.score(asks, many, ())
    first = words._told
    words.score(asks, many, ())
    assert words._told is first
    changing = list(many)
    before = words.score(asks, changing, ()).total
    changing.reverse()
    assert np.allclose(words.score(asks, changing, ()).total, before[::-1])
