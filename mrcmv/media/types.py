"""What is passed between the rooms, and the constants that all of them share.

Nothing here imports more than numpy; every other room may import this one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44_100
"""Rate of all canonical sound, in Hz (Spleeter's own rate). Stereo, float32."""
ANALYSIS_RATE = 16_000
"""Rate at which VGGish and the voice detector listen, in Hz. Mono, float32."""
WINDOW_S = 32.0
"""Seconds of a clip or a track that the network sees at once (section 3.1 of the paper)."""
FRAME_COUNT = 64
"""Frames on SlowFast's fast path for one window: one every half second."""
FRAME_SIZE = 224
"""Side of a canonical frame in pixels; the whole picture is squeezed into the square."""
MAX_CLIP_S = 600.0
"""Longest clip that is taken, in seconds."""

Samples = NDArray[np.float32]
"""Sound, float32 in [-1, 1]: shape [n] for mono, [n, 2] for stereo."""


class UserError(Exception):
    """A mistake the user can mend. ``str(error)`` is one plain sentence that says what to do.

    The sentence holds no path of the server, no traceback and no output of a tool.
    """


def quoted(said: object, most: int = 40) -> str:
    """What a file of the user says, fit to stand in a sentence: on one line, in quotes, ``most`` characters
    long at most, with U+FFFD for what cannot be printed. ``repr`` would write escapes that nobody wrote."""
    text = "".join(char if char.isprintable() else "\ufffd" for char in str(said)[: most + 1])
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"


class Cancelled(Exception):
    """The user stopped the work. Raised out of a `Progress` callback, caught by the caller."""


class Progress(Protocol):
    """Told how far long work has come. It may raise `Cancelled`, which stops the work at once.

    ``done`` runs from 0 to 1 and never falls. Long work calls it at least every half second.
    """

    def __call__(self, done: float) -> None: ...


@dataclass(frozen=True)
class Clip:
    """An uploaded clip in its canonical form; the upload itself goes no further than this.

    All files lie in ``folder``, which belongs to one user and one upload.

    Attributes
    ----------
    picture
        A video file without sound, metadata or other streams that browsers play: the upload's
        own picture stream copied where possible (``picture_copied``), else H.264.
    sound
        WAV, float32, 44.1 kHz, stereo, as long as the clip; None when the clip has no sound.
    frames
        ``.npy``, uint8, shape [64, 224, 224, 3] RGB: the window at 2 frames per second,
        repeated when the window is shorter than 32 s.
    poster
        JPEG of a frame, for cards and lists.
    duration_s, width, height, fps
        Of the picture as it is shown (after rotation).
    window_s
        (start, end) in seconds of the part that the network sees; at most 32 s long.
    """

    folder: Path
    picture: Path
    picture_copied: bool
    sound: Path | None
    frames: Path
    poster: Path
    duration_s: float
    width: int
    height: int
    fps: float
    window_s: tuple[float, float]

    @property
    def has_audio(self) -> bool:
        return self.sound is not None

    def read_frames(self) -> NDArray[np.uint8]:
        """The window's frames, uint8 [64, 224, 224, 3] RGB."""
        frames: NDArray[np.uint8] = np.load(self.frames, allow_pickle=False)
        return frames


@dataclass(frozen=True)
class Speech:
    """Where somebody speaks in a voice signal: (start, end) in seconds, in order, apart."""

    segments: tuple[tuple[float, float], ...]

    @property
    def total_s(self) -> float:
        return sum(end - start for start, end in self.segments)

    def __bool__(self) -> bool:
        return bool(self.segments)


@dataclass(frozen=True)
class Beats:
    """The pulse of a track, in seconds from its start.

    ``confidence`` says how regular the beats are and ``bar_confidence`` how much the downbeats stand
    out, both 0 to 1; without clear bars ``downbeats_s`` is empty.
    """

    times_s: tuple[float, ...] = ()
    downbeats_s: tuple[float, ...] = ()
    confidence: float = 0.0
    bar_confidence: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.times_s)


def thread_budget() -> int:
    """How many threads all native libraries together may use: ``MRCMV_THREADS`` or the cores we own."""
    asked = os.environ.get("MRCMV_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


_neighbours: ContextVar[Callable[[], int]] = ContextVar("neighbours", default=lambda: 1)


def share_threads(neighbours: Callable[[], int]) -> None:
    """From here on, in this context, work has ``neighbours()`` of its kind beside it, itself included."""
    _neighbours.set(neighbours)


def fair_threads() -> int:
    """This work's share of the `thread_budget` at the moment, at least 1."""
    return max(1, thread_budget() // max(1, _neighbours.get()()))


def home() -> Path:
    """Where the program keeps what must last: ``MRCMV_HOME``, else the user's data folder."""
    asked = os.environ.get("MRCMV_HOME")
    if asked:
        return Path(asked)
    from platformdirs import user_data_path

    return Path(user_data_path("mrcmv-studio", appauthor=False))
