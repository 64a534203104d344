"""Takes own sound files into the library."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mrcmv.library.catalog import Catalog
from mrcmv.library.ears import DEAF, Ears
from mrcmv.library.facts import measure_facts
from mrcmv.library.licences import OWN_WORK
from mrcmv.library.rights import Rights, RightsError
from mrcmv.library.shelf import Shelf, TooShort, take_in
from mrcmv.library.starter import file_sha256
from mrcmv.library.text import clean
from mrcmv.library.track import Track
from mrcmv.library.twins import Print, find_twin
from mrcmv.library.vocabulary import describe
from mrcmv.media import SILENCE_LUFS, Progress, UserError, fingerprint, part_of

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".mka")
"""Files of a folder that are taken for music; single files may be called anything."""
UNKNOWN_ARTIST = "Unknown artist"


class AlreadyThere(UserError):
    """The same sound, or the same recording in another file, is in the library."""


class Silent(UserError):
    """Nothing can be heard."""


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
    author: str = ""
    """The artist where the file names none."""


@dataclass(frozen=True)
class Stores:
    """Where a track goes, and ``others`` that are there already beside the catalog's own.

    ``other_prints`` are the fingerprints of the others by their sound; ``seconds`` collects what
    the steps of the intake took.
    """

    catalog: Catalog
    shelf: Shelf
    others: Sequence[Track]
    other_prints: Mapping[str, Print] = field(default_factory=dict)
    ears: Ears = DEAF
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - began


@dataclass(frozen=True)
class Way:
    """How a file comes in: into which pack, stored how (".flac", ".mp3"), from which length on."""

    pack: str = "own"
    ending: str = ".flac"
    least_s: float = 0.0


OWN = Way()


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
    way: Way = OWN,
) -> Track:
    """Convert, measure, hear and store one file, then write its row.

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
    with shelf.receiving(way.ending) as received, shelf.receiving(".mp3") as accompaniment:
        with stores.timing("converting"):
            own = take_in(source, received, part_of(progress, 0.0, 0.3))
        if own.duration_s < way.least_s:
            raise TooShort(f"This sound is shorter than {way.least_s:.0f} s.")
        sound = file_sha256(received)
        _refuse_twin(catalog.find(sound=sound))
        title = clean(said.title) or clean(_first(own.title)) or title_of_name(source)
        artist = clean(said.artist) or clean(own.artist) or clean(said.author) or UNKNOWN_ARTIST
        _credit_names_somebody(rights, artist)
        with stores.timing("comparing"):
            own_print = fingerprint(received)
            _refuse_recording(find_recording(own_print, stores))
        with stores.timing("measuring"):
            facts = measure_facts(received, part_of(progress, 0.3, 0.6))
        if facts.lufs <= SILENCE_LUFS:
            raise Silent("This sound is silent: choose another file.")
        with stores.timing("hearing"):
            heard = stores.ears.hear(received, said.has_vocals, accompaniment, part_of(progress, 0.6, 1.0))
        words = describe(heard.tagged)
        sung = file_sha256(accompaniment) if accompaniment.is_file() else ""
        track = Track(
            id=f"own-{sound[:12]}" if way is OWN else _pack_id(way.pack, origin),
            title=title,
            artist=artist,
            album=clean(said.album) or clean(own.album),
            sha256=sound,
            pack=way.pack,
            rights=rights,
            duration_s=facts.duration_s,
            tempo_bpm=facts.tempo_bpm,
            tempo_confidence=facts.tempo_confidence,
            key=facts.key,
            mood=clean(said.mood, 40).lower(),
            genre=clean(said.genre, 40).lower(),
            tags=tuple(word for word in (clean(tag, 40).lower() for tag in said.tags[:20]) if word),
            has_vocals=heard.sings(said.has_vocals),
            lufs=facts.lufs,
            true_peak_db=facts.true_peak_db,
            peaks=facts.peaks,
            instruments=words.instruments,
            heard_moods=words.moods,
            heard_genres=words.genres,
            tagged=heard.tagged,
            vocal_share=heard.vocal_share,
            accompaniment=sung,
        )
        try:
            with catalog.writing() as database:
                shelf.store(received, sound)
                if sung:
                    shelf.store(accompaniment, sung)
                catalog.insert(database, track, origin)
                if len(own_print):
                    catalog.keep_print(database, sound, own_print)
        except sqlite3.IntegrityError:  # another process was faster with the same sound
            _refuse_twin(catalog.find(sound=sound, origin=origin) or track)
    part_of(progress, 0.0, 1.0)(1.0)
    return track


def find_recording(own: Print, stores: Stores) -> Track | None:
    """The track that is the same recording as a fingerprint, if there is one."""
    if not len(own):
        return None
    twin = find_twin(own, [*stores.other_prints.items(), *stores.catalog.prints().items()])
    if twin is None:
        return None
    others = (track for track in stores.others if track.sha256 == twin.name)
    return next(others, None) or stores.catalog.find(sound=twin.name)


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


def _refuse_recording(twin: Track | None) -> None:
    if twin is not None:
        raise AlreadyThere(
            f"This recording is in the library already, in another file: “{twin.title}” by {twin.artist}."
        )


def title_of_name(source: Path) -> str:
    return clean(source.stem.replace("_", " ")) or "Untitled"


def _first(tag: str | None) -> str:
    """The first of several values of a tag, which arrive joined by semicolons."""
    return (tag or "").split(";")[0]


def _pack_id(pack: str, origin: str) -> str:
    """The same on every machine, whatever made the stored file."""
    return f"{re.sub('[^a-z0-9]+', '-', pack.lower())}-{origin[:10]}"
