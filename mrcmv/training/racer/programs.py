"""Extreme Tux Racer and a display without a screen, from Debian's packages, without root.

What apt-get would install is asked for, fetched and unpacked into a folder of our own. Two programs look
for their files in fixed places: copies of them get a path of the same length that starts where they run.
Nothing is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mrcmv.media import UserError

WANTED = ("extremetuxracer", "xvfb", "libgl1-mesa-dri", "libnss-wrapper")
"""The game, the display, the software renderer, and what gives the game a home folder of its own."""


@dataclass(frozen=True)
class Programs:
    """Where the unpacked programs lie. ``root`` is the folder that stands for the system's ``/``."""

    root: Path

    @property
    def libraries(self) -> Path:
        """The folder of shared libraries, e.g. ``usr/lib/x86_64-linux-gnu``."""
        found = next((self.root / "usr/lib").rglob("libnss_wrapper.so"), None)
        if found is None:
            raise UserError(
                f"The game's packages are not complete: remove the folder {self.root} and try again."
            )
        return found.parent

    @property
    def data(self) -> Path:
        """The game's courses, pictures and models."""
        return self.root / "usr/share/games/etr"

    def environment(self) -> dict[str, str]:
        """Variables by which programs find the unpacked libraries first, then the system's."""
        own = self.libraries
        drivers = [own / "dri", Path("/usr/lib") / own.name / "dri"]
        return {
            **os.environ,
            "LD_LIBRARY_PATH": ":".join(filter(None, [str(own), os.environ.get("LD_LIBRARY_PATH")])),
            "LIBGL_DRIVERS_PATH": ":".join(str(path) for path in drivers if path.is_dir()),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LP_NUM_THREADS": "1",
            "ALSOFT_DRIVERS": "null",
        }


def programs(packages: Path) -> Programs:
    """Fetch and unpack what is missing (once); returns where it lies.

    packages: folder of downloaded packages. Raises `UserError` that says what to install instead.
    """
    root = packages / "racer"
    done = root / "complete"
    if not done.is_file():
        try:
            root.mkdir(parents=True, exist_ok=True)
            for package in _closure():
                _unpack(package, packages, root)
            _relocate(root / "usr/games/etr", b"/usr/share/games\0", root / "etr")
            _relocate(root / "usr/bin/Xvfb", b"\0/usr/bin\0", root / "Xvfb")
        except (OSError, subprocess.CalledProcessError, IndexError) as error:
            raise UserError(
                "The racing game could not be fetched: this needs Debian 12 with apt-get (run apt-get "
                "update first) and a connection."
            ) from error
        done.touch()
    return Programs(root)


def _closure() -> list[str]:
    """The wanted packages and those of their dependencies that the system lacks, as apt-get works it out.

    Wanted ones that are installed are taken too: their files are needed in the folder.
    """
    told = subprocess.run(
        ["apt-get", "install", "--simulate", "--no-install-recommends", *WANTED],
        check=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.decode()
    # a bracketed version before the new one is what is installed: an upgrade is not needed
    missing = re.findall(r"^Inst (\S+) \(", told, re.MULTILINE)
    own = (*WANTED, "extremetuxracer-data", "x11-xkb-utils")
    return [*dict.fromkeys([*missing, *(name for name in own if name != "libgl1-mesa-dri")])]


def _unpack(package: str, packages: Path, root: Path) -> None:
    """Download a package unless it is there (some carry music too), and unpack it below ``root``."""
    if not sorted(packages.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "download", package], cwd=packages, check=True, capture_output=True)
    archive = sorted(packages.glob(f"{package}_*.deb"))[-1]
    subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True, capture_output=True)


def _relocate(program: Path, old: bytes, copy: Path) -> None:
    """Copy a program; a folder that it has built in becomes one relative to where it is started.

    ``/usr/share/games`` becomes ``./////...`` and ``/usr/bin`` becomes ``./xbin//``: as long as before.
    """
    content = program.read_bytes()
    if content.count(old) != 1:
        raise OSError(f"{program.name} is not the version this was written for")
    inner = old.strip(b"\0")
    new = b"./xbin".ljust(len(inner), b"/") if inner == b"/usr/bin" else b".".ljust(len(inner), b"/")
    copy.write_bytes(content.replace(old, old.replace(inner, new)))
    copy.chmod(0o755)
