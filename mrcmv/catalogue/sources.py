"""What a catalogue consists of: sound files with their names, each sound once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mrcmv.library import SOUND_ENDINGS, file_sha256
from mrcmv.media import UserError

READERS = 8
"""Files that are read at once while their hashes are taken."""


@dataclass(frozen=True)
class Source:
    """A sound file, and the name by which it is to be found later."""

    track_id: str
    path: Path


def find_sources(place: Path) -> list[Source]:
    """The sound files of a folder, or those that a manifest names.

    A track of a folder is called by its path inside. A manifest is a text file with a path on each
    line, or JSON lines with ``path`` and, where they have one, ``id``; paths count from the manifest's
    folder.

    Raises
    ------
    UserError
        There is no such folder or manifest, or no sound in it.
    """
    if place.is_dir():
        found = [
            Source(path.relative_to(place).as_posix(), path)
            for path in sorted(place.rglob("*"))
            if path.suffix.lower() in SOUND_ENDINGS and path.is_file()
        ]
    elif place.is_file():
        found = list(_listed(place))
    else:
        raise UserError("There is no such folder or manifest: check its name.")
    if not found:
        raise UserError(
            "There is no sound in this catalogue: name a folder of sound files, or a list of them."
        )
    return found


def _listed(manifest: Path) -> Iterator[Source]:
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("This manifest is no text: write a path on each line.") from error
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, track_id = line.strip(), ""
        if line.lstrip().startswith("{"):
            try:
                row = json.loads(line)
                name, track_id = str(row["path"]), str(row.get("id", ""))
            except (ValueError, KeyError) as error:
                raise UserError(f"Line {number} of this manifest is no JSON with a path in it.") from error
        track_id = track_id or name
        if track_id in seen:
            raise UserError(f"Line {number} of this manifest names a track that was named before.")
        seen.add(track_id)
        yield Source(track_id, manifest.parent / name)


def keys_of(sources: Sequence[Source]) -> list[str | None]:
    """The hash of each file's content; None where it cannot be read."""

    def key(source: Source) -> str | None:
        try:
            return file_sha256(source.path)
        except OSError:
            return None

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(key, sources))
