"""The 64 frames that the network sees, out of what ffmpeg decoded."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.types import FRAME_COUNT, FRAME_SIZE, WINDOW_S

FRAME_BYTES = FRAME_SIZE * FRAME_SIZE * 3
FRAME_RATE = FRAME_COUNT / WINDOW_S
"""Two frames per second."""


def repeat_index(length_s: float, available: int) -> NDArray[np.int64]:
    """Which of ``available`` frames, taken at 2 per second, stands at each of the 64 places.

    The repeat rule of the paper (shorter videos repeat until they are longer than 32 s): place k
    shows the time (k / 2) modulo the window's length, so the picture keeps step with its equally
    repeated sound. Shape [64].
    """
    times = np.arange(FRAME_COUNT) / FRAME_RATE
    # A little below a multiple of the length is meant as that multiple (33.3 ms frames do not add up)
    index = np.floor((times % max(length_s, 1 / FRAME_RATE)) * FRAME_RATE + 1e-6).astype(np.int64)
    return np.minimum(index, available - 1)


def save_frames(raw: Path, destination: Path, length_s: float) -> int:
    """Raw RGB frames of ffmpeg -> ``.npy`` uint8 [64, 224, 224, 3]; gives the number of frames read.

    A frame that was cut off while being written does not count. With no frame nothing is written.
    """
    data = np.fromfile(raw, np.uint8) if raw.is_file() else np.zeros(0, np.uint8)
    count = min(len(data) // FRAME_BYTES, FRAME_COUNT)
    if count:
        frames = data[: count * FRAME_BYTES].reshape(count, FRAME_SIZE, FRAME_SIZE, 3)
        partial = destination.with_name(destination.name + ".partial")
        with partial.open("wb") as file:
            np.save(file, frames[repeat_index(length_s, count)], allow_pickle=False)
        os.replace(partial, destination)
    return count
