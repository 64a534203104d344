"""Takes own sound files into the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrcmv.library.catalog import Catalog
from mrcmv.library.facts import measure_facts
from mrcmv.library.licences import OWN_WORK
from mrcmv.library.rights import Rights, RightsError
from mrcmv.library.shelf import Shelf, take_in
from mrcmv.library.starter import file_sha256
from mrcmv.library.text import clean
from mrcmv.library.track import Track
from mrcmv.media import SILENCE_LUFS, Progress, UserError, part_of

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".mka")
"""Files of a folder that are taken for music; single files may be called anything."""
UNKNOWN_ARTIST = "Unknown artist"


class AlreadyThere(UserError):
    """The same sound is in the library."""


@dataclass(frozen=True)
class Said:
    """What the user says about a track beside its rights; empty means: take the file's own tags."""

    title: str = ""
    artist: str = ""
    album: str = ""
    mood: str = ""
    genre: str = ""
    tags: tuple[str, ...] = ()
    has_vocals: bool | None = None


@dataclass(frozen=True)
class Stores:
    """Where a track goes, and ``others`` that are there already beside the catalog's own."""

    catalog: Catalog
    shelf: Shelf
    others: Sequence[Track]


@dataclass(frozen=True)
class FolderReport:
    """What became of a folder: tracks added, and (file name, sentence) of those that were not."""

    added: tuple[Track, ...]
    refused: tuple[tuple[str, str], ...]


def add_file(
    source: Path,
    rights: Rights,
    said: Said,
    stores: Stores,
    progress: Progress | None = None,
) -> Track:
    """Convert, measure and store one file, then write its row.

    Raises
    ------
    UserError
        The file cannot be used or is there already (also among the others); nothing was changed.
    """
    catalog, shelf = stores.catalog, stores.shelf
    _require_rights(rights)
    if not source.is_file():
        raise UserError("There is no such sound file: check its name.")
    origin = file_sha256(source)
    _refuse_twin(next((track for track in stores.others if track.sha256 == origin), None))
    _refuse_twin(catalog.find(origin=origin))
    with shelf.receiving() as received:
        own = take_in(source, received, part_of(progress, 0.0, 0.4))
        sound = file_sha256(received)
        _refuse_twin(catalog.find(sound=sound))
        title = clean(said.title) or clean(own.title) or _title_of_name(source)
        artist = clean(said.artist) or clean(own.artist) or UNKNOWN_ARTIST
        _credit_names_somebody(rights, artist)
        facts = measure_facts(received, part_of(progress, 0.4, 1.0))
        if facts.lufs <= SILENCE_LUFS:
            raise UserError("This sound is silent: choose another file.")
        track = Track(
            id=f"own-{sound[:12]}",
            title=title,
            artist=artist,
            album=clean(said.album) or clean(own.album),
            sha256=sound,
            pack="own",
            rights=rights,
            duration_s=facts.duration_s,
            tempo_bpm=facts.tempo_bpm,
            tempo_confidence=facts.tempo_confidence,
            key=facts.key,
            mood=clean(said.mood, 40).lower(),
            genre=clean(said.genre, 40).lower(),
            tags=tuple(word for word in (clean(tag, 40).lower() for tag in said.tags[:20]) if word),
            has_vocals=said.has_vocals,
            lufs=facts.lufs,
            true_peak_db=facts.true_peak_db,
            peaks=facts.peaks,
        )
        try:
            with catalog.writing() as database:
                shelf.store(received, sound)
                catalog.insert(database, track, origin)
        except sqlite3.IntegrityError:  # another process was faster with the same sound
            _refuse_twin(catalog.find(sound=sound, origin=origin) or track)
    return track


def add_folder(
    folder: Path,
    rights: Rights,
    said: Said,
    stores: Stores,
    progress: Progress | None = None,
) -> FolderReport:
    """Add every sound file in a folder and its subfolders; one that fails does not stop the rest."""
    _require_rights(rights)
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SOUND_ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise UserError("There is no sound file in this folder: WAV, FLAC, MP3, OGG, Opus, M4A or AIFF.")
    added: list[Track] = []
    refused: list[tuple[str, str]] = []
    for number, path in enumerate(files):
        step = part_of(progress, number / len(files), (number + 1) / len(files))
        try:
            added.append(add_file(path, rights, said, stores, step))
        except UserError as error:
            refused.append((clean(path.relative_to(folder).as_posix()), str(error)))
    return FolderReport(tuple(added), tuple(refused))


def _require_rights(rights: Rights) -> None:
    if not rights.licence or not rights.source:
        raise RightsError("A track needs a licence and a source: state both.")
    if not rights.derivatives:
        raise RightsError("This licence forbids changed versions, and music under a video counts as one.")


def _credit_names_somebody(rights: Rights, artist: str) -> None:
    """Refuse a duty to credit that nobody could fulfil."""
    if artist != UNKNOWN_ARTIST:
        return
    if rights.credit_required and not rights.credit:
        raise RightsError(f"{rights.licence} asks for a credit, but no artist is known: name the artist.")
    if rights.licence == OWN_WORK:
        raise RightsError("Own work needs its author: name the artist.")


def _refuse_twin(twin: Track | None) -> None:
    if twin is not None:
        raise AlreadyThere(f"This sound is in the library already: “{twin.title}”.")


def _title_of_name(source: Path) -> str:
    return clean(source.stem.replace("_", " ")) or "Untitled"
