"""Ranking with a wish, on a small index whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from mrcmv.library import Index, Rights, Track
from mrcmv.library.embeddings import TrackVectors, unit
from mrcmv.media import UserError
from mrcmv.ranking import rank, standardise
from mrcmv.suggestions import Wish

RIGHTS = Rights.state("CC0-1.0", source="https://example.org/pack")


def track(ident: str) -> Track:
    return Track(
        id=ident, title=ident, artist="", sha256=ident * 8, pack="own", rights=RIGHTS, duration_s=40.0
    )


@pytest.fixture(scope="module")
def index() -> Index:
    """Eleven tracks of two windows each on a quarter circle: t00 lies at 0 degrees, t10 at 90."""
    vectors = []
    for degrees in np.linspace(0, np.pi / 2, 11):
        near = np.array([[np.cos(degrees), np.sin(degrees), 0.1], [np.cos(degrees), np.sin(degrees), 0.0]])
        vectors.append(TrackVectors(unit(near.astype(np.float32)), np.array([0, 8], np.float32)))
    return Index([track(f"t{number:02}") for number in range(11)], vectors)


EAST = np.array([3, 0, 0], np.float32)


def test_best_windows_agree_with_the_search(index: Index) -> None:
    similarities, starts = index.best_windows(EAST)
    for match in index.search(EAST, len(index.tracks)):
        place = index.tracks.index(match.track)
        assert similarities[place] == pytest.approx(match.similarity, abs=1e-6)
        assert starts[place] == match.start_s


def test_without_a_wish_the_clip_alone_ranks(index: Index) -> None:
    matches, steering = rank(index, EAST, Wish(), 3)
    assert [match.track.id for match in matches] == ["t00", "t01", "t02"]
    assert steering is None
    assert rank(index, EAST, Wish(like="t10", strength=0.0), 3) == (matches, None)


def test_excluded_and_filtered_tracks_never_come(index: Index) -> None:
    wish = Wish(exclude=frozenset({"t00"}), filter=lambda track: track.id != "t02")
    for asked in (wish, Wish(like="t00", strength=0.2, exclude=wish.exclude, filter=wish.filter)):
        matches, _ = rank(index, EAST, asked, 20)
        assert {match.track.id for match in matches}.isdisjoint({"t00", "t02"})
        assert len(matches) == 9


def test_an_example_pulls_towards_itself_as_far_as_its_strength(index: Index) -> None:
    first = [rank(index, EAST, Wish(like="t10", strength=strength), 1)[0][0].track.id
             for strength in (0.2, 0.5, 0.8, 1.0)]  # fmt: skip
    assert first == sorted(first)
    assert first[0] < first[-1] == "t10"


def test_lifts_tell_ranks_and_parts(index: Index) -> None:
    matches, steering = rank(index, EAST, Wish(like="t10", strength=0.98), 11)
    assert steering is not None
    assert [lift.track_id for lift in steering.lifts] == [match.track.id for match in matches]
    scores = [lift.score for lift in steering.lifts]
    assert scores == sorted(scores, reverse=True)
    assert sorted(lift.rank_before for lift in steering.lifts) == list(range(1, 12))
    last = steering.lift("t10")
    assert last is not None
    assert (last.rank_before, last.rank, last.moved) == (11, 1, 10)
    assert last.share == pytest.approx(abs(last.wish_part) / (abs(last.wish_part) + abs(last.clip_part)))


def test_an_unknown_example_is_said(index: Index) -> None:
    with pytest.raises(UserError, match="not in the library"):
        rank(index, EAST, Wish(like="nobody"), 3)


def test_standardise() -> None:
    assert standardise(np.array([1.0, 2.0, 3.0])).tolist() == pytest.approx([-1.2247, 0, 1.2247], abs=1e-4)
    assert standardise(np.ones(3)).tolist() == [0, 0, 0]
