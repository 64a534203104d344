"""The packages that the music comes from, and how they are fetched without root.

Debian's archive is read by its ordinary client: ``apt-get download`` and ``dpkg -x`` into a folder
of our own. Nothing is installed. What a track may be used for stands beside its pack, and the
package's own ``copyright`` file stays in the unpacked folder.
"""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mrcmv.media import UserError

SOUND_SUFFIXES = frozenset({".ogg", ".opus", ".mp3", ".flac", ".wav", ".it", ".xm", ".s3m", ".mod"})


@dataclass(frozen=True)
class Pack:
    """A Debian package with music in it.

    Attributes
    ----------
    package
        Name in Debian main.
    licence
        SPDX identifier of the music (not of the program).
    author
        Whom to credit when a track carries no tag of its own.
    exclude
        Parts of paths that are not taken: other terms, singing, or no music at all.
    """

    package: str
    licence: str
    author: str
    exclude: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return f"Debian bookworm, package {self.package}"


KENTA_CHO = "Kenta Cho (ABA Games)"
PACKS: tuple[Pack, ...] = (
    Pack("noiz2sa-data", "BSD-2-Clause", KENTA_CHO),
    Pack("parsec47-data", "BSD-2-Clause", KENTA_CHO),
    Pack("gunroar-data", "BSD-2-Clause", KENTA_CHO),
    Pack("mu-cade-data", "BSD-2-Clause", KENTA_CHO),
    Pack("a7xpg-data", "BSD-2-Clause", KENTA_CHO),
    Pack("torus-trooper-data", "BSD-2-Clause", KENTA_CHO),
    Pack("tumiki-fighters-data", "BSD-2-Clause", KENTA_CHO),
    Pack("titanion-data", "BSD-2-Clause", KENTA_CHO),
    Pack("rrootage-data", "BSD-2-Clause", KENTA_CHO),
    Pack("pekka-kana-2-data", "BSD-2-Clause", "Janne Kivilahti (Piste Gamez)"),
    Pack("tuxmath-data", "GPL-3.0-or-later", "Tux4Kids"),
    Pack("amoebax-data", "FAL-1.2", "Àlex Almarza"),
    Pack("rafkill-data", "LGPL-2.0-only", "Jon Rafkind"),
    Pack("tecnoballz-data", "GPL-3.0-or-later", "TLK Games"),
    Pack("pingus-data", "GPL-2.0-or-later", "Pingus team"),
    Pack("wizznic-data", "GPL-3.0-only", "Adam Scotney"),
    Pack("ardentryst", "CC-BY-SA-3.0", "Jordan Trudgett"),
    Pack("trackballs-data", "GPL-2.0-or-later", "Mathias Broxvall and others", ("c64revival",)),
    Pack("neverball-common", "GPL-2.0-or-later", "Robert Kooima and others"),
    Pack("warzone2100-music", "GPL-2.0-or-later", "Warzone 2100 Project"),
    Pack("singularity-music", "CC-BY-SA-3.0", "Endgame: Singularity team"),
    Pack("colobot-common-sounds", "GPL-3.0-or-later", "TerranovaTeam"),
    Pack("marsshooter-data", "CC-BY-SA-3.0", "Obsidian Shell"),
    Pack("hyperrogue-music", "CC-BY-SA-3.0", "Shawn Parrotte, Will Savino and others"),
    Pack("zaz-data", "CC-BY-SA-3.0", "Leonard Ritter"),
    Pack("starfighter-data", "GPL-2.0-or-later", "Parallel Realities and others"),
    Pack("planetblupi-music-ogg", "GPL-3.0-or-later", "Daniel Roux, Mathieu Schroeter"),
    Pack("wesnoth-1.16-music", "GPL-2.0-or-later", "Battle for Wesnoth contributors"),
    Pack("supertux-data", "GPL-2.0-or-later", "SuperTux team"),
    Pack("nexuiz-music", "GPL-2.0-or-later", "Alientrap", ("digital-pursuit",)),  # it sings
    Pack("hedgewars-data", "GPL-2.0-only", "Hedgewars team", ("/Sounds/",)),  # only the music
    Pack("extremetuxracer-data", "GPL-2.0-or-later", "Extreme Tux Racer team"),
    Pack("pushover-data", "GPL-3.0-or-later", "Andreas Roever"),
    Pack("xmoto-data", "GPL-2.0-or-later", "X-Moto team"),
    Pack("frozen-bubble-data", "GPL-2.0-only", "Matthias Le Bidan"),
    Pack("asc-music", "GPL-2.0-or-later", "Advanced Strategic Command team"),
    Pack("pathological", "GPL-2.0-or-later", "John-Paul Gignac and others"),
    Pack("solarwolf", "LGPL-2.1-only", "Pete Shinners and others"),
    Pack("funnyboat", "MIT", "Pekka Kujansuu (pekuja)"),
    Pack("lincity-ng-data", "GPL-2.0-or-later", "LinCity-NG team"),
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
            _unzip_sounds(archive)
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise UserError(
            f"The package {package} could not be fetched: building the data set needs Debian or Ubuntu "
            "with apt-get (run apt-get update first) and a connection."
        ) from error
    return root


def _unzip_sounds(archive: Path) -> None:
    """Quake's archives are zip files; their sound files go into a folder beside the archive."""
    with zipfile.ZipFile(archive) as content:
        for name in content.namelist():
            if Path(name).suffix.lower() in SOUND_SUFFIXES:
                content.extract(name, archive.with_suffix(".pk3.unpacked"))


def version(package: str, folder: Path) -> str:
    """Version of a fetched package, from the name of its file."""
    found = sorted(folder.glob(f"{package}_*.deb"))
    return found[-1].stem.split("_")[1].replace("%3a", ":") if found else "unknown"


def sound_files(pack: Pack, root: Path) -> list[Path]:
    """Files of a pack that may be music: sound, at least 60 kB (modules: 10 kB), sorted by name."""
    files = []
    for path in sorted(root.rglob("*")):
        suffix = path.suffix.lower()
        if suffix not in SOUND_SUFFIXES or path.is_symlink() or not path.is_file():
            continue
        if any(word in f"/{path.relative_to(root).as_posix()}" for word in pack.exclude):
            continue
        least = 10_000 if suffix in {".it", ".xm", ".s3m", ".mod"} else 60_000
        if path.stat().st_size >= least:
            files.append(path)
    return files


def openal_folder(packages: Path) -> Path | None:
    """Folder with ``libopenal.so.1`` for the game's sound, fetched if need be; None if it cannot be had."""
    try:
        for package in OPENAL:
            fetch(package, packages, "openal")
    except UserError:
        return None
    return next((path.parent for path in (packages / "openal").rglob("libopenal.so.1")), None)
