"""Temporary folders that do not outlive their maker, even when it was killed.

A folder is called ``<prefix><process>-<random>`` and holds a lock that its maker keeps. The kernel lets
go of the lock when the process dies, however it dies, so whoever makes the next folder with the same
prefix in the same place knows which of the others are abandoned, and deletes them. No clock is asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = ".alive"
PARTIAL_AGE_S = 3600.0
"""A half-written file may belong to work of another process until it is this old."""


class WorkFolder:
    """An empty private folder (mode 0700) that is known to be in use until `close`."""

    def __init__(self, prefix: str, parent: Path) -> None:
        from filelock import FileLock

        self.path = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=parent))
        self._lock = FileLock(self.path / LOCK, timeout=0)
        self._lock.acquire()

    def close(self) -> None:
        """Delete it with all that it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._lock.release(force=True)
        shutil.rmtree(self.path, ignore_errors=True)


@contextlib.contextmanager
def work_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """An empty folder for as long as the block runs, below ``parent`` or the system's temporary folder.

    Folders of the same prefix whose makers are dead go first.
    """
    place = parent or Path(tempfile.gettempdir())
    sweep_abandoned(prefix, place)
    folder = WorkFolder(prefix, place)
    try:
        yield folder.path
    finally:
        folder.close()


def sweep_abandoned(prefix: str, parent: Path) -> int:
    """Delete the folders of this prefix that dead processes left in ``parent``; how many there were."""
    swept = 0
    for folder in named(prefix, parent):
        with abandoned(folder) as dead:
            if dead:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
    return swept


def named(prefix: str, parent: Path) -> list[Path]:
    """Folders that may be a `WorkFolder` of this prefix, of this user, and no links."""
    pattern = re.compile(rf"{re.escape(prefix)}\d+-\w+")
    found = []
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    mine = not hasattr(os, "geteuid") or facts.st_uid == os.geteuid()
                    if stat.S_ISDIR(facts.st_mode) and mine:
                        found.append(Path(entry.path))
    return sorted(found)


@contextlib.contextmanager
def abandoned(folder: Path) -> Iterator[bool]:
    """Whether nobody uses a folder any more. While the block runs nobody else is told so."""
    from filelock import FileLock, Timeout

    lock: BaseFileLock | None = None
    try:
        if (folder / LOCK).exists():
            lock = FileLock(folder / LOCK, timeout=0)
            lock.acquire()
            dead = folder.is_dir()
        else:  # made a moment ago, or by a program that was stopped before it had the lock
            dead = not _alive(int(re.findall(r"(\d+)-\w+$", folder.name)[0]))
    except (Timeout, OSError):
        lock, dead = None, False
    try:
        yield dead
    finally:
        if lock is not None:
            with contextlib.suppress(OSError):
                lock.release(force=True)


def sweep_partials(root: Path, age_s: float = PARTIAL_AGE_S) -> int:
    """Delete half-written files (``*.partial``) below ``root`` that are older than ``age_s``; how many.

    A file from the future (the clock was set back) counts as written now.
    """
    swept, now = 0, time.time()
    for path in root.rglob("*.partial"):
        with contextlib.suppress(OSError):
            age = now - path.lstat().st_mtime
            if age < 0:
                os.utime(path, follow_symlinks=False)
            elif age > age_s and path.is_file() and not path.is_symlink():
                path.unlink()
                swept += 1
    return swept


def _alive(pid: int) -> bool:
    if not hasattr(os, "killpg"):  # Windows: signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
