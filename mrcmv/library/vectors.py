"""Brings the index of one network up to date: shipped, cached or newly made vectors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mrcmv.library.embeddings import MusicEmbedder, TrackVectors, VectorCache, embed_track
from mrcmv.library.index import Index
from mrcmv.library.shipped import read_shipped
from mrcmv.library.track import Track
from mrcmv.library.windows import window_starts
from mrcmv.media import Progress, UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """An index with what it was built from, so that the next one need not begin again.

    ``vectors`` are by the hash of the sound; tracks whose sound could not be read have none.
    """

    wanted: tuple[Track, ...]
    index: Index
    vectors: dict[str, TrackVectors]


def build_index(
    tracks: Sequence[Track],
    sound_path: Callable[[Track], Path],
    model: MusicEmbedder,
    *,
    cache_folder: Path,
    shipped_folder: Path,
    before: Built | None = None,
    progress: Progress | None = None,
) -> Built:
    """Collect the vectors of all tracks, making those that neither ship nor are cached.

    A song is heard without its singing: ``sound_path`` gives its accompaniment.
    A track whose sound cannot be read is left out with a warning. New vectors are kept one track
    at a time, so what is done stays done when ``progress`` stops the work.
    """
    cache = VectorCache(cache_folder, model.sha256)
    shipped = before.vectors if before else read_shipped(shipped_folder, model.sha256)
    vectors: dict[str, TrackVectors] = {}
    missing = []
    for track in tracks:
        ready = shipped.get(track.heard_sha256) or cache.read(track.heard_sha256)
        if ready is None:
            missing.append(track)
        else:
            vectors[track.heard_sha256] = ready

    total = sum(len(window_starts(track.duration_s)) for track in missing) or 1
    done = 0

    def told(inside: int) -> None:
        if progress:
            progress(min(1.0, (done + inside) / total))

    for track in missing:
        told(0)
        try:
            made = embed_track(sound_path(track), model, told)
        except UserError as error:
            log.warning("“%s” is left out of the search: %s", track.title, error)
        else:
            vectors[track.heard_sha256] = made
            _keep(cache, track, made)
        done += len(window_starts(track.duration_s))
    if progress:
        progress(1.0)
    present = [track for track in tracks if track.heard_sha256 in vectors]
    index = Index(present, [vectors[track.heard_sha256] for track in present])
    return Built(tuple(tracks), index, vectors)


def _keep(cache: VectorCache, track: Track, made: TrackVectors) -> None:
    try:
        cache.write(track.heard_sha256, made)
    except OSError as error:  # a full or read-only disk costs time at the next start, no more
        log.warning("The embedding of “%s” cannot be kept: %s", track.title, error.strerror)
