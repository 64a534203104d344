"""Makes the faults: small and read-only disks, limits, signals to children."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.faults.bench import CannotHere

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A real file system of that size, in memory; needs root."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)],
        capture_output=True,
    )
    if done.returncode:
        raise CannotHere("a disk of its own can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def freeze(folder: Path) -> None:
    """Make a mounted `disk` read-only, for root as well."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def thaw(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Write until a `disk` has ``leave`` bytes left."""
    ballast, block = folder / "ballast", bytes(1 << 16)
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize > leave:
            file.write(block)
    return ballast


@contextlib.contextmanager
def file_limit(count: int) -> Iterator[None]:
    """No file may grow beyond ``count`` bytes, here and in children: a full disk that needs no root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Killer:
    """A progress callback that kills the child of that name with SIGKILL as soon as it sees it."""

    def __init__(self, name: str, after: float = 0.0) -> None:
        self.name, self.after, self.killed = name, after, 0

    def __call__(self, done: float) -> None:
        if self.killed or done < self.after:
            return
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if self.name in " ".join(child.cmdline()[:4]):
                    child.send_signal(signal.SIGKILL)
                    self.killed += 1


def flip_bit(path: Path, place: int) -> None:
    """Make one bit of a file wrong; once more, and it is right again. ``place`` as an index of its bytes."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def python(code: str, *args: str, **environment: str) -> subprocess.Popen[str]:
    """A Python of its own that can import the program and these tests."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
