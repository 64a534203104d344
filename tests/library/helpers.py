"""Small sounds, a small starter pack and a network that hears only four notes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.library import Rights, Track
from mrcmv.library.starter import StarterPack, file_sha256
from mrcmv.media import ANALYSIS_RATE, SAMPLE_RATE, Samples, write_sound

NOTES = (220.0, 440.0, 880.0, 1760.0)
FREE = Rights.state("CC0-1.0", source="https://example.org/music")


def tone(hertz: float, seconds: float, rate: int = SAMPLE_RATE, level: float = 0.3) -> Samples:
    """A stereo sine [n, 2]."""
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def sound_file(path: Path, hertz: float = 440.0, seconds: float = 3.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sound(path, tone(hertz, seconds))
    return path


def small_pack(folder: Path, notes: Sequence[float] = NOTES[:3], seconds: float = 3.0) -> StarterPack:
    """A starter pack of one short tone for each note; files that are there are left alone."""
    tracks, paths = [], {}
    for hertz in notes:
        path = folder / f"{hertz:.0f}.flac"
        if not path.is_file():
            sound_file(path, hertz, seconds)
        track = Track(
            id=f"note-{hertz:.0f}",
            title=f"Note {hertz:.0f}",
            artist="Nobody",
            sha256=file_sha256(path),
            pack="starter",
            rights=FREE,
            duration_s=seconds,
        )
        tracks.append(track)
        paths[track.id] = path
    return StarterPack(tuple(tracks), paths, ())


class NoteEmbedder:
    """Hears how strong each of `NOTES` is; a stand-in for the network, quick and predictable."""

    def __init__(self, name: str = "notes") -> None:
        self.name = name
        self.sha256 = hashlib.sha256(name.encode()).hexdigest()
        self.heard = 0

    def embed_music(self, windows: Sequence[Samples]) -> NDArray[np.float32]:
        self.heard += len(windows)
        return np.array([hear(window) for window in windows], np.float32)


def hear(mono: Samples) -> list[float]:
    """Amplitude of each of `NOTES` in a mono sound at 16 kHz; every fourth sample is enough."""
    return np.abs(_waves(len(mono[::4])) @ mono[::4]).tolist()


@lru_cache(maxsize=2)
def _waves(count: int) -> NDArray[np.complex64]:
    turns = np.array(NOTES)[:, None] * np.arange(count) * 4 / ANALYSIS_RATE
    return (np.exp(-2j * np.pi * turns) / count).astype(np.complex64)


def query(note: int) -> NDArray[np.float32]:
    """The vector of a clip that asks for one of `NOTES`."""
    return np.eye(len(NOTES), dtype=np.float32)[note]
