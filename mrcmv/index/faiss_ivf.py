"""A catalogue on one machine: FAISS's inverted lists, their names in SQLite.

Windows are sorted into cells around centres learned from some of them (`mrcmv.index.cells`); a query looks
at the nearest few cells. The lists are mapped into memory from the disk, so that opening a million windows
costs next to nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.index.cells import CHUNK, MOST_CELLS, contents, inner_lists, learn, look_at_some, sample_for
from mrcmv.index.types import Entry, Hit, TrackIndexError, Vectors, best_of, unit
from mrcmv.media import thread_budget

EXACT_UP_TO = 20_000
"""Windows up to which there are no cells: there is too little to learn them from, and no need."""
LEARNED_FROM = 250_000
"""Windows that are gathered before cells are learned, when more are added at once: half a gigabyte."""
AGAIN = 3
"""So many times more windows than when the cells were learned: they are learned anew."""
BATCH = 512
"""Tracks that are added at once."""
_NAME, _NAMES = "windows.faiss", "tracks.sqlite"
_DAMAGED = "The index is damaged: delete its folder and fill it again with mrcmv catalogue index."


class FaissIndex:
    """See `TrackIndex`. Several threads may search; one process at a time may change it.

    A change is on the disk after `save`; killed before, the index is as it was at the last one.
    """

    def __init__(self, folder: Path, dimension: int = 512) -> None:
        self.folder, self.dimension = folder, dimension
        self._lock = threading.RLock()
        if (folder / _NAME).exists() and not (folder / _NAMES).exists():
            raise TrackIndexError(_DAMAGED)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._names = sqlite3.connect(folder / _NAMES, check_same_thread=False)
            self._names.execute("PRAGMA journal_mode = WAL")
            self._names.execute(
                "CREATE TABLE IF NOT EXISTS tracks (number INTEGER PRIMARY KEY AUTOINCREMENT, "
                "id TEXT NOT NULL UNIQUE, starts TEXT NOT NULL)"
            )
            self._names.execute("CREATE TABLE IF NOT EXISTS learned (windows INTEGER NOT NULL)")
        except (OSError, sqlite3.OperationalError) as error:
            raise TrackIndexError(
                "The index's folder cannot be used: name one of yours with room."
            ) from error
        except sqlite3.DatabaseError as error:
            raise TrackIndexError(_DAMAGED) from error
        self._windows = self._open()

    def _open(self) -> Any:
        import faiss

        path = self.folder / _NAME
        if not path.exists():
            if next(self.track_ids(), None) is not None:  # windows are written before their names
                raise TrackIndexError(_DAMAGED)
            return faiss.IndexIDMap2(faiss.IndexFlatIP(self.dimension))
        try:
            windows = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        except RuntimeError as error:
            raise TrackIndexError(_DAMAGED) from error
        if windows.d != self.dimension:
            raise TrackIndexError(f"This index holds vectors of length {windows.d}, not {self.dimension}.")
        return windows if isinstance(windows, faiss.IndexIDMap2) else look_at_some(windows)

    def __len__(self) -> int:
        return int(self._windows.ntotal)

    def __contains__(self, track_id: str) -> bool:
        row = self._names.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone()
        return row is not None

    def track_ids(self) -> Iterator[str]:
        yield from (row[0] for row in self._names.execute("SELECT id FROM tracks").fetchall())

    def add(self, entries: Iterable[Entry]) -> int:
        count = 0
        stream = iter(entries)
        with self._lock:
            while batch := list(islice(stream, BATCH)):
                self.remove(entry.track_id for entry in batch)
                numbers = [self._name(entry) for entry in batch]
                vectors = unit(np.concatenate([entry.vectors for entry in batch]))
                if vectors.shape[1] != self.dimension:
                    raise TrackIndexError(f"This index takes vectors of length {self.dimension}.")
                ids = np.concatenate(
                    [_ids(number, len(entry.vectors)) for number, entry in zip(numbers, batch, strict=True)]
                )
                self._writable()
                self._windows.add_with_ids(vectors, ids)
                count += len(vectors)
                if self._is_exact() and len(self) >= LEARNED_FROM:
                    self.learn()
            if len(self) > EXACT_UP_TO and self._outgrown():
                self.learn()
        return count

    def _outgrown(self) -> bool:
        if self._is_exact():
            return True
        learned = int(self._names.execute("SELECT windows FROM learned").fetchone()[0])
        return len(self) >= AGAIN * learned and inner_lists(self._windows).nlist < MOST_CELLS

    def _name(self, entry: Entry) -> int:
        starts = json.dumps([round(float(start), 3) for start in entry.starts_s])
        cursor = self._names.execute(
            "INSERT INTO tracks (id, starts) VALUES (?, ?)", (entry.track_id, starts)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def learn(self, seed: int = 0) -> None:
        """Sort all windows into cells learned from a random part of them.

        Done by `add` when there are enough, and again when there are `AGAIN` times as many; from then on
        the vectors are as they were kept (16 or 8 bits a dimension).
        """
        import faiss

        with self._lock:
            faiss.omp_set_num_threads(thread_budget())
            self._windows = self._relearned(seed)
            self._names.execute("DELETE FROM learned")
            self._names.execute("INSERT INTO learned VALUES (?)", (len(self),))

    def _relearned(self, seed: int) -> Any:
        rng, share = np.random.default_rng(seed), sample_for(len(self)) / len(self)
        parts = [vectors[rng.random(len(vectors)) < share] for vectors, _ in self._contents()]
        made = learn(np.concatenate(parts), len(self), seed)
        for vectors, ids in self._contents():
            made.add_with_ids(vectors, ids)
        return made

    def _contents(self) -> Iterator[tuple[Vectors, NDArray[np.int64]]]:
        """All vectors [n, d] and their ids [n], part by part."""
        import faiss

        if not self._is_exact():
            yield from contents(self._windows)
            return
        flat, ids = faiss.downcast_index(self._windows.index), faiss.vector_to_array(self._windows.id_map)
        for start in range(0, len(ids), CHUNK):
            some = min(CHUNK, len(ids) - start)
            yield flat.reconstruct_n(start, some), ids[start : start + some]

    def _is_exact(self) -> bool:
        import faiss

        return isinstance(self._windows, faiss.IndexIDMap2)

    def _writable(self) -> None:
        """What was mapped from the disk is read into memory before its first change."""
        import faiss

        path = self.folder / _NAME
        mapped = not self._is_exact() and isinstance(
            faiss.downcast_InvertedLists(inner_lists(self._windows).invlists), faiss.OnDiskInvertedLists
        )
        if mapped:
            read = faiss.read_index(str(path))
            self._windows = read if self._is_exact() else look_at_some(read)

    def remove(self, track_ids: Iterable[str]) -> int:
        import faiss

        with self._lock:
            numbers = [
                (int(row[0]), len(json.loads(row[1])))
                for track_id in track_ids
                if (
                    row := self._names.execute(
                        "SELECT number, starts FROM tracks WHERE id = ?", (track_id,)
                    ).fetchone()
                )
            ]
            if not numbers:
                return 0
            self._writable()
            ids = np.concatenate([_ids(number, windows) for number, windows in numbers])
            self._windows.remove_ids(faiss.IDSelectorBatch(ids))
            self._names.executemany(
                "DELETE FROM tracks WHERE number = ?", [(number,) for number, _ in numbers]
            )
            return len(numbers)

    def search(self, vector: Vectors, k: int, *, among: Sequence[str] | None = None) -> list[Hit]:
        if k < 1 or not len(self):
            return []
        import faiss

        faiss.omp_set_num_threads(
            1
        )  # of this thread; two that wait for each other are slower on a busy machine
        query = unit(np.asarray(vector, np.float32).reshape(1, -1))
        with self._lock:
            params = self._params(among)
            count = min(len(self), max(64, 16 * k))
            while True:
                similarities, ids = self._windows.search(query, count, params=params)
                found = ids[0] >= 0
                hits = best_of(self._named(ids[0][found], similarities[0][found], k), k)
                if len(hits) >= k or count >= len(self) or not found.all():
                    return hits
                count = min(len(self), 4 * count)

    def _params(self, among: Sequence[str] | None) -> Any:
        if among is None:
            return None
        import faiss as untyped

        faiss: Any = untyped  # its stubs do not know the keywords of search parameters
        rows = self._names.execute(
            "SELECT number, starts FROM tracks WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(among)),),
        )
        ids = [_ids(int(number), len(json.loads(starts))) for number, starts in rows]
        chosen = faiss.IDSelectorBatch(np.concatenate(ids) if ids else np.zeros(0, np.int64))
        if self._is_exact():
            return faiss.SearchParameters(sel=chosen)
        return faiss.SearchParametersIVF(sel=chosen, nprobe=inner_lists(self._windows).nlist)

    def _named(
        self, ids: NDArray[np.int64], similarities: NDArray[np.float32], k: int
    ) -> Iterator[tuple[str, float, float]]:
        """The nearest windows, best first, as far down as the best ``k`` tracks and those as near go."""
        numbers, places = np.divmod(ids, _PER_TRACK)
        _, first = np.unique(numbers, return_index=True)
        if len(first) > k:
            last = similarities[np.sort(first)[k - 1]]
            numbers, places, similarities = (
                each[similarities >= last] for each in (numbers, places, similarities)
            )
        rows = self._names.execute(
            "SELECT number, id, starts FROM tracks WHERE number IN (SELECT value FROM json_each(?))",
            (json.dumps(np.unique(numbers).tolist()),),
        )
        known = {number: (track_id, json.loads(starts)) for number, track_id, starts in rows}
        for number, place, similarity in zip(
            numbers.tolist(), places.tolist(), similarities.tolist(), strict=True
        ):
            if number in known:  # else it was taken out by another process, and that is saved
                track_id, starts = known[number]
                yield track_id, similarity, starts[place]

    def save(self) -> None:
        import faiss

        with self._lock:
            partial = self.folder / f"{_NAME}.partial"
            faiss.write_index(self._windows, str(partial))
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(partial, self.folder / _NAME)  # names without windows are harmless, not the reverse
            self._names.commit()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._names.close()


_PER_TRACK = 1 << 16


def _ids(number: int, windows: int) -> NDArray[np.int64]:
    if windows > _PER_TRACK:
        raise TrackIndexError("This track has too many windows: it is longer than six days.")
    return np.arange(windows, dtype=np.int64) + number * _PER_TRACK
