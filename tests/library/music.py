"""Melodies that are different recordings, and packages that hold them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

from mrcmv.library.installing import PackReport
from mrcmv.library.packs import MusicPack
from mrcmv.media import SAMPLE_RATE, Progress, Samples, ffmpeg_exe, write_sound

PACK = MusicPack(
    "test-music",
    "CC-BY-3.0",
    "Test Team",
    ("/effects/",),
    "Test Game",
    1,
    3,
    2,
    ("CC-BY-3.0", "CC-BY-SA-3.0"),
)
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Test

Files: *
Copyright: 2001-2004, The Test Team
License: GPL-2+

Files: base/music/battle_theme.flac
       base/music/quiet*
Copyright:
 2009, Ann Author (https://example.org)
 Bob <bob@example.org>
License: CC-BY-SA-3.0
 Long text

Files: base/music/forbidden.flac
Copyright: 2009, Nobody
License: CC-BY-ND-3.0
"""


SECONDS = 9.0
SHORTEST_S = 7.0
"""The packs of the tests hold short tracks; `LEAST_S` is set to this."""


def melody(seed: int, seconds: float = SECONDS) -> Samples:
    """Three random notes at a time, each with overtones, changed every 0.3 s: [n, 2]."""
    draw = np.random.default_rng(seed)
    length = round(0.3 * SAMPLE_RATE)
    time = np.arange(length) / SAMPLE_RATE
    fade = np.exp(-4 * time)
    parts = []
    for _ in range(round(seconds / 0.3)):
        notes = 220 * 2 ** (draw.integers(0, 24, 3) / 12)
        parts.append(fade * sum(np.sin(2 * np.pi * k * hz * time) / k for hz in notes for k in (1, 2, 3)))
    wave = 0.1 * np.concatenate(parts)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def melody_file(path: Path, seed: int, seconds: float = SECONDS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sound(path, melody(seed, seconds))
    return path


def recoded(source: Path, target: Path, *options: str) -> Path:
    """The same recording by another coder; ``options`` such as ``-ss 3`` or ``-af volume=0.4``."""
    command = [ffmpeg_exe(), "-loglevel", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True)
    return target


def fill_package(root: Path) -> None:
    """What a package unpacks to: two tracks to take, and one of each kind that is not."""
    music = root / "usr" / "share" / "games" / "test" / "base" / "music"
    melody_file(music / "battle_theme.flac", 1, 11.0)
    melody_file(music / "quiet-forest.flac", 2)
    melody_file(music / "short.flac", 3, 4.0)
    recoded(music / "battle_theme.flac", music / "z_twin.mp3", "-ss", "1", "-af", "volume=0.5", "-b:a", "96k")
    melody_file(music / "forbidden.flac", 4)
    silence = np.random.default_rng(0).uniform(-2e-5, 2e-5, (9 * SAMPLE_RATE, 2)).astype(np.float32)
    write_sound(music / "silence.flac", silence, subtype="PCM_24")
    melody_file(music.parent / "effects" / "bang.flac", 5)
    notes = root / "usr" / "share" / "doc" / PACK.package
    notes.mkdir(parents=True)
    (notes / "copyright").write_text(COPYRIGHT)


class FolderSource:
    """Packages out of a folder; counts how often it was asked to bring one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched = 0

    def why_not(self) -> str:
        return ""

    def fetch(
        self, package: str, folder: Path, progress: Progress | None = None, size_mb: float = 0.0
    ) -> Path:
        if not (folder / package).is_dir():
            self.fetched += 1
            shutil.copytree(self.folder, folder / package)
        return folder / package

    def version(self, package: str, folder: Path) -> str:
        return "1.0-1"


def reasons(report: PackReport) -> dict[str, int]:
    return dict(sorted(report.left_out.items()))
