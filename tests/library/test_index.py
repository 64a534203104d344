"""The nearest tracks, the best moment, always in the same order."""

import numpy as np
import pytest

from mrcmv.library import Index, Track, TrackFilter
from mrcmv.library import index as index_module
from mrcmv.library.embeddings import TrackVectors, unit
from tests.library.helpers import FREE


def track(name: str, mood: str = "") -> Track:
    return Track(
        id=name, title=name, artist="a", sha256=name, pack="own", rights=FREE, duration_s=60.0, mood=mood
    )


def windows(vectors: np.ndarray) -> TrackVectors:
    return TrackVectors(unit(vectors.astype(np.float32)), np.arange(len(vectors), dtype=np.float32) * 8)


def random_index(count: int = 300, seed: int = 0) -> tuple[Index, np.ndarray, list[int]]:
    draw = np.random.default_rng(seed)
    parts = [windows(draw.standard_normal((int(draw.integers(1, 9)), 32))) for _ in range(count)]
    tracks = [track(f"t{number:03d}", "odd" if number % 2 else "even") for number in range(count)]
    owners = [number for number, part in enumerate(parts) for _ in part.starts_s]
    return Index(tracks, parts), np.concatenate([part.vectors for part in parts]), owners


@pytest.mark.parametrize("k", [1, 5, 300, 1000])
def test_search_is_brute_force(k: int) -> None:
    index, vectors, owners = random_index()
    query = np.random.default_rng(9).standard_normal(32).astype(np.float32) * 17
    cosines = vectors @ unit(query)
    best: dict[int, float] = {}
    for owner, cosine in zip(owners, cosines, strict=True):
        best[owner] = max(best.get(owner, -2.0), float(cosine))
    order = sorted(best, key=lambda owner: -best[owner])[:k]
    matches = index.search(query, k)
    assert [match.track.id for match in matches] == [f"t{owner:03d}" for owner in order]
    found = [match.similarity for match in matches]
    assert found == pytest.approx([best[owner] for owner in order], abs=1e-5)
    assert len(matches) == min(k, 300)


def test_the_best_window_names_its_start() -> None:
    vectors = np.zeros((6, 4))
    vectors[:, 0] = 1
    vectors[3] = [0, 1, 0, 0]
    (match,) = Index([track("a")], [windows(vectors)]).search(np.array([0, 2, 0.1, 0]), 5)
    assert match.start_s == 24.0
    assert match.similarity == pytest.approx(2 / np.hypot(2, 0.1), abs=1e-6)


def test_ties_are_ordered_by_id_even_when_many_hide_behind_the_first() -> None:
    same = windows(np.tile([[1.0, 2.0, 2.0, 0.0]], (50, 1)))
    names = [f"x{number:02d}" for number in range(40)]
    shuffled = list(np.random.default_rng(4).permutation(names))
    matches = Index([track(name) for name in shuffled], [same] * 40).search(np.array([1, 2, 2, 0]), 5)
    assert [match.track.id for match in matches] == names[:5]
    assert {match.start_s for match in matches} == {0.0}


def test_only_allowed_tracks_are_looked_at() -> None:
    index, _, _ = random_index()
    query = np.ones(32, np.float32)
    everything = index.search(query, 300)
    odd = index.search(query, 20, lambda candidate: candidate.mood == "odd")
    assert odd == [match for match in everything if match.track.mood == "odd"][:20]
    assert len(index.search(query, 500, lambda candidate: candidate.mood == "odd")) == 150
    assert index.search(query, 5, lambda candidate: False) == []


def test_nothing_asked_or_nothing_there() -> None:
    index, _, _ = random_index(3)
    assert index.search(np.ones(32), 0) == []
    assert Index([], []).search(np.ones(32), 5) == []
    assert len(Index([], [])) == 0


def test_a_filter_asked_again_gives_the_same() -> None:
    index, _, _ = random_index()
    query = np.ones(32, np.float32)
    wanted = TrackFilter(moods=frozenset({"odd"}))
    first = index.search(query, 20, wanted)
    assert first == index.search(query, 20, lambda candidate: candidate.mood == "odd")
    assert index.search(query, 20, wanted) == first
    for number in range(100):  # more filters than are remembered
        assert len(index.search(query, 1, TrackFilter(max_s=60 + number))) == 1
    assert index.search(query, 20, wanted) == first


def test_more_like_this_leaves_itself_out() -> None:
    draw = np.random.default_rng(1)
    middles = draw.standard_normal((6, 32))
    middles[3] = middles[0] + 0.1 * draw.standard_normal(32)
    middles[5] = middles[0] + 0.4 * draw.standard_normal(32)
    parts = [windows(middle + 0.01 * draw.standard_normal((4, 32))) for middle in middles]
    index = Index([track(f"t{number}", "odd" if number % 2 else "even") for number in range(6)], parts)
    assert [match.track.id for match in index.similar("t0", 2)] == ["t3", "t5"]
    assert len(index.similar("t0", 99)) == 5
    odd = TrackFilter(moods=frozenset({"odd"}))
    assert {match.track.id for match in index.similar("t0", 99, odd)} == {"t1", "t3", "t5"}
    assert index.similar("unknown", 2) == []


@pytest.mark.parametrize("outside", [0.0, 0.01])
def test_turned_into_few_dimensions_everything_is_the_same(
    outside: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.normal(size=(40, 6)))[0].T
    tracks, parts = [], []
    for number in range(300):
        count = 1 + number % 5
        near = rng.normal(size=(1, 6)) + 0.2 * rng.normal(size=(count, 6))
        vectors = near @ axes + outside * rng.normal(size=(count, 40))
        tracks.append(track(f"t{number:03d}", "odd" if number % 2 else "even"))
        parts.append(windows(vectors))
    plain = Index(tracks, parts)
    monkeypatch.setattr(index_module, "TURNED_FROM", 100)
    turned = Index(tracks, parts)
    assert turned._flat.d == (40 if outside else 6)
    for _ in range(20):
        query = rng.normal(size=40).astype(np.float32)  # mostly outside of where the tracks lie
        for wanted in (None, TrackFilter(moods=frozenset({"odd"}))):
            for without in [(), ("t003", "t017", "nobody")]:
                expected = plain.search(query, 7, wanted, without)
                found = turned.search(query, 7, wanted, without)
                assert [(m.track.id, m.start_s) for m in found] == [(m.track.id, m.start_s) for m in expected]
                np.testing.assert_allclose(
                    [m.similarity for m in found], [m.similarity for m in expected], atol=1e-5
                )
                assert not {m.track.id for m in found} & set(without)
        for one, other in zip(plain.best_windows(query), turned.best_windows(query), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(plain.track_vectors(), turned.track_vectors(), atol=1e-5)
    for name in ("t000", "t144", "t299"):
        assert [m.track.id for m in plain.similar(name, 5)] == [m.track.id for m in turned.similar(name, 5)]
        for read in (lambda i, t=name: i.track_vector(t), lambda i, t=name: i.window_vector(t, 17.0)):
            np.testing.assert_allclose(read(plain), read(turned), atol=1e-5)
