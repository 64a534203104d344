"""From shards into an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mrcmv.catalogue.shards import read_embedded
from mrcmv.index import Entry, TrackIndex


def fill_index(index: TrackIndex, out: Path, model_sha256: str, *, anew: bool = False) -> tuple[int, int]:
    """Bring an index in line with an embedded catalogue; `save` is left to the caller.

    Tracks are known by their names: with ``anew`` those that are there are replaced, too, which is needed
    when a name means another sound than before.

    Returns
    -------
    How many tracks were added, and how many were removed because the catalogue has them no longer.

    Raises
    ------
    UserError
        Nothing was embedded there.
    """
    there = set(index.track_ids())
    wanted: set[str] = set()
    added = 0

    def new() -> Iterator[Entry]:
        nonlocal added
        for entry in read_embedded(out, model_sha256):
            wanted.add(entry.track_id)
            if anew or entry.track_id not in there:
                added += 1
                yield entry

    index.add(new())
    return added, index.remove(sorted(there - wanted))
