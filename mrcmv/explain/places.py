"""All tracks as points of a plane, and the clip among them.

The plane is that of the two principal components of the tracks' vectors. The clip's own vector comes
from another branch of the network and lies off the tracks, so its projection says little; it is drawn
in the middle of the tracks nearest to it instead. `benchmarks.why` prints how well either agrees.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

NEAREST = 10
"""Tracks in whose middle the clip lies, each weighted by how much nearer it is than the next one."""
MOST_CLUSTERS = 9
CLUSTER_WORDS = 2
LEAST_SHARE = 0.34
"""A word stands for a cluster when at least so many of its tracks have it."""


@dataclass(frozen=True)
class Cluster:
    """Words that set the tracks around a place apart; ``count`` of them."""

    x: float
    y: float
    words: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Layout:
    """Places of all tracks of an index.

    Attributes
    ----------
    ids
        Of the tracks.
    points
        [n, 2], within -1..1.
    explained
        Part of the vectors' variance that two dimensions keep, 0..1.
    """

    ids: tuple[str, ...]
    points: Points
    explained: float
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True)
class Map:
    """A layout with a clip on it."""

    layout: Layout
    clip: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "clip": [round(value, 4) for value in self.clip],
            "explained": round(self.layout.explained, 3),
            "tracks": [
                [track_id, round(float(x), 4), round(float(y), 4)]
                for track_id, (x, y) in zip(self.layout.ids, self.layout.points, strict=True)
            ],
            "clusters": [
                {"x": round(c.x, 4), "y": round(c.y, 4), "words": list(c.words), "count": c.count}
                for c in self.layout.clusters
            ],
        }


def lay_out(ids: Sequence[str], vectors: NDArray[np.float32], words: Sequence[Sequence[str]]) -> Layout:
    """Place tracks.

    Parameters
    ----------
    vectors
        [n, d], one for each track.
    words
        What is known of each track, for the names of clusters.
    """
    count = len(ids)
    if not count:
        return Layout((), np.zeros((0, 2)), 0.0, ())
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    total = float(np.maximum(variances, 0).sum())
    plane = axes[:, ::-1][:, :2]
    plane = plane * np.where(plane[np.abs(plane).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # one sign of two
    points = centred @ plane
    reach = float(np.quantile(np.abs(points), 0.995)) or 1.0
    points = np.clip(points / reach, -1.0, 1.0)
    explained = float(np.maximum(variances[-2:], 0).sum()) / total if total > 1e-12 else 0.0
    return Layout(tuple(ids), points, explained, _clusters(points, words))


def place_clip(layout: Layout, similarities: NDArray[np.floating]) -> Map:
    """Put a clip on the map; ``similarities`` [n] are its cosines to the tracks."""
    if not layout.ids:
        return Map(layout, (0.0, 0.0))
    order = np.argsort(-similarities, kind="stable")
    near = order[:NEAREST]
    floor = similarities[order[NEAREST]] if len(order) > NEAREST else similarities[order[-1]] - 1e-6
    weights = np.maximum(similarities[near] - floor, 0) + 1e-9
    x, y = weights @ layout.points[near] / weights.sum()
    return Map(layout, (float(x), float(y)))


def _clusters(points: Points, words: Sequence[Sequence[str]]) -> tuple[Cluster, ...]:
    """Groups of points that words set apart; groups without such words have no name and are left out."""
    from scipy.cluster.vq import kmeans2

    wanted = min(MOST_CLUSTERS, round(math.sqrt(len(points) / 2)))
    if wanted < 2 or len(np.unique(points, axis=0)) <= wanted:
        return ()
    centres, owners = kmeans2(points, wanted, minit="++", seed=0, missing="warn")
    overall = Counter(word for each in words for word in set(each))
    clusters = []
    for number, (x, y) in enumerate(centres):
        inside = [set(words[i]) for i in np.flatnonzero(owners == number).tolist()]
        if not inside:
            continue
        counts = Counter(word for each in inside for word in each)
        lift = {
            word: (share := seen / len(inside)) * math.log(share / (overall[word] / len(points)))
            for word, seen in counts.items()
            if seen / len(inside) >= LEAST_SHARE
        }
        best = sorted((word for word in lift if lift[word] > 0.05), key=lambda word: (-lift[word], word))
        if best:
            clusters.append(Cluster(float(x), float(y), tuple(best[:CLUSTER_WORDS]), len(inside)))
    return tuple(clusters)
