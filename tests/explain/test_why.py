"""Shares, moments and facts of a suggestion, on made-up queries whose answers are known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from mrcmv.explain import Fact, Why, gather_facts, why

MUSIC = np.array([1, 0, 0], np.float32)


def blanked(voice: bool = True) -> SimpleNamespace:
    """Four stretches; the voice of the second and the picture of the last one matter."""
    whole = np.array([3, 4, 0], np.float32)  # cosine 0.6
    same = np.tile(whole, (4, 1))
    picture, heard = same.copy(), same.copy()
    picture[3] = [2, 4, 0]
    heard[1] = [0, 4, 0]
    heard[2] = [4, 4, 0]  # without it, it would have matched better
    return SimpleNamespace(
        edges_s=np.array([0, 2, 4, 6, 8.0]),
        picture_energy=np.array([1, 1, 2, 4], np.float32),
        voice_energy=np.array([1, 3, 2, 0], np.float32) if voice else np.zeros(4, np.float32),
        whole=whole,
        without_picture=picture,
        without_voice=heard if voice else heard[:0],
    )


@pytest.fixture
def found() -> Why:
    return why("t", MUSIC, blanked(), 10.0, (Fact("faster", {"bpm": 140, "percent": 80}),))


def test_shares_sum_to_one(found: Why) -> None:
    assert found.picture_share + found.voice_share == pytest.approx(1)
    assert found.picture_share == pytest.approx(8 / 14)
    assert [s.picture_share for s in found.stretches] == pytest.approx([0.5, 0.25, 0.5, 1.0])
    assert all(s.picture_share + s.voice_share == pytest.approx(1) for s in found.stretches)


def test_stretches_are_in_seconds_of_the_clip(found: Why) -> None:
    assert [(s.start_s, s.end_s) for s in found.stretches] == [(10, 12), (12, 14), (14, 16), (16, 18)]


def test_what_is_lost(found: Why) -> None:
    assert found.similarity == pytest.approx(0.6)
    assert [s.voice_lost for s in found.stretches] == pytest.approx([0, 0.6, 0.6 - 0.5**0.5, 0], abs=1e-6)
    assert found.stretches[3].picture_lost == pytest.approx(0.6 - 2 / 20**0.5)


def test_moments_are_what_gave_most(found: Why) -> None:
    assert [(m.start_s, m.source) for m in found.moments] == [(12, "voice"), (16, "picture")]
    assert sum(m.part for m in found.moments) == pytest.approx(1)


def test_without_a_voice_the_picture_is_all() -> None:
    alone = why("t", MUSIC, blanked(voice=False), 0.0, ())
    assert alone.picture_share == 1.0
    assert all(s.voice_share == 0 and s.voice_lost == 0 for s in alone.stretches)
    assert [m.source for m in alone.moments] == ["picture"]


def test_no_moment_where_nothing_was_lost() -> None:
    still = blanked()
    still.without_picture[:] = still.without_voice[:] = still.whole
    assert why("t", MUSIC, still, 0.0, ()).moments == ()


def test_json(found: Why) -> None:
    plain = json.loads(json.dumps(found.to_json()))
    assert set(plain) == {"track_id", "similarity", "weights", "stretches", "moments", "facts"}
    assert plain["facts"] == [{"fact": "faster", "bpm": 140, "percent": 80}]
    assert len(plain["stretches"]) == 4


def test_facts_say_only_what_is_known() -> None:
    assert gather_facts(words=[], other_words=[]) == ()
    facts = gather_facts(
        words=["happy", "piano", "folk"],
        other_words=[["happy", "piano"], ["happy"], ["sad"]],
        bpm=150.0,
        library_bpm=[*range(60, 160, 10), 150.0],
        rank=1,
        rank_without_voice=7,
        rank_without_picture=1,
        moved=4,
        because="piano",
    )
    assert [fact.to_json() for fact in facts] == [
        {"fact": "wished", "moved": 4, "because": "piano"},
        {"fact": "without_voice", "rank": 7},
        {"fact": "same_word", "word": "happy", "count": 2, "others": 3},
        {"fact": "same_word", "word": "piano", "count": 1, "others": 3},
        {"fact": "faster", "bpm": 150, "percent": 82},
    ]
    assert gather_facts(words=[], other_words=[], bpm=100.0, library_bpm=[90.0, 100.0, 110.0] * 9) == ()
