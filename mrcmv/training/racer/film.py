"""A clip's pictures: its cuts read from the takes, lit by the plan, encoded and measured on the way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.freedoom400.descriptors import STEP_S
from mrcmv.training.freedoom400.gameplay import TRAINING, Look, Recording, light_table, open_encoder
from mrcmv.training.freedoom400.plan import ClipPlan
from mrcmv.training.freedoom400.sounds import ffmpeg

from .cutting import Cut
from .pilot import FRAMES_PER_SECOND
from .takes import Footage

GAMMA_SHARE = 0.7
"""How much of the drive for light goes into the gamma: the game's own light does the rest."""


def read_frames(take: Path, first: int, count: int, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """``count`` frames of a take from frame ``first`` on, uint8 [height, width, 3]."""
    width, height = size
    start = max(0.0, (first - 0.5) / FRAMES_PER_SECOND)
    command = [
        *(ffmpeg(), "-v", "error", "-threads", "1", "-ss", f"{start:.4f}", "-i", str(take)),
        *(
            "-frames:v",
            str(count),
            "-vf",
            f"scale={width}:{height}",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-",
        ),
    ]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
    if len(frames) < count:
        raise RuntimeError(f"{take.parent.name} is shorter than its list of frames says")
    yield from frames


def film(
    plan: ClipPlan, cuts: Sequence[Cut], bank: dict[str, Footage], destination: Path, look: Look = TRAINING
) -> Recording:
    """Join a clip's cuts to an H.264 file without sound; labels per `STEP_S`, as Freedoom400's.

    intensity: 0..1 of speed and of what is done with the keys. motion, light: measured after lighting.
    enemies: 0, there are none.
    """
    encoder = open_encoder(destination, look, FRAMES_PER_SECOND)
    assert encoder.stdin is not None
    table = light_table(GAMMA_SHARE * plan.drive.light)
    rows: list[tuple[float, float, float]] = []
    before: NDArray[np.int16] | None = None
    try:
        for cut in sorted(cuts, key=lambda cut: cut.start):
            footage = bank[cut.take]
            intensity = footage.intensity[cut.first : cut.first + cut.frames]
            for number, raw in enumerate(read_frames(footage.path, cut.first, cut.frames, look.size)):
                frame = table[raw]
                encoder.stdin.write(frame.tobytes())
                small = frame[::8, ::8].mean(2).astype(np.int16)
                motion = 0.0 if before is None else float(np.abs(small - before).mean()) / 255
                before = small
                rows.append((float(intensity[number]), motion, float(small.mean()) / 255))
        encoder.stdin.close()
        if encoder.wait(timeout=60) != 0:
            raise RuntimeError("ffmpeg could not encode the race")
    finally:
        if encoder.poll() is None:
            encoder.kill()
            encoder.wait()
    return Recording(_labels(rows, plan.duration_s), None, 0)


def _labels(rows: Sequence[tuple[float, float, float]], duration_s: float) -> dict[str, list[float]]:
    table = np.array(rows)
    steps = round(duration_s / STEP_S)
    edges = [round(step * STEP_S * FRAMES_PER_SECOND) for step in range(steps + 1)]
    means = np.round(np.array([table[a : max(a + 1, b)].mean(0) for a, b in pairwise(edges)]), 4)
    named = {
        name: [float(v) for v in means[:, column]]
        for column, name in enumerate(("intensity", "motion", "light"))
    }
    return {"enemies": [0.0] * steps, **named}
