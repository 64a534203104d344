"""The racer: keeps a pace, steers round what is dark on the snow, jumps; as wildly as it is asked to."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 17.5
STUCK_S = 2.5
"""So long without getting on, in seconds, and the game sets the racer back on the course."""
STILL = 0.08
"""Optical speed under which nothing moves, in pixels of the small picture per frame."""

Small = NDArray[np.float32]


def shrink(frame: NDArray[np.uint8]) -> Small:
    """A frame's brightness at a quarter of its size, 0..1, [height / 4, width / 4]."""
    height, width = frame.shape[0] // 4, frame.shape[1] // 4
    grey = frame[: height * 4, : width * 4].mean(2, dtype=np.float32)
    return np.asarray(grey.reshape(height, 4, width, 4).mean((1, 3)) / 255, dtype=np.float32)


def optical_speed(before: Small, now: Small) -> float:
    """How fast the picture moves, in pixels of the small picture per frame.

    The change in time over the slope in space (the gradient constraint of optical flow, e.g. Horn and
    Schunck 1981), so that light and contrast do not count.
    """
    change = np.abs(now - before)[1:-1, 1:-1].mean()
    slope = (
        np.abs(now[1:-1, 2:] - now[1:-1, :-2]).mean() / 2 + np.abs(now[2:, 1:-1] - now[:-2, 1:-1]).mean() / 2
    )
    return float(change / (slope + 0.004))


class Pilot:
    """Decides keys from small pictures, one per frame. ``wildness`` is 0..1."""

    def __init__(self, wildness: float, seed: int) -> None:
        self._wild = wildness
        self._random = random.Random(seed)
        self._speed = 0.0
        self._side = 0
        self._side_s = 0.0
        self._charge_s = 0.0
        self._trick_s = 0.0
        self._still_s = 0.0
        self._next_jump = self._random.uniform(1, 4)
        self._away = 0
        self._away_s = 0.0
        self.effort = 0.0
        """How much is done with the keys just now, 0..1."""

    def act(self, small: Small, speed: float) -> set[str]:
        """Keys to hold for the next frame; {"r"} asks the game to set the racer back on the course."""
        step, wild, own = 1 / FRAMES_PER_SECOND, self._wild, self._random
        self._speed += 0.15 * (speed - self._speed)
        self._still_s = self._still_s + step if self._speed < STILL else 0.0
        if self._still_s > STUCK_S:
            self._still_s, self._speed = -1.0, 1.0
            return {"r"}
        keys = self._pace(own, wild)
        keys |= self._steer(small, step)
        self._next_jump -= step
        if self._next_jump < 0 and wild > 0.35:
            self._charge_s = own.uniform(0.3, 0.4 + 0.6 * wild)
            self._next_jump = self._charge_s + own.uniform(0.8, 1.5) + 7 * (1 - wild) * own.random()
            self._trick_s = self._charge_s + 1.0 if wild > 0.6 and own.random() < wild else 0.0
        if self._charge_s > 0:
            self._charge_s -= step
            keys.add("space")
        if self._trick_s > 0:
            self._trick_s -= step
            if self._charge_s <= 0:
                keys |= {"t", "Left" if self._side <= 0 else "Right"}
        done = ("space" in keys) * 0.3 + ("t" in keys) * 0.2 + ("Up" in keys) * 0.2
        done += bool(keys & {"Left", "Right"}) * 0.3
        self.effort += 0.1 * (done - self.effort)
        return keys

    def _pace(self, own: random.Random, wild: float) -> set[str]:
        """Brake above the wanted speed, paddle below it; the wildest never brake."""
        wanted = 0.25 + 1.2 * wild
        if self._speed > 1.15 * wanted and wild < 0.85:
            return {"Down"}
        return {"Up"} if self._speed < 0.8 * wanted or self._still_s > 0.5 else set()

    def _steer(self, small: Small, step: float) -> set[str]:
        """Swing from side to side, wider when wild; when something dark stands ahead, go round it."""
        own, wild = self._random, self._wild
        height, width = small.shape
        band = small[int(height * 0.42) : int(height * 0.62)]
        thirds = [
            float(np.percentile(part, 15)) for part in np.array_split(band[:, width // 5 : -width // 5], 3, 1)
        ]
        self._away_s -= step
        if self._away_s < 0 and thirds[1] < 0.75 * max(thirds) and own.random() < 0.9 - 0.5 * wild:
            self._away = -1 if thirds[0] > thirds[2] else 1
            self._away_s = 0.35
        if self._away_s > 0:
            return {"Left"} if self._away < 0 else {"Right"}
        self._side_s -= step
        if self._side_s < 0:
            if self._side == 0 or own.random() < 0.5 * wild:
                self._side = own.choice((-1, 1)) if self._side == 0 else -self._side
                self._side_s = own.uniform(0.1, 0.2 + 0.5 * wild)
            else:
                self._side = 0
                self._side_s = own.uniform(0.2, 0.5 + 2.0 * (1 - wild))
        return {"Left"} if self._side < 0 else {"Right"} if self._side > 0 else set()
