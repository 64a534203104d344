"""The sound files of own tracks: taken in, stored under their hash, checked, cleared up.

A file is in its place before its row is committed, so a program that dies in between leaves a file
without a row (harmless, found by `stray_files`) and never a row without a file.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrcmv.library.starter import file_sha256
from mrcmv.media import Progress, SoundFacts, UserError, open_sound, sweep_abandoned, work_folder

MAX_TRACK_S = 900.0
"""Longest track that is taken, in seconds; its samples fit into memory."""
MIN_TRACK_S = 2.0
"""Shortest track that is taken, in seconds."""
STRAY_AGE_S = 3600.0
"""A file without a row may belong to work of another process until it is this old."""


_COMING = "coming-"
"""Folders in ``incoming``; each holds a lock while its process lives."""


class TooShort(UserError):
    """The sound is shorter than what is taken."""


class Shelf:
    """Folder ``sounds`` with ``<sha256>.flac`` or ``.mp3`` files, and ``incoming`` for those on their way."""

    def __init__(self, folder: Path) -> None:
        self.sounds = folder / "sounds"
        self.incoming = folder / "incoming"

    def path(self, sha256: str) -> Path:
        """Where the sound with this hash lies; of packs and accompaniments as MP3, else as FLAC."""
        packed = self.sounds / f"{sha256}.mp3"
        return packed if packed.is_file() else self.sounds / f"{sha256}.flac"

    @contextmanager
    def receiving(self, ending: str = ".flac") -> Iterator[Path]:
        """A name for a file on its way; whatever still has it afterwards is deleted."""
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            self.sounds.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                "The data folder cannot be written: set MRCMV_HOME to a folder of your own."
            ) from error
        with work_folder(_COMING, self.incoming) as folder:
            yield folder / f"sound{ending}"

    def sweep(self) -> None:
        """Delete what killed processes left on its way; a living one's files are known by their lock.

        Loose files are an earlier version's, which had no locks: they go once they are old.
        """
        sweep_abandoned(_COMING, self.incoming)
        for path in _old(_files(self.incoming)):
            with contextlib.suppress(OSError):
                path.unlink()

    def store(self, received: Path, sha256: str) -> None:
        """Put a received file in its place, on the disk and not only in its cache."""
        with received.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(received, self.sounds / f"{sha256}{received.suffix}")

    def drop(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def problem(self, sha256: str) -> str | None:
        """What is wrong with a stored file ("missing", "changed"), or None."""
        path = self.path(sha256)
        try:
            return None if file_sha256(path) == sha256 else "changed"
        except OSError:
            return "missing"

    def stray_files(self, known: set[str]) -> list[Path]:
        """Files of interrupted work that are old: sounds that no track owns, and what never arrived."""
        strays = [path for path in _files(self.sounds) if path.stem not in known]
        return _old(strays + _files(self.incoming))


def _old(paths: list[Path]) -> list[Path]:
    """Those that cannot belong to work that goes on; some may be gone by now."""
    latest, old = time.time() - STRAY_AGE_S, []
    for path in paths:
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < latest:
                old.append(path)
    return old


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def take_in(source: Path, received: Path, progress: Progress | None = None) -> SoundFacts:
    """Turn any sound file into canonical FLAC; returns its length and its own tags.

    Raises
    ------
    UserError
        The file is no sound that can be read, or is too short.
    """
    facts = open_sound(source, received, max_s=MAX_TRACK_S, progress=progress)
    if facts.duration_s < MIN_TRACK_S:
        raise TooShort(f"This sound is shorter than {MIN_TRACK_S:.0f} s: choose a longer one.")
    return facts
