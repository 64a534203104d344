"""Which piece of which take is shown when: shots after a clip's plan, and footage that fits them.

A clip's blocks are cut into shots, as often as its drive for cuts asks. Every shot gets a piece of a take
of its light whose measured intensity is nearest to what the plan wants. No frame of a take is used twice.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.freedoom400.gameplay import intensity_of
from mrcmv.training.freedoom400.plan import ClipPlan

from .pilot import FRAMES_PER_SECOND
from .takes import TAKE_S, Footage, Take

LIGHTS = ("night", "evening", "cloudy", "sunny")
"""The game's lights, from dark to bright."""
LIGHT_EDGES = (-0.67, 0.0, 0.67)
"""Scores of light between them: a quarter of a normal distribution each."""
SHOTS_S = (1.5, 12.0)
"""Shortest and longest shot, in seconds."""
GRID = 6
"""Shots begin at every so many frames of a take."""
YIELD = 0.65
"""Share of a take that can be expected to go into clips."""
COURSES = (
    *("default/chragis_gagiwaetter", "default/downhill_fear", "default/explore_mountains"),
    *("default/frozen_lakes", "default/hippo_run", "default/in_search_of_vodka"),
    *("default/keep_country_tidy", "default/penguins_cant_fly", "default/quiet_river"),
    *("default/secret_valleys", "default/tux_at_home", "default/wild_mountains", "default/challenge_one"),
    *("default/chinese_wall", "default/holygrail", "extras/bronze_set", "extras/comepeces"),
    *("extras/desperation", "extras/el_reto", "extras/rock_n_roll", "extras/the_long_ride"),
    *("extras/twists", "extras/snow_run_1"),
)
"""Courses of a length that gives a long race; every mood and light is played on any of them."""


@dataclass(frozen=True)
class Shot:
    """A stretch of a clip without a cut: ``start`` and ``frames`` in frames of the clip; ``wanted`` is the
    intensity 0..1 that the plan asks for."""

    clip: str
    split: str
    light: str
    start: int
    frames: int
    wanted: float


@dataclass(frozen=True)
class Cut:
    """A shot's footage: ``first`` is the frame of the take that it begins with."""

    clip: str
    start: int
    frames: int
    take: str
    first: int


def light_of(score: float) -> str:
    """The game's light for a score of brightness."""
    return LIGHTS[int(np.searchsorted(LIGHT_EDGES, score))]


def shots_of(plan: ClipPlan) -> list[Shot]:
    """A clip's shots: cuts between blocks, and within them as often as the plan's drive for cuts asks.

    Deterministic; lengths are within `SHOTS_S`, but for a block that is shorter by itself.
    """
    own = random.Random(plan.seed * 7 + 5)
    every = float(np.clip(9 * np.exp(-0.5 * plan.drive.cuts), 2.5, SHOTS_S[1]))
    count = round(plan.duration_s * FRAMES_PER_SECOND)
    shots = []
    for number, block in enumerate(plan.blocks):
        last = number == len(plan.blocks) - 1
        begin, end = round(block.start_s * FRAMES_PER_SECOND), round(block.end_s * FRAMES_PER_SECOND)
        edges, end = [begin], count if last else min(end, count)
        while True:
            length = round(min(every * own.uniform(0.6, 1.4), SHOTS_S[1]) * FRAMES_PER_SECOND)
            if edges[-1] + length + SHOTS_S[0] * FRAMES_PER_SECOND > end:
                break
            edges.append(edges[-1] + length)
        edges.append(end)
        for a, b in pairwise(edges):
            parts = max(1, int(np.ceil((b - a) / (SHOTS_S[1] * FRAMES_PER_SECOND))))
            for c, d in pairwise(np.linspace(a, b, parts + 1).round().astype(int)):
                if d > c:
                    shots.append(
                        Shot(plan.id, plan.split, light_of(plan.drive.light), int(c), int(d - c),
                             intensity_of(block.game))
                    )  # fmt: skip
    return shots


def choose(
    shots: Sequence[Shot], bank: Sequence[Footage], taken: Sequence[Cut] = ()
) -> tuple[list[Cut], list[Shot]]:
    """Footage for shots, the longest first; returns (cuts, shots that no footage is left for).

    Train and validation share takes, the test has its own. ``taken`` are cuts of other clips, whose
    footage is not free any more.
    """
    free = {footage.take.id: footage.usable.copy() for footage in bank}
    for cut in taken:
        free[cut.take][cut.first : cut.first + cut.frames] = False
    scales = {
        side: np.concatenate(
            [f.intensity[f.usable] for f in bank if side_of(f.take.split) == side] or [np.zeros(1)]
        )
        for side in ("test", "train")
    }
    cuts: list[Cut] = []
    unmet: list[Shot] = []
    for shot in sorted(shots, key=lambda shot: (-shot.frames, shot.clip, shot.start)):
        side = side_of(shot.split)
        target = float(np.quantile(scales[side], shot.wanted))
        best: tuple[float, str, int] | None = None
        for footage in bank:
            if (side_of(footage.take.split), footage.take.light) != (side, shot.light):
                continue
            near = [cut for cut in cuts if cut.clip == shot.clip and cut.take == footage.take.id]
            found = _place(footage, free[footage.take.id], shot.frames, target, near)
            if found is not None and (best is None or found[0] < best[0]):
                best = (found[0], footage.take.id, found[1])
        if best is None:
            unmet.append(shot)
            continue
        _, take, first = best
        free[take][first : first + shot.frames] = False
        cuts.append(Cut(shot.clip, shot.start, shot.frames, take, first))
    return cuts, unmet


def _scale(bank: Sequence[Footage], side: str) -> NDArray[np.float64]:
    """All intensities of the bank: what is wanted, 0..1, is a quantile of them."""
    found = [footage.intensity[footage.usable] for footage in bank if side_of(footage.take.split) == side]
    scale = np.concatenate([np.zeros(0), *found])
    return scale if len(scale) else np.zeros(1)


def _place(
    footage: Footage, free: NDArray[np.bool_], frames: int, target: float, near: Sequence[Cut]
) -> tuple[float, int] | None:
    """(cost, first frame) of the best free piece of a take: the nearest in intensity; a jump within a clip
    should be seen, so pieces that go on where another of its shots ends cost more."""
    if len(free) < frames:
        return None
    whole = np.convolve(free, np.ones(frames), "valid")[::GRID] > frames - 0.5
    if not whole.any():
        return None
    mean = np.convolve(footage.intensity, np.ones(frames) / frames, "valid")[::GRID]
    cost = np.abs(mean - target)
    starts = np.arange(len(cost)) * GRID
    for cut in near:
        close = (starts < cut.first + cut.frames + 35) & (starts + frames > cut.first - 35)
        cost = cost + 0.05 * close
    cost[~whole] = np.inf
    best = int(np.argmin(cost))
    return float(cost[best]), int(starts[best])


def side_of(split: str) -> str:
    """Takes are shared by train and validation, never with the test."""
    return "test" if split == "test" else "train"


def takes_for(shots: Sequence[Shot], begin: int, seed: int) -> list[Take]:
    """Takes to record for shots that lack footage: as long, as light and as wild as they want.

    begin: number of the first of them. Courses are dealt from a shuffled deck, whatever the mood.
    """
    takes = []
    number = begin
    for side in ("test", "train"):
        for light in LIGHTS:
            group = sorted(
                (shot for shot in shots if side_of(shot.split) == side and shot.light == light),
                key=lambda shot: shot.wanted,
            )
            if not group:
                continue
            until = np.cumsum([shot.frames for shot in group])
            count = int(np.ceil(until[-1] / FRAMES_PER_SECOND / (YIELD * TAKE_S)))
            for part in range(count):
                shot = group[int(np.searchsorted(until, (part + 0.5) / count * until[-1]))]
                deck = list(COURSES)
                random.Random(f"{seed}/deck/{number // len(COURSES)}").shuffle(deck)
                takes.append(
                    Take(
                        id=f"{side}-{light}-{number:03d}",
                        split=side,
                        course=deck[number % len(COURSES)],
                        light=light,
                        wildness=round(shot.wanted, 3),
                        seed=seed * 10_000 + number,
                    )
                )
                number += 1
    random.Random(f"{seed}/order/{begin}").shuffle(takes)  # so that half a round is of all kinds
    return takes
