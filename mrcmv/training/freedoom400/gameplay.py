"""A clip's pictures: the plan's blocks played in ViZDoom, lit, encoded and measured on the way."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Samples

from .descriptors import STEP_S
from .doom import TICS_PER_SECOND, Game, View
from .pilot import CALM, Pilot
from .plan import ClipPlan
from .sounds import ffmpeg

TICS = 2
"""Tics of the game between the player's decisions, and per frame: 17.5 frames per second."""


@dataclass(frozen=True)
class Look:
    """How a recording is made: size in pixels, x264's preset and quality, tics per frame (1 or 2)."""

    size: tuple[int, int] = (320, 240)
    preset: str = "veryfast"
    crf: int = 25
    tics: int = TICS


TRAINING = Look()
"""Cheap, and as good as a small network needs."""


@dataclass(frozen=True)
class Recording:
    """What was played: labels per `STEP_S`, and the game's sound (float32 [n, 2] at `doom.SOUND_RATE`)."""

    labels: dict[str, list[float]]
    sound: Samples | None
    kills: int


def intensity_of(score: float) -> float:
    """A standard normal score as an intensity 0..1 of the game (the normal distribution function)."""
    from scipy.stats import norm

    return float(norm.cdf(score))


def light_table(score: float) -> NDArray[np.uint8]:
    """The screen's gamma as a lookup table [256]: dim for low scores, bright for high ones."""
    gamma = float(np.clip(0.8 * np.exp(-0.42 * score), 0.36, 1.3))
    return np.round(255 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)


def visibility(score: float) -> float:
    """How far the game's light reaches (r_visibility; 8 is usual) for a light score."""
    return float(np.clip(8 * np.exp(0.9 * score), 1.0, 60.0))


def record(
    plan: ClipPlan,
    destination: Path,
    *,
    look: Look = TRAINING,
    openal: Path | None = None,
    tell: Callable[[float], None] | None = None,
) -> Recording:
    """Play a clip to an H.264 file without sound. Deterministic but for the speed of the machine."""
    fps = TICS_PER_SECOND / look.tics
    count = round(plan.duration_s * fps)
    wildest = max(intensity_of(block.game) for block in plan.blocks)
    folder = destination.with_name(f"{destination.stem}.game")
    folder.mkdir()
    game = Game(
        plan.wad,
        plan.map,
        seed=plan.seed,
        skill=1 + int(min(3.99, wildest * 4)),
        monsters=wildest > CALM,
        visibility=visibility(plan.drive.light),
        folder=folder,
        tics=look.tics,
        size=look.size,
        sound=openal,
    )
    encoder = open_encoder(destination, look, fps)
    assert encoder.stdin is not None
    try:
        game.start(8 + plan.seed % 5)
        cut_every = float(np.clip(9 * np.exp(-0.5 * plan.drive.cuts), 2.5, 30))
        pilot = Pilot(game, plan.seed, cut_every_s=cut_every, step_s=TICS / TICS_PER_SECOND)
        hold, buttons = TICS // look.tics, {}
        table, meter, sounds = light_table(plan.drive.light), _Meter(plan.duration_s, fps), []
        block, kills = None, 0.0
        for number in range(count):
            now = plan.block_at(number / fps)
            if now is not block:
                block = now
                pilot.enter_block(intensity_of(block.game))
            view = game.look()
            frame = table[view.frame]
            encoder.stdin.write(frame.tobytes())
            if view.sound is not None:
                sounds.append(view.sound)
            if number % hold == 0:
                buttons = pilot.act(view)
            meter.add(view, frame, bool(buttons.get("ATTACK")))
            kills = max(kills, view.kills)
            game.press(buttons)
            if tell and number % 30 == 0:
                tell(number / count)
        encoder.stdin.close()
        if encoder.wait(timeout=60) != 0:
            raise RuntimeError("ffmpeg could not encode the gameplay")
    finally:
        game.close()
        shutil.rmtree(folder, ignore_errors=True)
        if encoder.poll() is None:
            encoder.kill()
            encoder.wait()
    sound = np.concatenate(sounds).astype(np.float32) / np.float32(32768) if sounds else None
    return Recording(meter.labels(), sound, int(kills))


def open_encoder(destination: Path, look: Look, fps: float) -> subprocess.Popen[bytes]:
    """An H.264 encoder that takes raw RGB frames of ``look.size`` on its standard input."""
    command = [
        *(ffmpeg(), "-y", "-v", "error", "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{look.size[0]}x{look.size[1]}", "-r", f"{fps}", "-i", "-", "-c:v", "libx264"),
        *("-preset", look.preset, "-crf", str(look.crf), "-threads", "1", "-g", str(round(2 * fps))),
        *("-pix_fmt", "yuv420p", "-f", "mp4", str(destination)),
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


class _Meter:
    """Gathers labels frame by frame and gives their means per `STEP_S`."""

    def __init__(self, duration_s: float, fps: float) -> None:
        self._steps = round(duration_s / STEP_S)
        self._fps = fps
        self._rows: list[tuple[float, float, float, float]] = []
        self._before: NDArray[np.int16] | None = None
        self._hits = self._damage = 0.0

    def add(self, view: View, frame: NDArray[np.uint8], shoots: bool) -> None:
        small = frame[::8, ::8].mean(2).astype(np.int16)
        motion = 0.0 if self._before is None else float(np.abs(small - self._before).mean()) / 255
        self._before = small
        hit, hurt = view.hits > self._hits, view.damage > self._damage
        self._hits, self._damage = view.hits, view.damage
        near = min(1.0, sum(enemy.height for enemy in view.enemies))
        intensity = 0.4 * near + 0.25 * shoots + 0.2 * hit + 0.15 * hurt
        self._rows.append((float(len(view.enemies)), intensity, motion, float(small.mean()) / 255))

    def labels(self) -> dict[str, list[float]]:
        """enemies: living monsters in view. intensity: 0..1 of near monsters, shots, hits, wounds.
        motion: mean change of brightness between frames. light: mean brightness. All 0..1 but enemies."""
        rows = np.array(self._rows)
        edges = [round(step * STEP_S * self._fps) for step in range(self._steps + 1)]
        means = [rows[a : max(a + 1, b)].mean(0) for a, b in pairwise(edges)]
        table = np.round(np.array(means), 4)
        names = ("enemies", "intensity", "motion", "light")
        return {name: [float(v) for v in table[:, column]] for column, name in enumerate(names)}
