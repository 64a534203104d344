"""The way of a catalogue: files, their hashes, tasks, workers, shards."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from mrcmv.catalogue.places import Cluster, Here, Place, Processes
from mrcmv.catalogue.shards import Shards, write_names
from mrcmv.catalogue.sources import Source, keys_of
from mrcmv.catalogue.work import Done, Task
from mrcmv.media import Progress, UserError

TRACKS_PER_SHARD = 16
"""What is lost at most when a worker or its machine dies: the tracks of its shard are embedded again."""
DEADLY = "Every program that reads this sound ends: leave it out."
UNREADABLE = "This file cannot be read: check its name and that it may be read."


@dataclass(frozen=True)
class CatalogueReport:
    """What became of a catalogue.

    Attributes
    ----------
    tracks, windows
        Different sounds that are embedded now, in all, and their windows.
    embedded, there
        How many of them this call embedded, and how many were there before.
    doubles
        Names whose sound is that of another name; it is embedded once.
    refused
        (name, sentence) of those that cannot be used.
    seconds, worked_s
        By the clock, and of all workers together.
    """

    tracks: int
    windows: int
    embedded: int
    there: int
    doubles: int
    refused: tuple[tuple[str, str], ...]
    seconds: float
    worked_s: float

    def to_json(self) -> dict[str, Any]:
        return {
            "tracks": self.tracks,
            "windows": self.windows,
            "embedded": self.embedded,
            "there": self.there,
            "doubles": self.doubles,
            "refused": [{"track": name, "why": why} for name, why in self.refused],
            "seconds": round(self.seconds, 2),
            "worked_s": round(self.worked_s, 2),
        }


def embed_catalogue(
    sources: Sequence[Source],
    out: Path,
    model_sha256: str,
    *,
    checkpoint: str = "compact",
    workers: int = 1,
    ray_address: str | None = None,
    shard: int = TRACKS_PER_SHARD,
    diary: Path | None = None,
    progress: Progress | None = None,
) -> CatalogueReport:
    """Embed every track that is not embedded yet. Stopped at any time, the next call goes on.

    Parameters
    ----------
    out
        Folder of the shards; see `mrcmv.catalogue.shards`.
    model_sha256, checkpoint
        The weights' hash, and where workers find them: a shipped name or a folder.
    workers
        Processes of this machine.
    ray_address
        A Ray cluster (``host:6379``, ``ray://host:10001``), or ``local``; then ``workers`` says nothing.
    shard
        Tracks that a worker embeds before its result is kept.
    diary
        File in which every track begun and finished is noted.

    Raises
    ------
    UserError
        The folder cannot be written, or the cluster cannot be used.
    """
    began = time.perf_counter()
    keys = keys_of(sources)
    shards = Shards(out, model_sha256)
    try:
        write_names(out, sources, keys)
        done, refused = shards.known()
    except OSError as error:
        raise UserError("The vectors' folder cannot be written: name one of yours with room.") from error
    paths = {key: source.path for source, key in reversed(list(zip(sources, keys, strict=True))) if key}
    there = sum(key in done for key in paths)
    missing = [key for key in paths if key not in done and key not in refused]
    tasks = _tasks(missing, paths, shard, checkpoint, diary)
    place: Place = Cluster(ray_address) if ray_address else Processes(workers) if workers > 1 else Here()
    finished, worked_s = 0, 0.0
    try:
        for result in _all(place, tasks, model_sha256):
            if result.model_sha256 != model_sha256:
                raise UserError("A worker has other weights than this machine: give all the same checkpoint.")
            shards.write(result)
            done |= {key: len(track.starts_s) for key, track in result.vectors.items()}
            refused |= result.refused
            finished += len(result.vectors) + len(result.refused)
            worked_s += result.seconds
            if progress:
                progress(finished / len(missing))
    except OSError as error:
        raise UserError("The folder for the vectors is full or gone: what is done is kept.") from error
    finally:
        place.close()
    ready = [key for key in paths if key in done]
    names = [(source.track_id, key) for source, key in zip(sources, keys, strict=True)]
    return CatalogueReport(
        tracks=len(ready),
        windows=sum(done[key] for key in ready),
        embedded=len(ready) - there,
        there=there,
        doubles=sum(key is not None for key in keys) - len(paths),
        refused=tuple(
            (name, UNREADABLE if key is None else refused[key])
            for name, key in names
            if key is None or key in refused
        ),
        seconds=time.perf_counter() - began,
        worked_s=worked_s,
    )


def _tasks(
    keys: Sequence[str], paths: dict[str, Path], shard: int, checkpoint: str, diary: Path | None
) -> Iterator[Task]:
    waiting = iter(keys)
    while some := tuple(islice(waiting, shard)):
        yield Task(some, tuple(paths[key].absolute() for key in some), checkpoint, diary)


def _all(place: Place, tasks: Iterable[Task], model_sha256: str) -> Iterator[Done]:
    """Every task's result. Tracks of a task whose worker died are tried one by one, the deadly ones told."""
    died: list[Task] = []
    for task, done in place.run(tasks):
        if done is None:
            died.append(task)
        else:
            yield done
    for task in died:
        for key, path in zip(task.keys, task.paths, strict=True):
            single = replace(task, keys=(key,), paths=(path,))
            alone: Place = Processes(1) if isinstance(place, Processes) else place
            for _, done in alone.run([single]):
                yield done or Done({}, {key: DEADLY}, model_sha256, 0.0)
