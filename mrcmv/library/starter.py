"""The starter pack: 28 instrumental tracks that the package ``immich-memories-music`` carries.

The package is found without importing it. Its facts (titles, tempo, key, loudness, hashes) ship in
``assets/library/starter.json``, written by ``assets/library/make.py``; every sound file is compared
with its hash before it is offered.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from mrcmv.library.track import Track
from mrcmv.media import read_small

MOST_BYTES = 20_000_000
log = logging.getLogger(__name__)

PACKAGE = "immich_memories_music"
FOLDER = Path(__file__).resolve().parents[2] / "assets" / "library"
"""What ships with the program about the starter pack. Read-only."""
FACTS = FOLDER / "starter.json"


@dataclass(frozen=True)
class StarterPack:
    """The tracks whose files are there and unchanged, where they lie, and what is wrong with the rest."""

    tracks: tuple[Track, ...]
    paths: dict[str, Path]
    problems: tuple[str, ...]


def sounds_folder() -> Path | None:
    """The folder of the package's tracks, or None when it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / "tracks"
        if folder.is_dir():
            return folder
    return None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_starter(facts: Path = FACTS, sounds: Path | None = None) -> StarterPack:
    """Read the shipped facts and compare every sound with its hash.

    Parameters
    ----------
    facts
        The JSON file; see ``assets/library/make.py``.
    sounds
        The folder with the sound files; None looks for the package.
    """
    try:
        rows = json.loads(read_small(facts, MOST_BYTES))["tracks"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _warned([], {}, ["The starter pack's facts are missing: restore assets/library/starter.json."])
    sounds = sounds or sounds_folder()
    if sounds is None:
        return _warned(
            [], {}, ["The starter tracks are not installed: run pip install immich-memories-music==0.1.0."]
        )
    tracks, paths, problems = [], {}, []
    for row in rows:
        try:
            track, path = Track.from_json(row), sounds / row["file"]
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append("A starter track's facts are damaged: restore assets/library/starter.json.")
            continue
        if not path.is_file():
            problems.append(f"The starter track “{track.title}” is missing: install its package again.")
        elif file_sha256(path) != track.sha256:
            problems.append(f"The starter track “{track.title}” was changed: install its package again.")
        else:
            tracks.append(track)
            paths[track.id] = path
    return _warned(tracks, paths, problems)


def _warned(tracks: list[Track], paths: dict[str, Path], problems: list[str]) -> StarterPack:
    for problem in problems:
        log.warning("%s", problem)
    return StarterPack(tuple(tracks), paths, tuple(problems))
