"""A music collection that needs no download, and one tiny data set that the tests share."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mrcmv.training.freedoom400.builder import build
from mrcmv.training.freedoom400.gameplay import Look
from mrcmv.training.freedoom400.packs import Pack
from mrcmv.training.freedoom400.tracks import Track, look

RATE = 16_000
LENGTHS_S = (8.0, 9.0)
PACK = Pack("test-music", "BSD-2-Clause", "Nobody")


def synthesise(path: Path, *, beats_per_s: float, tone_hz: float, seconds: float = 50.0) -> Path:
    """A tone with clicks on the beat and some noise: brightness and onsets are known."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(int(tone_hz)).standard_normal(len(time))
    beat = np.exp(-((time * beats_per_s) % 1) * 12)
    sound = 0.2 * np.sin(2 * np.pi * tone_hz * time) + 0.2 * beat * noise + 0.005 * noise
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, (0.5 * sound).astype(np.float32), RATE)
    return path


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of "packages" with six tracks in it."""
    folder = tmp_path_factory.mktemp("packages")
    for number in range(6):
        synthesise(
            folder / PACK.package / f"song{number}.wav", beats_per_s=0.5 + number, tone_hz=150 * 2**number
        )
    return folder


@pytest.fixture(scope="session")
def tracks(packages: Path) -> list[Track]:
    found = [look(PACK, packages, path) for path in sorted((packages / PACK.package).glob("*.wav"))]
    return [track for track in found if track is not None]


def start_folder(folder: Path, tracks: list[Track]) -> Path:
    """A folder whose catalogue is there already, so that nothing is fetched."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.json").write_text(json.dumps([asdict(track) for track in tracks]))
    return folder


SMALL = Look(size=(160, 120), preset="ultrafast", crf=35)
OPTIONS = {"lengths_s": LENGTHS_S, "look": SMALL, "game_sound": False, "human_shouts": False}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, packages: Path, tracks: list[Track]) -> Path:
    """A finished data set of four clips of 8 to 9 s."""
    folder = start_folder(tmp_path_factory.mktemp("data") / "small", tracks)
    build(folder, clips=4, packages=packages, **OPTIONS)  # type: ignore[arg-type]
    return folder
