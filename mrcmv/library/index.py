"""Index: the nearest tracks to a query, and the best moment in each.

FAISS's flat inner product over the unit vectors of all windows: exact cosine, no training. In large
libraries the vectors are first turned, without loss, into the few dimensions that they lie in where a
network makes such vectors (`mrcmv.index`): half a million windows then take milliseconds and 130 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.index import spanned
from mrcmv.library.embeddings import TrackVectors, unit
from mrcmv.library.filters import TrackFilter
from mrcmv.library.track import Track
from mrcmv.media import thread_budget

_MASKS = 64
"""Filters whose verdicts are remembered."""
TURNED_FROM = 20_000
"""Windows from which on the vectors are turned; below there is little to gain."""
LEARNED_FROM = 5_000
"""Windows that tell which dimensions these are; then each is checked."""
OFF = 2e-5
"""Length of a vector that may lie outside: no cosine is further off."""


@dataclass(frozen=True)
class Match:
    """A track found, the cosine of its best window to the query (-1 to 1), and where that begins."""

    track: Track
    similarity: float
    start_s: float


class Index:
    """A searchable picture of the library at one moment. It never changes, so threads may share it.

    Parameters
    ----------
    tracks, vectors
        One after the other: a track and the vectors of its windows.
    """

    def __init__(self, tracks: Sequence[Track], vectors: Sequence[TrackVectors]) -> None:
        self.tracks = tuple(tracks)
        self._places = {track.id: place for place, track in enumerate(self.tracks)}
        self._masks: dict[TrackFilter, NDArray[np.bool_]] = {}
        self._counts = counts = [len(part.starts_s) for part in vectors]
        self._owners = np.repeat(np.arange(len(self.tracks)), counts)
        self._edges = np.cumsum(counts, dtype=np.int64) - counts
        self._starts = (
            np.concatenate([part.starts_s for part in vectors]) if vectors else np.zeros(0, np.float32)
        )
        self._axes = directions(vectors) if len(self) >= TURNED_FROM else None
        self._flat: Any = None
        for some in portions(vectors):
            if self._flat is None:
                import faiss

                faiss.omp_set_num_threads(thread_budget())
                self._flat = faiss.IndexFlatIP((some if self._axes is None else self._axes.T).shape[1])
            self._flat.add(self._turned(some))

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self._starts)

    @property
    def width(self) -> int:
        """Numbers that are kept of each window."""
        return 0 if self._flat is None else int(self._flat.d)

    def search(
        self,
        vector: NDArray[np.float32],
        k: int,
        allowed: Callable[[Track], bool] | None = None,
        without: Collection[str] = (),
    ) -> list[Match]:
        """The ``k`` nearest tracks, best first, each with its best window.

        Parameters
        ----------
        vector
            The query [d]; its length does not matter.
        k
            How many tracks; fewer come back when the library, or what is allowed of it, is smaller.
        allowed
            Only tracks for which this is true are looked at.
        without
            Ids of tracks that are not looked at.

        Equal similarities are ordered by track id, then by start, so the answer is always the same.
        """
        if k < 1 or self._flat is None:
            return []
        query = self._turned(unit(np.asarray(vector, np.float32).reshape(1, -1)))
        selected, total = self._selection(allowed, without)
        count = min(total, max(64, 8 * k))
        while True:
            ranked, last = self._ranked(query, count, selected)
            # A track that ties with the k-th may hide behind the last window seen.
            if count >= total or (len(ranked) >= k and last < ranked[k - 1].similarity):
                return ranked[:k]
            count = min(total, 4 * count)

    def similar(self, track_id: str, k: int, allowed: Callable[[Track], bool] | None = None) -> list[Match]:
        """The ``k`` tracks most like one of the library: nearest to the middle of its windows.

        Empty when the track is not in the index. Parameters as for `search`.
        """
        vector = self.track_vector(track_id)
        if vector is None:
            return []
        found = self.search(vector, k + 1, allowed)  # the track itself is usually among them
        return [match for match in found if match.track.id != track_id][:k]

    def best_windows(self, vector: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of every track, in the order of ``tracks``: the cosine of its best window, and its start in s.

        ``search`` without an order and without an end, for those who weigh the cosine against something
        else. Of windows that are equally near the first one counts.
        """
        if self._flat is None:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        query = self._turned(unit(np.asarray(vector, np.float32).reshape(1, -1)))[0]
        cosines = self._matrix() @ query
        best = np.maximum.reduceat(cosines, self._edges)
        nearest = np.flatnonzero(cosines == best[self._owners])
        _, first = np.unique(self._owners[nearest], return_index=True)
        return np.clip(best, -1, 1), self._starts[nearest[first]]

    def allows(
        self, allowed: Callable[[Track], bool] | None = None, without: Collection[str] = ()
    ) -> NDArray[np.bool_]:
        """Which of ``tracks`` a filter lets pass, those aside that are named by their ids."""
        mask = np.ones(len(self.tracks), bool) if allowed is None else self._mask(allowed).copy()
        mask[[self._places[track_id] for track_id in without if track_id in self._places]] = False
        return mask

    @cached_property
    def id_order(self) -> NDArray[np.int64]:
        """Of every track, in the order of ``tracks``, the place of its id among all ids in order."""
        order = np.empty(len(self.tracks), np.int64)
        order[np.argsort(np.array([track.id for track in self.tracks]), kind="stable")] = np.arange(
            len(order)
        )
        return order

    def window_vector(self, track_id: str, start_s: float) -> NDArray[np.float32] | None:
        """The unit vector [d] of the window of a track that begins at, or nearest to, ``start_s``."""
        windows = self._windows(track_id)
        if windows is None:
            return None
        nearest = int(np.abs(self._starts[windows] - start_s).argmin())
        return self._back(self._matrix()[windows][nearest])

    def track_vectors(self) -> NDArray[np.float32]:
        """Of every track, in the order of ``tracks``, the middle of its windows: unit vectors [tracks, d]."""
        if self._flat is None:
            return np.zeros((0, 0), np.float32)
        return unit(self._back(np.add.reduceat(self._matrix(), self._edges)))

    def track_vector(self, track_id: str) -> NDArray[np.float32] | None:
        """The middle of a track's windows, a unit vector [d]; None when the track is not in the index."""
        windows = self._windows(track_id)
        return None if windows is None else unit(self._back(self._matrix()[windows].mean(axis=0)))

    def _windows(self, track_id: str) -> slice | None:
        place = self._places.get(track_id)
        if place is None:
            return None
        begin = int(self._edges[place])
        return slice(begin, begin + self._counts[place])

    def _turned(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors [n, d] as FAISS holds them."""
        return np.ascontiguousarray(vectors if self._axes is None else vectors @ self._axes.T)

    def _back(self, held: NDArray[np.float32]) -> NDArray[np.float32]:
        """The inverse: a new array [..., d]."""
        vectors: NDArray[np.float32] = held.copy() if self._axes is None else held @ self._axes
        return vectors

    def _matrix(self) -> NDArray[np.float32]:
        """The vectors of all windows [windows, d], turned, as FAISS holds them (not copied)."""
        import faiss

        held = faiss.rev_swig_ptr(self._flat.get_xb(), len(self) * self._flat.d)
        matrix: NDArray[np.float32] = held.reshape(len(self), self._flat.d)
        return matrix

    def _selection(
        self, allowed: Callable[[Track], bool] | None, without: Collection[str]
    ) -> tuple[Any, int]:
        """FAISS's parameters that look only at windows of allowed tracks, and how many those are."""
        if allowed is None and not without:
            return None, len(self)
        import faiss

        mask = self.allows(allowed, without)[self._owners]
        bits = np.packbits(mask, bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
        return faiss.SearchParameters(sel=selector), int(mask.sum())  # type: ignore[call-arg]

    def _mask(self, allowed: Callable[[Track], bool]) -> NDArray[np.bool_]:
        """Which tracks are allowed; remembered for filters, which are the same again and again."""
        known = self._masks.get(allowed) if isinstance(allowed, TrackFilter) else None
        if known is not None:
            return known
        mask = np.array([allowed(track) for track in self.tracks], bool)
        if isinstance(allowed, TrackFilter):
            if len(self._masks) >= _MASKS:
                self._masks.clear()
            self._masks[allowed] = mask
        return mask

    def _ranked(self, query: NDArray[np.float32], count: int, selected: Any) -> tuple[list[Match], float]:
        """Tracks in order among the ``count`` nearest windows, and the similarity of the last of these."""
        if not count:
            return [], -np.inf
        similarities, places = self._flat.search(query, count, params=selected)
        best: dict[int, tuple[float, float]] = {}
        for similarity, place in zip(similarities[0].tolist(), places[0].tolist(), strict=True):
            if place < 0:
                continue
            owner, found = int(self._owners[place]), (-similarity, float(self._starts[place]))
            if owner not in best or found < best[owner]:
                best[owner] = found
        ranked = [
            Match(self.tracks[owner], float(np.clip(-negative, -1, 1)), start_s)
            for owner, (negative, start_s) in best.items()
        ]
        ranked.sort(key=lambda match: (-match.similarity, match.track.id))
        return ranked, float(similarities[0][-1])


def portions(vectors: Sequence[TrackVectors], tracks: int = 2000) -> Iterator[NDArray[np.float32]]:
    """All windows [n, d], those of some tracks at a time."""
    for begin in range(0, len(vectors), tracks):
        yield np.concatenate([part.vectors for part in vectors[begin : begin + tracks]])


def directions(vectors: Sequence[TrackVectors]) -> NDArray[np.float32] | None:
    """The directions [r, d] in which all windows lie; None when they need more than half of all."""
    every = max(1, sum(len(part.starts_s) for part in vectors) // LEARNED_FROM)
    axes = spanned(np.concatenate([part.vectors for part in vectors[::every]]))
    if axes is None:
        return None
    for some in portions(vectors):
        outside = some - (some @ axes.T) @ axes
        if np.linalg.norm(outside, axis=1).max() > OFF:
            return None
    return axes
