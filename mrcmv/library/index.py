"""Index: the nearest tracks to a query, and the best moment in each.

FAISS's flat inner product over the unit vectors of all windows: exact cosine, no training, and at
100,000 windows still far faster than the picture is understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.library.embeddings import TrackVectors, unit
from mrcmv.library.filters import TrackFilter
from mrcmv.library.track import Track
from mrcmv.media import thread_budget

_MASKS = 64
"""Filters whose verdicts are remembered."""


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
        counts = [len(part.starts_s) for part in vectors]
        self._owners = np.repeat(np.arange(len(self.tracks)), counts)
        self._starts = (
            np.concatenate([part.starts_s for part in vectors]) if vectors else np.zeros(0, np.float32)
        )
        self._flat: Any = None
        for part in vectors:
            if self._flat is None:
                import faiss

                faiss.omp_set_num_threads(thread_budget())
                self._flat = faiss.IndexFlatIP(part.vectors.shape[1])
            self._flat.add(np.ascontiguousarray(part.vectors))

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self._starts)

    def search(
        self,
        vector: NDArray[np.float32],
        k: int,
        allowed: Callable[[Track], bool] | None = None,
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

        Equal similarities are ordered by track id, then by start, so the answer is always the same.
        """
        if k < 1 or self._flat is None:
            return []
        query = unit(np.asarray(vector, np.float32).reshape(1, -1))
        selected, total = self._selection(allowed)
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
        cosines = self._matrix() @ unit(np.asarray(vector, np.float32).ravel())
        edges = np.searchsorted(self._owners, np.arange(len(self.tracks)))
        best = np.maximum.reduceat(cosines, edges)
        order = np.lexsort((np.arange(len(cosines)), -cosines, self._owners))
        return np.clip(best, -1, 1), self._starts[order[edges]]

    def window_vector(self, track_id: str, start_s: float) -> NDArray[np.float32] | None:
        """The unit vector [d] of the window of a track that begins at, or nearest to, ``start_s``."""
        place = next((i for i, track in enumerate(self.tracks) if track.id == track_id), None)
        if place is None:
            return None
        windows = np.flatnonzero(self._owners == place)
        nearest = windows[int(np.abs(self._starts[windows] - start_s).argmin())]
        vector: NDArray[np.float32] = self._matrix()[nearest].copy()
        return vector

    def track_vectors(self) -> NDArray[np.float32]:
        """Of every track, in the order of ``tracks``, the middle of its windows: unit vectors [tracks, d]."""
        if self._flat is None:
            return np.zeros((0, 0), np.float32)
        edges = np.searchsorted(self._owners, np.arange(len(self.tracks)))
        return unit(np.add.reduceat(self._matrix(), edges))

    def track_vector(self, track_id: str) -> NDArray[np.float32] | None:
        """The middle of a track's windows, a unit vector [d]; None when the track is not in the index."""
        place = self._places.get(track_id)
        return None if place is None else unit(self._matrix()[self._owners == place].mean(axis=0))

    def _matrix(self) -> NDArray[np.float32]:
        """The unit vectors of all windows [windows, d], as FAISS holds them (not copied)."""
        import faiss

        held = faiss.rev_swig_ptr(self._flat.get_xb(), len(self) * self._flat.d)
        matrix: NDArray[np.float32] = held.reshape(len(self), self._flat.d)
        return matrix

    def _selection(self, allowed: Callable[[Track], bool] | None) -> tuple[Any, int]:
        """FAISS's parameters that look only at windows of allowed tracks, and how many those are."""
        if allowed is None:
            return None, len(self)
        import faiss

        mask = self._mask(allowed)[self._owners]
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
