"""What an index of tracks promises, whoever keeps its vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError

Vectors = NDArray[np.float32]


class TrackIndexError(UserError):
    """An index that cannot be opened, or was made for other vectors."""


@dataclass(frozen=True)
class Entry:
    """A track to be found: its windows' vectors, float32 [w, d], and their starts [w] in seconds."""

    track_id: str
    vectors: Vectors
    starts_s: NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """A track found, the cosine of its best window to the query (-1 to 1), and where that begins."""

    track_id: str
    similarity: float
    start_s: float


class TrackIndex(Protocol):
    """Nearest tracks by cosine. ``len`` counts windows."""

    def __len__(self) -> int: ...

    def __contains__(self, track_id: str) -> bool: ...

    def track_ids(self) -> Iterator[str]:
        """All tracks, each once, in no certain order."""
        ...

    def add(self, entries: Iterable[Entry]) -> int:
        """Add tracks, or replace those that are there; returns how many windows came in."""
        ...

    def remove(self, track_ids: Iterable[str]) -> int:
        """Take tracks out; returns how many were there."""
        ...

    def search(self, vector: Vectors, k: int, *, among: Sequence[str] | None = None) -> list[Hit]:
        """The ``k`` nearest tracks to a query [d], best first; ``among`` names those to look at."""
        ...

    def save(self) -> None:
        """Make everything that was added and removed last."""
        ...

    def close(self) -> None: ...


def best_of(rows: Iterable[tuple[str, float, float]], k: int) -> list[Hit]:
    """(track, similarity, start) of windows -> the best window of each track, ``k`` at most, in order."""
    best: dict[str, tuple[float, float]] = {}
    for track_id, similarity, start_s in rows:
        found = (-similarity, start_s)
        if track_id not in best or found < best[track_id]:
            best[track_id] = found
    hits = [
        Hit(track_id, float(np.clip(-negative, -1.0, 1.0)), start_s)
        for track_id, (negative, start_s) in best.items()
    ]
    hits.sort(key=lambda hit: (-hit.similarity, hit.track_id))
    return hits[:k]


def unit(vectors: Vectors) -> Vectors:
    """Vectors [n, d] of length one; a vector of zeros stays zero."""
    vectors = np.ascontiguousarray(vectors, np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    made: Vectors = vectors / np.maximum(length, 1e-12)
    return made
