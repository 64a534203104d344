"""Where the vectors of a catalogue lie: shards of some tracks each, written once, whole or not at all.

``OUT/<weights>-w<rule>/shards/<hash of what is in it>.npz``, and ``OUT/sources.jsonl`` with the names.
Only the process that was started by the user writes here, so a worker that dies leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.catalogue.sources import Source
from mrcmv.catalogue.work import Done
from mrcmv.index import Entry
from mrcmv.library import WINDOW_RULE, write_npz
from mrcmv.media import UserError

log = logging.getLogger(__name__)
_SOURCES = "sources.jsonl"


class Shards:
    """The shards of one catalogue under one network."""

    def __init__(self, out: Path, model_sha256: str) -> None:
        self.folder = out / f"{model_sha256[:16]}-w{WINDOW_RULE}" / "shards"
        self.model_sha256 = model_sha256

    def write(self, done: Done) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = sorted(done.vectors)
        tracks = [done.vectors[key] for key in keys]
        arrays: dict[str, Any] = {
            "model": np.array(self.model_sha256),
            "keys": np.array(keys, dtype="U64"),
            "counts": np.array([len(track.starts_s) for track in tracks], np.int64),
            "refused": np.array(json.dumps(done.refused)),
        }
        if tracks:
            arrays["vectors"] = np.concatenate([track.vectors for track in tracks])
            arrays["starts_s"] = np.concatenate([track.starts_s for track in tracks])
        name = hashlib.sha256("".join([*keys, *sorted(done.refused)]).encode()).hexdigest()[:24]
        write_npz(self.folder / f"{name}.npz", arrays)

    def known(self) -> tuple[dict[str, int], dict[str, str]]:
        """Windows by key of the tracks that are done, and sentences by key of those that cannot be used."""
        done: dict[str, int] = {}
        refused: dict[str, str] = {}
        for kept in self._read():
            done.update(zip(kept["keys"].tolist(), kept["counts"].tolist(), strict=True))
            refused.update(json.loads(str(kept["refused"])))
        return done, refused

    def entries(self, names: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
        """Every track once, by its first name; tracks without a name are left out."""
        given: set[str] = set()
        for kept in self._read():
            keys, counts = kept["keys"].tolist(), kept["counts"]
            if not keys:
                continue
            edges = np.cumsum(counts)[:-1]
            parts = (np.split(kept[name], edges) for name in ("vectors", "starts_s"))
            for key, vectors, starts_s in zip(keys, *parts, strict=True):
                if key in names and key not in given:
                    given.add(key)
                    yield Entry(names[key][0], vectors, starts_s)

    def _read(self) -> Iterator[dict[str, Any]]:
        """The arrays of every shard; one that is damaged is set aside, and its tracks are embedded again."""
        for path in sorted(self.folder.glob("*.npz")):
            try:
                with np.load(path, allow_pickle=False) as kept:
                    arrays = {name: kept[name] for name in kept.files}
                if str(arrays["model"]) != self.model_sha256:
                    raise ValueError("it belongs to another network")
                if arrays["counts"].sum() != len(arrays.get("vectors", ())):
                    raise ValueError("it is not whole")
            except Exception as error:  # a damaged zip or array raises a dozen kinds
                log.warning("The shard %s is damaged and made again: %s", path.name, error)
                os.replace(path, path.with_suffix(".damaged"))
                continue
            yield arrays


def write_names(out: Path, sources: Sequence[Source], keys: Sequence[str | None]) -> None:
    """Note which name means which content; whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    partial = out / f"{_SOURCES}.{secrets.token_hex(4)}.partial"
    with partial.open("w", encoding="utf-8") as file:
        for source, key in zip(sources, keys, strict=True):
            if key is not None:
                file.write(json.dumps({"id": source.track_id, "key": key}, ensure_ascii=False) + "\n")
    os.replace(partial, out / _SOURCES)


def read_names(out: Path) -> dict[str, list[str]]:
    """The names of every content, in the order of the catalogue."""
    names: dict[str, list[str]] = {}
    try:
        lines = (out / _SOURCES).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError("No catalogue was embedded into this folder: run catalogue embed first.") from error
    for line in lines:
        row = json.loads(line)
        names.setdefault(row["key"], []).append(row["id"])
    return names


def read_embedded(out: Path, model_sha256: str | None = None) -> Iterator[Entry]:
    """The tracks that are embedded, each once, for `mrcmv.index.TrackIndex.add`.

    Without a hash of weights there must be vectors of one network only.

    Raises
    ------
    UserError
        Nothing was embedded there, or by several networks and none is named.
    """
    names = read_names(out)
    if model_sha256 is None:
        found = sorted(out.glob("*/shards/*.npz"))
        models = {path.parent for path in found}
        if len(models) != 1:
            raise UserError(
                "Several networks embedded this catalogue: name the checkpoint."
                if models
                else "Nothing of this catalogue is embedded yet: run catalogue embed first."
            )
        with np.load(found[0], allow_pickle=False) as kept:
            model_sha256 = str(kept["model"])
    yield from Shards(out, model_sha256).entries(names)
