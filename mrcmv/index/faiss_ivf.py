"""A catalogue on one machine: FAISS's inverted lists over 8-bit vectors, their names in SQLite.

Windows are sorted into cells around centres learned from the first of them; a query looks at the
nearest few cells. A vector takes 8 bits a dimension (512 bytes), and the lists are mapped into memory
from the disk, so that opening a million windows costs next to nothing.
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

from mrcmv.index.types import Entry, Hit, TrackIndexError, Vectors, best_of, unit
from mrcmv.media import thread_budget

EXACT_UP_TO = 20_000
"""Windows up to which there are no cells: there is too little to learn them from, and no need."""
WINDOWS_PER_CELL = 250
MOST_CELLS = 4096
TRAINED_ON = 64
"""Windows for each cell that the centres are learned from."""
PROBES = 24
"""Cells that a query looks at; see benchmarks/scale.py for what that finds and costs."""
BATCH = 512
"""Tracks that are added at once."""
_NAME, _NAMES = "windows.faiss", "tracks.sqlite"


class FaissIndex:
    """See `TrackIndex`. Several threads may search; one process at a time may change it.

    A change is on the disk after `save`; killed before, the index is as it was at the last one.
    """

    def __init__(self, folder: Path, dimension: int = 512) -> None:
        import faiss

        faiss.omp_set_num_threads(thread_budget())
        self.folder, self.dimension = folder, dimension
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._names = sqlite3.connect(folder / _NAMES, check_same_thread=False)
            self._names.execute("PRAGMA journal_mode = WAL")
            self._names.execute(
                "CREATE TABLE IF NOT EXISTS tracks (number INTEGER PRIMARY KEY AUTOINCREMENT, "
                "id TEXT NOT NULL UNIQUE, starts TEXT NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            raise TrackIndexError(
                "The index's folder cannot be used: name one of yours with room."
            ) from error
        self._windows = self._open()

    def _open(self) -> Any:
        import faiss

        path = self.folder / _NAME
        if not path.exists():
            return faiss.IndexIDMap2(faiss.IndexFlatIP(self.dimension))
        try:
            windows = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        except RuntimeError as error:
            raise TrackIndexError("The index is damaged: delete its folder and build it again.") from error
        if windows.d != self.dimension:
            raise TrackIndexError(f"This index holds vectors of length {windows.d}, not {self.dimension}.")
        return windows

    def __len__(self) -> int:
        return int(self._windows.ntotal)

    def __contains__(self, track_id: str) -> bool:
        row = self._names.execute("SELECT 1 FROM tracks WHERE id = ?", (track_id,)).fetchone()
        return row is not None

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
            if self._is_exact() and len(self) > EXACT_UP_TO:
                self.learn()
        return count

    def _name(self, entry: Entry) -> int:
        starts = json.dumps([round(float(start), 3) for start in entry.starts_s])
        cursor = self._names.execute(
            "INSERT INTO tracks (id, starts) VALUES (?, ?)", (entry.track_id, starts)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def learn(self, seed: int = 0) -> None:
        """Sort all windows into cells learned from a random part of them. Needed once, and worth doing
        again when the catalogue has grown tenfold. Needs the vectors as they came: from the exact index
        they are taken as they are, from cells as their 8 bits tell."""
        import faiss

        with self._lock:
            vectors, ids = self._contents()
            cells = int(min(MOST_CELLS, max(16, len(ids) // WINDOWS_PER_CELL)))
            made: Any = faiss.index_factory(self.dimension, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
            made.cp.seed = seed
            chosen = np.random.default_rng(seed).permutation(len(ids))[: cells * TRAINED_ON]
            made.train(vectors[np.sort(chosen)])
            made.nprobe = PROBES
            for start in range(0, len(ids), 50_000):
                made.add_with_ids(vectors[start : start + 50_000], ids[start : start + 50_000])
            self._windows = made

    def _contents(self) -> tuple[Vectors, NDArray[np.int64]]:
        """All vectors [n, d] and their ids [n]."""
        import faiss

        if self._is_exact():
            flat = faiss.downcast_index(self._windows.index)
            return flat.reconstruct_n(0, flat.ntotal), faiss.vector_to_array(self._windows.id_map)
        lists = self._windows.invlists
        ids = np.concatenate(
            [
                faiss.rev_swig_ptr(lists.get_ids(cell), lists.list_size(cell)).copy()
                for cell in range(self._windows.nlist)
                if lists.list_size(cell)
            ]
        )
        self._windows.make_direct_map(True)
        vectors = self._windows.reconstruct_batch(ids)
        self._windows.make_direct_map(False)
        return vectors, ids

    def _is_exact(self) -> bool:
        import faiss

        return isinstance(self._windows, faiss.IndexIDMap2)

    def _writable(self) -> None:
        """What was mapped from the disk is read into memory before its first change."""
        import faiss

        path = self.folder / _NAME
        mapped = not self._is_exact() and isinstance(
            faiss.downcast_InvertedLists(self._windows.invlists), faiss.OnDiskInvertedLists
        )
        if mapped:
            self._windows = faiss.read_index(str(path))

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
        query = unit(np.asarray(vector, np.float32).reshape(1, -1))
        with self._lock:
            params = self._params(among)
            count = min(len(self), max(64, 16 * k))
            while True:
                similarities, ids = self._windows.search(query, count, params=params)
                found = ids[0] >= 0
                hits = best_of(self._named(ids[0][found], similarities[0][found]), k)
                if len(hits) >= k or count >= len(self) or not found.all():
                    return hits
                count = min(len(self), 4 * count)

    def _params(self, among: Sequence[str] | None) -> Any:
        if among is None:
            return None
        import faiss as untyped

        faiss: Any = untyped  # its stubs do not know the keywords of search parameters
        marks = ",".join("?" * len(among))
        rows = self._names.execute(
            f"SELECT number, starts FROM tracks WHERE id IN ({marks})",  # noqa: S608 - only question marks
            list(among),
        )
        ids = [_ids(int(number), len(json.loads(starts))) for number, starts in rows]
        chosen = faiss.IDSelectorBatch(np.concatenate(ids) if ids else np.zeros(0, np.int64))
        if self._is_exact():
            return faiss.SearchParameters(sel=chosen)
        return faiss.SearchParametersIVF(sel=chosen, nprobe=self._windows.nlist)

    def _named(
        self, ids: NDArray[np.int64], similarities: NDArray[np.float32]
    ) -> Iterator[tuple[str, float, float]]:
        known: dict[int, tuple[str, list[float]]] = {}
        for window, similarity in zip(ids.tolist(), similarities.tolist(), strict=True):
            number, place = divmod(window, _PER_TRACK)
            if number not in known:
                row = self._names.execute(
                    "SELECT id, starts FROM tracks WHERE number = ?", (number,)
                ).fetchone()
                if row is None:  # taken out, and not saved yet by whoever did it
                    continue
                known[number] = (row[0], json.loads(row[1]))
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
