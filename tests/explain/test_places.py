"""The map: two groups stay two groups, the clip lies with its own, 10,000 tracks are quick."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mrcmv.explain import Layout, lay_out, place_clip


def two_groups(each: int, seed: int = 0) -> tuple[np.ndarray, list[list[str]]]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0, 0.2, (2 * each, 512))
    vectors[:each, 0] += 3
    vectors[each:, 0] -= 3
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32), [["calm", "music"]] * each + [["wild", "music"]] * each


@pytest.fixture(scope="module")
def layout() -> Layout:
    vectors, words = two_groups(50)
    return lay_out([f"t{i}" for i in range(100)], vectors, words)


def test_groups_stay_apart_and_are_named(layout: Layout) -> None:
    left, right = layout.points[:50, 0], layout.points[50:, 0]
    assert left.max() < right.min() or right.max() < left.min()
    assert np.abs(layout.points).max() <= 1
    assert 0 < layout.explained <= 1
    assert {word for cluster in layout.clusters for word in cluster.words} == {"calm", "wild"}
    assert sum(cluster.count for cluster in layout.clusters) == 100


def test_the_clip_lies_among_what_is_near_to_it(layout: Layout) -> None:
    similarities = np.where(np.arange(100) < 50, 0.8, 0.1) + np.linspace(0.01, 0, 100)
    placed = place_clip(layout, similarities)
    group = layout.points[:50]
    assert group[:, 0].min() <= placed.clip[0] <= group[:, 0].max()
    plain = json.loads(json.dumps(placed.to_json()))
    assert len(plain["tracks"]) == 100
    assert plain["tracks"][0][0] == "t0"


def test_the_same_library_gives_the_same_map(layout: Layout) -> None:
    vectors, words = two_groups(50)
    again = lay_out([f"t{i}" for i in range(100)], vectors, words)
    assert (again.points == layout.points).all()
    assert again.clusters == layout.clusters


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_small_libraries(count: int) -> None:
    vectors, words = two_groups(2)
    small = lay_out([f"t{i}" for i in range(count)], vectors[:count], words[:count])
    placed = place_clip(small, np.linspace(0.5, 0.1, count))
    assert small.points.shape == (count, 2)
    assert np.isfinite([*placed.clip, *small.points.ravel()]).all()


def test_equal_vectors_do_not_disturb() -> None:
    same = np.ones((12, 8), np.float32)
    placed = place_clip(lay_out([str(i) for i in range(12)], same, [[]] * 12), np.full(12, 0.3))
    assert np.isfinite(placed.layout.points).all()


def test_ten_thousand_tracks() -> None:
    vectors, words = two_groups(5000)
    layout = lay_out([f"t{i}" for i in range(10_000)], vectors, words)
    assert len(layout.points) == 10_000
    assert 1 <= len(layout.clusters) <= 9
