"""One clip as training keeps it: decoded, separated and resampled once, then cropped at will."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, FRAME_COUNT, WINDOW_S, Samples, Speech, UserError
from mrcmv.media.frames import repeat_index

FRAMES_PER_S = FRAME_COUNT / WINDOW_S
"""Two: the fast path's frames per second of clip."""
STEP_S = 0.5
"""Seconds per value of every curve in a clip's labels, and the grid on which crops start."""
VERSION = 1
"""Raised when prepared files of before may not be used any more."""


@dataclass(frozen=True)
class Crop:
    """32 s of a prepared clip, ready for the network's own preprocessing.

    ``frames`` uint8 [64, S, S, 3]; ``voice`` and ``music`` float32 mono 16 kHz (shorter than 32 s
    only when the clip is); ``voice`` is None where nobody speaks, as in the app.
    """

    start_s: float
    frames: NDArray[np.uint8]
    voice: Samples | None
    music: Samples | None


@dataclass(frozen=True)
class Prepared:
    """A whole clip: frames uint8 [n, S, S, 3] at 2 per second, int16 mono sound at 16 kHz.

    ``music`` is the clean music where the data set has it; ``rest`` what separation left of the clip's
    sound beside the voice: the paper's own condition, with the residue of the voice in it.
    """

    frames: NDArray[np.uint8]
    voice: NDArray[np.int16]
    music: NDArray[np.int16]
    speech: Speech
    duration_s: float
    rest: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))

    def last_start_s(self) -> float:
        """The latest start of a whole 32 s crop on the grid of half seconds; 0 for short clips."""
        return max(0.0, np.floor((self.duration_s - WINDOW_S) / STEP_S) * STEP_S)

    def crop(self, start_s: float = 0.0) -> Crop:
        """The 32 s from ``start_s`` on; a shorter clip is repeated from its beginning."""
        if start_s < 0 or start_s > self.last_start_s() or start_s % STEP_S:
            raise ValueError(f"a crop starts at a half second up to {self.last_start_s()} s, not {start_s}")
        first = round(start_s * FRAMES_PER_S)
        shown_s = min(self.duration_s, WINDOW_S)
        index = first + repeat_index(shown_s, len(self.frames) - first)
        end_s = start_s + WINDOW_S
        spoken = any(a < end_s and b > start_s for a, b in self.speech.segments)
        return Crop(
            start_s=start_s,
            frames=self.frames[index],
            voice=_cut(self.voice, start_s) if spoken else None,
            music=_cut(self.music, start_s) if len(self.music) else None,
        )


def _cut(sound: NDArray[np.int16], start_s: float) -> Samples:
    first = round(start_s * ANALYSIS_RATE)
    part = sound[first : first + round(WINDOW_S * ANALYSIS_RATE)]
    return to_float(part)


def to_float(sound: NDArray[np.int16]) -> Samples:
    """The opposite of `to_int16`."""
    return np.divide(sound, 32768, dtype=np.float32)


def to_int16(sound: Samples) -> NDArray[np.int16]:
    """Float sound in [-1, 1], beyond that clipped, as 16-bit numbers (90 dB below full scale is enough)."""
    return np.round(np.clip(sound, -1, 32767 / 32768) * 32768).astype(np.int16)


def save_prepared(path: Path, clip: Prepared) -> None:
    """Write one clip, as a whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            version=np.int64(VERSION),
            frames=clip.frames,
            voice=clip.voice,
            music=clip.music,
            rest=clip.rest,
            speech=np.asarray(clip.speech.segments, dtype=np.float64).reshape(-1, 2),
            duration_s=np.float64(clip.duration_s),
        )
    os.replace(partial, path)


def load_prepared(path: Path) -> Prepared:
    """Read one clip; raises `UserError` when it is not there, damaged or of another version."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if int(file["version"]) != VERSION:
                raise ValueError("another version")
            return Prepared(
                frames=file["frames"],
                voice=file["voice"],
                music=file["music"],
                rest=file["rest"] if "rest" in file else np.zeros(0, np.int16),
                speech=Speech(tuple((float(a), float(b)) for a, b in file["speech"])),
                duration_s=float(file["duration_s"]),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"The prepared clip {path.stem} cannot be read: prepare the data again.") from error
