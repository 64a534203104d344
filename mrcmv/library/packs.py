"""Packs: open game music in packages of Debian and Ubuntu, and what each may be used for.

Licence and author of a pack were read in its package's copyright file. Where a pack has several
licences that file is machine-readable, and is asked for each track (`mrcmv.library.terms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SOUND_SUFFIXES = frozenset({".ogg", ".opus", ".mp3", ".flac", ".wav"})
MODULE_SUFFIXES = frozenset({".it", ".xm", ".s3m", ".mod"})
"""Tracker modules: notes and samples, which a player has to perform."""
KENTA_CHO = "Kenta Cho (ABA Games)"


@dataclass(frozen=True)
class MusicPack:
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
        Parts of paths that are not taken: other terms, or no music.
    title
        For people.
    megabytes, tracks, minutes
        Size of the package and what of it is at least 30 s and no module, in Debian 12.
    licences
        All of them, where they differ by file; then the package's copyright file is asked for each.
    """

    package: str
    licence: str
    author: str
    exclude: tuple[str, ...] = ()
    title: str = ""
    megabytes: int = 0
    tracks: int = 0
    minutes: int = 0
    licences: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return f"Debian bookworm, package {self.package}"

    @property
    def installable(self) -> bool:
        """Packs of tracker modules alone are not: they are not decoded at intake."""
        return self.tracks > 0


PACKS: tuple[MusicPack, ...] = (
    MusicPack("noiz2sa-data", "BSD-2-Clause", KENTA_CHO, (), "Noiz2sa", 8, 7, 10),
    MusicPack("parsec47-data", "BSD-2-Clause", KENTA_CHO, (), "PARSEC47", 4, 4, 4),
    MusicPack("gunroar-data", "BSD-2-Clause", KENTA_CHO, (), "Gunroar", 5, 4, 4),
    MusicPack("mu-cade-data", "BSD-2-Clause", KENTA_CHO, (), "Mu-cade", 5, 4, 4),
    MusicPack("a7xpg-data", "BSD-2-Clause", KENTA_CHO, (), "A7Xpg", 3, 3, 3),
    MusicPack("torus-trooper-data", "BSD-2-Clause", KENTA_CHO, (), "Torus Trooper", 6, 4, 4),
    MusicPack("tumiki-fighters-data", "BSD-2-Clause", KENTA_CHO, (), "Tumiki Fighters", 4, 5, 5),
    MusicPack("titanion-data", "BSD-2-Clause", KENTA_CHO, (), "Titanion", 4, 3, 4),
    MusicPack("rrootage-data", "BSD-2-Clause", KENTA_CHO, (), "rRootage", 4, 3, 3),
    MusicPack("pekka-kana-2-data", "BSD-2-Clause", "Janne Kivilahti (Piste Gamez)"),
    MusicPack("tuxmath-data", "GPL-3.0-or-later", "Tux4Kids", (), "Tux of Math Command", 9, 4, 7),
    MusicPack("amoebax-data", "FAL-1.2", "Àlex Almarza", (), "Amoebax", 9, 8, 9),
    MusicPack("rafkill-data", "LGPL-2.0-only", "Jon Rafkind"),
    MusicPack("tecnoballz-data", "GPL-3.0-or-later", "TLK Games"),
    MusicPack("pingus-data", "GPL-2.0-or-later", "Pingus team"),
    MusicPack("wizznic-data", "GPL-3.0-only", "Adam Scotney", (), "Wizznic", 17, 9, 26),
    MusicPack("ardentryst", "CC-BY-SA-3.0", "Jordan Trudgett", (), "Ardentryst", 24, 17, 18),
    MusicPack(
        "trackballs-data",
        "GPL-2.0-or-later",
        "Mathias Broxvall and others",
        ("c64revival",),
        "Trackballs",
        31,
        8,
        30,
    ),
    MusicPack("neverball-common", "GPL-2.0-or-later", "Robert Kooima and others", (), "Neverball", 17, 7, 9),
    MusicPack(
        "warzone2100-music", "GPL-2.0-or-later", "Warzone 2100 Project", (), "Warzone 2100", 86, 30, 243
    ),
    MusicPack(
        "singularity-music",
        "CC-BY-SA-3.0",
        "Endgame: Singularity team",
        (),
        "Endgame: Singularity",
        52,
        16,
        64,
    ),
    MusicPack("colobot-common-sounds", "GPL-3.0-or-later", "TerranovaTeam", (), "Colobot", 61, 20, 65),
    MusicPack("marsshooter-data", "CC-BY-SA-3.0", "Obsidian Shell", (), "M.A.R.S.", 68, 12, 59),
    MusicPack(
        "hyperrogue-music",
        "CC-BY-SA-3.0",
        "Shawn Parrotte, Will Savino and others",
        (),
        "HyperRogue",
        64,
        15,
        21,
    ),
    MusicPack("zaz-data", "CC-BY-SA-3.0", "Leonard Ritter", (), "Zaz", 20, 4, 18),
    MusicPack(
        "starfighter-data",
        "GPL-2.0-or-later",
        "Parallel Realities and others",
        (),
        "Project: Starfighter",
        46,
        11,
        28,
    ),
    MusicPack(
        "planetblupi-music-ogg",
        "GPL-3.0-or-later",
        "Daniel Roux, Mathieu Schroeter",
        (),
        "Planet Blupi",
        60,
        10,
        163,
    ),
    MusicPack(
        "wesnoth-1.16-music",
        "GPL-2.0-or-later",
        "Battle for Wesnoth contributors",
        (),
        "Battle for Wesnoth",
        153,
        35,
        127,
    ),
    MusicPack("supertux-data", "GPL-2.0-or-later", "SuperTux team", (), "SuperTux", 162, 45, 97),
    MusicPack("nexuiz-music", "GPL-2.0-or-later", "Alientrap", (), "Nexuiz", 84, 18, 84),
    MusicPack(  # only the music
        "hedgewars-data", "GPL-2.0-only", "Hedgewars team", ("/Sounds/",), "Hedgewars", 145, 26, 94
    ),
    MusicPack(
        "extremetuxracer-data",
        "GPL-2.0-or-later",
        "Extreme Tux Racer team",
        (),
        "Extreme Tux Racer",
        41,
        6,
        9,
    ),
    MusicPack("pushover-data", "GPL-3.0-or-later", "Andreas Roever", (), "Pushover", 32, 10, 31),
    MusicPack("xmoto-data", "GPL-2.0-or-later", "X-Moto team", (), "X-Moto", 32, 7, 12),
    MusicPack("frozen-bubble-data", "GPL-2.0-only", "Matthias Le Bidan", (), "Frozen-Bubble", 22, 3, 12),
    MusicPack(
        "asc-music",
        "GPL-2.0-or-later",
        "Advanced Strategic Command team",
        (),
        "Advanced Strategic Command",
        10,
        3,
        18,
    ),
    MusicPack("pathological", "GPL-2.0-or-later", "John-Paul Gignac and others", (), "Pathological", 8, 2, 8),
    MusicPack("solarwolf", "LGPL-2.1-only", "Pete Shinners and others", (), "SolarWolf", 2, 1, 1),
    MusicPack("funnyboat", "MIT", "Pekka Kujansuu (pekuja)", (), "Trip on the Funny Boat", 4, 1, 3),
    MusicPack("lincity-ng-data", "GPL-2.0-or-later", "LinCity-NG team", (), "LinCity-NG", 45, 3, 9),
    MusicPack(
        "ufoai-music",
        "GPL-2.0-or-later",
        "UFO: Alien Invasion team",
        ("/sound/",),
        "UFO: Alien Invasion",
        210,
        63,
        240,
        ("CC-BY-3.0", "CC-BY-SA-3.0", "GPL-2.0-or-later", "public domain"),
    ),
)
"""In the order in which they are shown: free terms and small sizes tend to come first."""


def find_pack(name: str) -> MusicPack | None:
    """The installable pack of this name."""
    return next((pack for pack in PACKS if pack.package == name and pack.installable), None)


def sound_files(pack: MusicPack, root: Path) -> list[Path]:
    """Files of a pack that may be music: sound, at least 60 kB (modules: 10 kB), sorted by name."""
    files = []
    for path in sorted(root.rglob("*")):
        suffix = path.suffix.lower()
        module = suffix in MODULE_SUFFIXES
        if not (module or suffix in SOUND_SUFFIXES) or path.is_symlink() or not path.is_file():
            continue
        if any(word in f"/{path.relative_to(root).as_posix()}" for word in pack.exclude):
            continue
        if path.stat().st_size >= (10_000 if module else 60_000):
            files.append(path)
    return files
