"""Installs a pack: fetched, unpacked, taken in track by track, cleared up. Killed, it goes on next time.

What is done is in the catalog or in a folder that appears whole, so nothing has to be remembered
beside: a downloaded package is not downloaded again, a track that is in (or is left out) is not
taken in again, and the pack counts as installed once all of its files have been looked at.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mrcmv.library import debian
from mrcmv.library.adding import AlreadyThere, Said, Silent, Stores, Way, add_file
from mrcmv.library.catalog import CatalogError
from mrcmv.library.packs import MODULE_SUFFIXES, MusicPack, sound_files
from mrcmv.library.rights import Rights
from mrcmv.library.shelf import TooShort
from mrcmv.library.starter import file_sha256
from mrcmv.library.terms import Terms, TermsError, read_terms, terms_of
from mrcmv.library.text import folded_words
from mrcmv.media import MachineError, Progress, UserError, part_of

LEAST_S = 30.0
"""Shorter tracks of packs are jingles and sound effects."""
_FETCHING = 0.1
"""Share of the progress that fetching has."""


class Source(Protocol):
    """Where packages come from; `mrcmv.library.debian` is one."""

    def why_not(self) -> str: ...

    def fetch(
        self, package: str, folder: Path, progress: Progress | None = None, size_mb: float = 0.0
    ) -> Path: ...

    def version(self, package: str, folder: Path) -> str: ...


@dataclass(frozen=True)
class PackReport:
    """What became of a pack.

    Attributes
    ----------
    added
        Tracks that are in the library now by this run.
    left_out
        How many files were not taken, by reason: "too short", "silent", "twin", "removed",
        "refused" (terms or a file that cannot be read).
    seconds
        By step: fetching, converting, comparing, measuring, hearing, and in total.
    """

    pack: str
    version: str
    added: int
    tracks: int
    left_out: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def install_pack(
    pack: MusicPack,
    stores: Stores,
    workshop: Path,
    source: Source = debian,
    progress: Progress | None = None,
) -> PackReport:
    """Bring a pack in, or what is still missing of it.

    Parameters
    ----------
    workshop
        Folder for the package while it is unpacked; empty again afterwards.

    Raises
    ------
    UserError
        It cannot be fetched, or another process is at it.
    """
    began = time.perf_counter()
    before = stores.catalog.installed().get(pack.package)
    if before is not None:
        return PackReport(pack.package, before["version"], 0, before["tracks"], before["left_out"])
    workshop.mkdir(parents=True, exist_ok=True)
    with _alone(workshop / f"{pack.package}.lock"):
        with stores.timing("fetching"):
            root = source.fetch(
                pack.package, workshop, part_of(progress, 0.0, _FETCHING), float(pack.megabytes)
            )
        version = source.version(pack.package, workshop)
        try:
            added = _take_tracks(pack, version, root, stores, part_of(progress, _FETCHING, 1.0))
        except TermsError:  # the next try may get another package
            clear_workshop(pack.package, workshop)
            raise
        left_out = dict(Counter(stores.catalog.left_out(pack.package).values()))
        tracks = sum(track.pack == pack.package for track in stores.catalog.tracks())
        seconds = {step: round(taken, 1) for step, taken in stores.seconds.items()}
        seconds["total"] = round(time.perf_counter() - began, 1)
        report = PackReport(pack.package, version, added, tracks, left_out, seconds)
        with stores.catalog.writing() as database:
            stores.catalog.keep_pack(database, pack.package, version, report.to_json())
        clear_workshop(pack.package, workshop)
    return report


def clear_workshop(package: str, workshop: Path) -> None:
    """Delete the package and what was unpacked of it."""
    for path in (*workshop.glob(f"{package}_*.deb"), *workshop.glob(f"{package}*")):
        if path.suffix == ".lock":
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _take_tracks(pack: MusicPack, version: str, root: Path, stores: Stores, progress: Progress | None) -> int:
    catalog = stores.catalog
    terms = read_terms(_copyright(pack, root)) if pack.licences else []
    files = [path for path in sound_files(pack, root) if path.suffix.lower() not in MODULE_SUFFIXES]
    left_out, added = catalog.left_out(pack.package), 0
    for number, path in enumerate(files):
        step = part_of(progress, number / len(files), (number + 1) / len(files))
        step(0.0)
        origin, name = file_sha256(path), path.relative_to(root).as_posix()
        known = catalog.find(origin=origin)
        if origin in left_out or (known is not None and known.pack == pack.package):
            continue
        why = ""
        try:
            rights, said = describe_file(pack, version, name, terms_of(name, terms) if terms else None)
            add_file(path, rights, said, stores, step, Way(pack.package, ".mp3", LEAST_S))
            added += 1
        except TooShort:
            why = "too short"
        except Silent:
            why = "silent"
        except AlreadyThere:
            why = "twin"
        except (MachineError, CatalogError):  # the file is not to blame: it is tried again the next time
            raise
        except UserError:
            why = "refused"
        if why:
            with catalog.writing() as database:
                catalog.leave_out(database, pack.package, origin, Path(name).name, why)
    if progress:
        progress(1.0)
    return added


def describe_file(pack: MusicPack, version: str, name: str, terms: Terms | None) -> tuple[Rights, Said]:
    """Rights of a file of a pack, and what its name says.

    Raises
    ------
    mrcmv.library.rights.RightsError
        Its licence is not known, or forbids changed versions.
    """
    licence = pack.licence if terms is None else terms.licence
    rights = Rights.state(
        licence,
        source=f"{pack.title or pack.package}, Debian package {pack.package} {version}",
        proof="the copyright file of the package",
    )
    words = [word for word in folded_words(Path(name).stem) if len(word) > 2 and not word.isdigit()]
    author = (terms.author if terms else "") or pack.author
    return rights, Said(album=pack.title, tags=tuple(dict.fromkeys(words)), author=author)


def _copyright(pack: MusicPack, root: Path) -> Path:
    return root / "usr" / "share" / "doc" / pack.package / "copyright"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time; a killed one lets go by itself."""
    import fcntl  # not on Windows, where there is no apt-get either

    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError("This pack is being installed already: wait until that is done.") from error
        yield
