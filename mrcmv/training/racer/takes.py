"""Takes: long races recorded once, with what is known of every frame. Clips are cut from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.freedoom400.sounds import ffmpeg

from .pilot import FRAMES_PER_SECOND, STILL, Pilot, optical_speed, shrink
from .programs import programs
from .stage import SIZE, Stage, StageError

TAKE_S = 100.0
"""Longest take, in seconds."""
STANDS_S = 12.0
"""A race that does not get on for so long is over."""
SETTLE_S = 1.5
"""After the start, and round every return to the course, this long is not used."""
FLAT = 0.045
"""Pictures with less contrast (standard deviation of brightness) show a slope from too near."""
HANGS = 5
"""So many equal pictures in a row are a hitch of the machine."""
TRIES = 3


@dataclass(frozen=True)
class Take:
    """What to record: ``course`` "<group>/<folder>", ``light``, ``wildness`` 0..1, whose split it serves."""

    id: str
    split: str
    course: str
    light: str
    wildness: float
    seed: int


@dataclass(frozen=True)
class Footage:
    """A recorded take: per frame the intensity 0..1 and whether the frame may be used."""

    take: Take
    path: Path
    intensity: NDArray[np.float64]
    usable: NDArray[np.bool_]


def intensity_of(speeds: Sequence[float], efforts: Sequence[float]) -> NDArray[np.float64]:
    """0..1 of the racer's optical speed, smoothed over half a second, and of what is done with the keys."""
    smooth = np.convolve(np.minimum(speeds, 5.0), np.ones(9) / 9, "same")
    return np.asarray(0.7 * np.clip(smooth / 1.6, 0, 1) + 0.3 * np.clip(efforts, 0, 1))


def usable_frames(
    speeds: NDArray[np.floating], contrasts: NDArray[np.floating], resets: Sequence[int]
) -> NDArray[np.bool_]:
    """Which frames may be shown: not the start, not round resets, not what hangs, is stuck or sees a wall."""
    count, settle = len(speeds), round(SETTLE_S * FRAMES_PER_SECOND)
    good = np.ones(count, bool)
    good[:settle] = False
    for place in resets:
        good[max(0, place - 2 * settle) : place + settle] = False
    second = round(FRAMES_PER_SECOND)
    kernel = np.ones(second) / second
    good &= np.convolve(speeds, kernel, "same") > STILL
    good &= np.convolve(contrasts < FLAT, kernel, "same") < 0.5
    good[count - second :] = False
    run = 0
    for place, speed in enumerate(speeds):
        run = run + 1 if speed == 0 else 0
        if run > HANGS:
            good[place - run + 1 : place + 1] = False
    return good


def record_take(take: Take, packages: Path, bank: Path, length_s: float = TAKE_S) -> None:
    """Race and record ``bank/<id>/take.mp4`` and ``take.json``; nothing when they are there already.

    Takes as long as it lasts. Raises `StageError` when the game does not start in several tries.
    """
    final = bank / take.id
    if (final / "take.json").is_file():
        return
    partial = final.with_name(f"{take.id}.partial")
    for left in reversed(range(TRIES)):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            with Stage(programs(packages), partial / "stage", take.course, take.light) as stage:
                facts = _race(stage, take, partial / "take.mp4", length_s)
            break
        except StageError:
            if not left:
                raise
    (partial / "take.json").write_text(json.dumps({"take": asdict(take), **facts}), encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial, final)


def _race(stage: Stage, take: Take, destination: Path, length_s: float) -> dict[str, list[float]]:
    """Play in real time, a frame every 1 / FRAMES_PER_SECOND s."""
    pilot = Pilot(take.wildness, take.seed)
    encoder = subprocess.Popen(
        [
            *(ffmpeg(), "-y", "-v", "error", "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(FRAMES_PER_SECOND), "-i", "-", "-c:v", "libx264"),
            *("-preset", "ultrafast", "-crf", "18", "-threads", "1", "-g", "18", str(destination)),
        ],
        stdin=subprocess.PIPE,
    )
    assert encoder.stdin is not None
    facts: dict[str, list[float]] = {"speed": [], "effort": [], "contrast": [], "light": [], "resets": []}
    before, stands, begun = shrink(stage.look()), 0, time.monotonic()
    try:
        for number in range(round(length_s * FRAMES_PER_SECOND)):
            time.sleep(max(0.0, begun + number / FRAMES_PER_SECOND - time.monotonic()))
            frame = stage.look()
            if not stage.alive:
                raise StageError("the game ended by itself")
            encoder.stdin.write(frame.tobytes())
            small = shrink(frame)
            speed = optical_speed(before, small)
            before = small
            keys = pilot.act(small, speed)
            if keys == {"r"}:
                stage.hold(set())
                stage.tap("r", 0.06)
                facts["resets"].append(number)
            else:
                stage.hold(keys)
            for name, value in (("speed", speed), ("effort", pilot.effort), ("contrast", small.std()),
                                ("light", small.mean())):  # fmt: skip
                facts[name].append(round(float(value), 5))
            stands = stands + 1 if speed < STILL else max(0, stands - 3)
            if stands > STANDS_S * FRAMES_PER_SECOND:
                break
        encoder.stdin.close()
        if encoder.wait(timeout=60) != 0:
            raise StageError("ffmpeg could not encode the race")
    finally:
        if encoder.poll() is None:
            encoder.kill()
            encoder.wait()
    return facts


def read_bank(bank: Path) -> list[Footage]:
    """All finished takes of a bank, by name."""
    found = []
    for path in sorted(bank.glob("*/take.json")):
        if path.parent.name.endswith(".partial"):
            continue
        row = json.loads(path.read_text(encoding="utf-8"))
        speeds, contrasts = np.array(row["speed"]), np.array(row["contrast"])
        found.append(
            Footage(
                take=Take(**row["take"]),
                path=path.with_name("take.mp4"),
                intensity=intensity_of(row["speed"], row["effort"]),
                usable=usable_frames(speeds, contrasts, [int(place) for place in row["resets"]]),
            )
        )
    return found
