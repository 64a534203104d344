"""A catalogue past one machine: the same index in Milvus, by its address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from mrcmv.index.milvus_address import KINDS, read_address
from mrcmv.index.types import Entry, Hit, TrackIndexError, Vectors, best_of, unit

COLLECTION = "mrcmv_windows"
BATCH = 1000
"""Windows that are sent at once."""
TRACKS = 200
"""Tracks that are looked up or taken out at once."""
MOST_AT_ONCE = 16_000
"""Windows that Milvus gives back for one query."""


class MilvusIndex:
    """See `TrackIndex`. The collection is made where it is not there; `save` flushes it.

    A call that finds the server gone is tried again by the client until the address's ``timeout`` is over.
    """

    def __init__(self, address: str, dimension: int = 512) -> None:
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise TrackIndexError(
                "Milvus needs its client: run pip install -r requirements-scale.txt."
            ) from error
        self.dimension = dimension
        self._where = read_address(address)
        try:
            self._client: Any = MilvusClient(**self._where.connection, timeout=self._where.timeout_s)
            if not self._client.has_collection(COLLECTION):
                self._make()
            told = self._client.describe_collection(COLLECTION)
            self._client.load_collection(COLLECTION)
        except Exception as error:  # the client raises a dozen kinds of its own
            raise TrackIndexError(
                "Milvus does not answer there: check the address and that it runs."
            ) from error
        size = next(field["params"]["dim"] for field in told["fields"] if field["name"] == "vector")
        if int(size) != dimension:
            raise TrackIndexError(f"This index holds vectors of length {size}, not {dimension}.")

    def _make(self) -> None:
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("owner", DataType.VARCHAR, max_length=64)  # hash of the track's id, for filters
        schema.add_field("track", DataType.VARCHAR, max_length=256)
        schema.add_field("start", DataType.FLOAT)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.dimension)
        params = self._client.prepare_index_params()
        kind = self._where.kind
        params.add_index("vector", index_type=kind, metric_type="COSINE", params=KINDS[kind].made_with)
        self._client.create_collection(
            COLLECTION, schema=schema, index_params=params, consistency_level=self._where.consistency
        )

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """The client; what it raises becomes one sentence."""
        from pymilvus.exceptions import MilvusException

        try:
            yield self._client
        except MilvusException as error:
            raise TrackIndexError(
                "Milvus did not do what was asked: check that it runs and has room, then try again."
            ) from error

    def __len__(self) -> int:
        with self._asking() as client:
            rows = client.query(COLLECTION, filter="", output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def __contains__(self, track_id: str) -> bool:
        return bool(self._there([track_id]))

    def track_ids(self) -> Iterator[str]:
        seen: set[str] = set()
        with self._asking() as client:
            pages = client.query_iterator(COLLECTION, batch_size=BATCH, filter="", output_fields=["track"])
            while rows := pages.next():
                new = {row["track"] for row in rows} - seen
                seen |= new
                yield from new
            pages.close()

    def add(self, entries: Iterable[Entry]) -> int:
        count = 0
        stream = iter(entries)
        while some := list(islice(stream, TRACKS)):
            for entry in some:
                if entry.vectors.shape[1] != self.dimension:
                    raise TrackIndexError(f"This index takes vectors of length {self.dimension}.")
            self.remove([entry.track_id for entry in some])  # they may have had more windows before
            rows = _rows(some)
            while batch := list(islice(rows, BATCH)):
                with self._asking() as client:
                    client.upsert(COLLECTION, batch)
                count += len(batch)
        return count

    def remove(self, track_ids: Iterable[str]) -> int:
        count = 0
        stream = iter(track_ids)
        while some := list(islice(stream, TRACKS)):
            if there := self._there(some):
                with self._asking() as client:
                    client.delete(COLLECTION, filter=_owned_by(there))
                count += len(there)
        return count

    def _there(self, track_ids: Sequence[str]) -> list[str]:
        """Those tracks that are in the index."""
        keys = [_hash(f"{track_id}\0{0}") for track_id in track_ids]  # of their first windows
        with self._asking() as client:
            rows = client.get(COLLECTION, ids=keys, output_fields=["track"])
        found = {row["track"] for row in rows}
        return [track_id for track_id in dict.fromkeys(track_ids) if track_id in found]

    def search(self, vector: Vectors, k: int, *, among: Sequence[str] | None = None) -> list[Hit]:
        if k < 1 or (among is not None and not among):
            return []
        query = unit(np.asarray(vector, np.float32).reshape(1, -1))[0].tolist()
        chosen = {} if among is None else {"filter": _owned_by(among)}
        count = max(64, 8 * k)
        while True:
            with self._asking() as client:
                rows = client.search(
                    COLLECTION,
                    data=[query],
                    limit=count,
                    output_fields=["track", "start"],
                    search_params={"params": KINDS[self._where.kind].searched_with(count)},
                    **chosen,
                )[0]
            hits = best_of(
                ((row["entity"]["track"], row["distance"], row["entity"]["start"]) for row in rows), k
            )
            if len(hits) >= k or len(rows) < count or count >= MOST_AT_ONCE:
                return hits
            count = min(MOST_AT_ONCE, 4 * count)

    def save(self) -> None:
        with self._asking() as client:
            client.flush(COLLECTION)

    def close(self) -> None:
        self._client.close()


def _rows(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """A window's key follows from its track and number: sent twice, it is there once."""
    for entry in entries:
        for number, vector in enumerate(unit(entry.vectors)):
            yield {
                "id": _hash(f"{entry.track_id}\0{number}"),
                "owner": _hash(entry.track_id),
                "track": entry.track_id,
                "start": float(entry.starts_s[number]),
                "vector": vector.tolist(),
            }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _owned_by(track_ids: Sequence[str]) -> str:
    """A filter of hashes: nothing of an id reaches Milvus's language of filters."""
    return f"owner in [{', '.join(repr(_hash(track_id)) for track_id in track_ids)}]".replace("'", '"')
