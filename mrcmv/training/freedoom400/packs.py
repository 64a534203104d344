"""The packages that the music comes from: the library's packs, fetched into a folder and kept there.

What a track may be used for stands beside its pack, and the package's own ``copyright`` file stays
in the unpacked folder.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from mrcmv.library import PACKS as LIBRARY_PACKS
from mrcmv.library import MusicPack as Pack
from mrcmv.library import package_version as version
from mrcmv.library import sound_files, unzip_sounds
from mrcmv.media import UserError

__all__ = ["OPENAL", "PACKS", "Pack", "fetch", "openal_folder", "sound_files", "unzip_sounds", "version"]
SINGING = {"nexuiz-music": ("digital-pursuit",)}
"""Parts of paths that a clip of the data set cannot use beside what the library leaves out."""
PACKS: tuple[Pack, ...] = tuple(
    Pack(pack.package, pack.licence, pack.author, (*pack.exclude, *SINGING.get(pack.package, ())))
    for pack in LIBRARY_PACKS
    if pack.package not in ("ufoai-music",)  # came to the library after the data set was made
)
OPENAL = ("libopenal1", "libopenal-data", "libsndio7.0", "libasound2", "libasound2-data", "libbsd0", "libmd0")
"""What the game's sound needs: ViZDoom opens ``libopenal.so.1`` by itself when it can find it."""


def fetch(package: str, folder: Path, unpacked: str | None = None) -> Path:
    """Download a package and unpack it to ``folder/<unpacked or package>``; done only once.

    Returns the unpacked folder. Raises `UserError` where there is no apt-get or the package is not had.
    """
    root = folder / (unpacked or package)
    found = sorted(folder.glob(f"{package}_*.deb"))
    if root.is_dir() and found:
        return root
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if not found:
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True)
            found = sorted(folder.glob(f"{package}_*.deb"))
        root.mkdir(exist_ok=True)
        subprocess.run(["dpkg", "-x", str(found[-1]), str(root)], check=True, capture_output=True)
        for archive in root.rglob("*.pk3"):
            unzip_sounds(archive)
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise UserError(
            f"The package {package} could not be fetched: building the data set needs Debian or Ubuntu "
            "with apt-get (run apt-get update first) and a connection."
        ) from error
    return root


def openal_folder(packages: Path) -> Path | None:
    """Folder with ``libopenal.so.1`` for the game's sound, fetched if need be; None if it cannot be had."""
    try:
        for package in OPENAL:
            fetch(package, packages, "openal")
    except UserError:
        return None
    return next((path.parent for path in (packages / "openal").rglob("libopenal.so.1")), None)
