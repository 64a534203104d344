"""What every clip will be, decided before anything is rendered; the same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from .rule import Drive, drives
from .speakers import cast
from .tracks import LEAST_S, Track

PAPER_CLIPS, PAPER_TEST = 401, 131
"""CFM400 of the paper: 401 clips, 131 of them for the test."""
LENGTHS_S = (LEAST_S - 1.6, 46.0)
"""Shortest and longest clip, in seconds."""
MAPS: tuple[tuple[str, str], ...] = (
    *(("freedoom2", f"map{number:02d}") for number in range(1, 31)),
    *(("freedoom1", f"E{episode}M{number}") for episode in range(1, 5) for number in range(1, 9)),
)
"""Maps of Freedoom; every mood is played on any of them."""


@dataclass(frozen=True)
class Block:
    """A stretch of a clip: (start, end) in seconds, how wild the game and the commentary are (scores)."""

    start_s: float
    end_s: float
    game: float
    delivery: float


@dataclass(frozen=True)
class ClipPlan:
    """One clip: what it shows, who speaks, what plays. ``voice_to_music_lu`` in LU, 10 to 14."""

    id: str
    split: str
    seed: int
    duration_s: float
    track: str
    wad: str
    map: str
    speaker: str
    voice_to_music_lu: float
    blocks: tuple[Block, ...]
    drive: Drive

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def block_at(self, second: float) -> Block:
        """The block that a second falls in; the last one holds at the end."""
        return next((block for block in self.blocks if second < block.end_s), self.blocks[-1])


def split_of(index: int) -> str:
    """Train, validation or test of the clip at a place in the order, so mixed that any prefix is usable.

    131 of 401 are test; every tenth of the rest is validation.
    """

    def tests_before(place: int) -> int:
        return place * PAPER_TEST // PAPER_CLIPS

    if tests_before(index + 1) > tests_before(index):
        return "test"
    return "validation" if (index - tests_before(index)) % 10 == 4 else "train"


def make_plan(
    tracks: Sequence[Track],
    seed: int = 0,
    lengths_s: tuple[float, float] = LENGTHS_S,
    rendition: int = 0,
) -> list[ClipPlan]:
    """A plan for every track of a catalogue, in the order of building.

    ``rendition`` 1, 2, ...: further clips to the tracks of train only, with fresh noise on every link,
    another map, another speaker, other words.
    """
    driven = drives([track.descriptors for track in tracks], seed, rendition)
    order = np.random.default_rng([seed, 12]).permutation(len(tracks))
    return [
        _plan_clip(place, tracks[row], driven[row], seed, lengths_s, rendition)
        for place, row in enumerate(order)
        if not rendition or split_of(place) == "train"
    ]


def spoken_anew(plans: Sequence[ClipPlan]) -> list[ClipPlan]:
    """The plans of test clips with speakers of the engine that is in no split; the rest stays as it is."""
    voices = cast("unheard")
    return [
        replace(plan, speaker=random.Random(f"{plan.seed}/unheard").choice(voices).name)
        for plan in plans
        if plan.split == "test"
    ]


def _plan_clip(
    place: int, track: Track, drive: Drive, seed: int, lengths_s: tuple[float, float], rendition: int
) -> ClipPlan:
    own = random.Random(f"{seed}/{place}/{track.id}" + (f"/{rendition}" if rendition else ""))
    split = split_of(place)
    longest = min(track.length_s - 0.1, lengths_s[1])
    duration = round(min(longest, own.uniform(*lengths_s)) * 2) / 2
    wad, level = own.choice(MAPS)
    return ClipPlan(
        id=f"{place:04d}" + (f"r{rendition}" if rendition else ""),
        split=split,
        seed=seed * 100_000 + rendition * 1_000 + place,
        duration_s=duration - 0.5 if duration > longest else duration,
        track=track.id,
        wad=wad,
        map=level,
        speaker=own.choice(cast("test" if split == "test" else "train")).name,
        voice_to_music_lu=round(own.uniform(10.5, 13.5), 2),
        blocks=_blocks(track, drive, duration, own),
        drive=drive,
    )


def _blocks(track: Track, drive: Drive, duration: float, own: random.Random) -> tuple[Block, ...]:
    """Two or three blocks that contrast, more so for a track with dynamics; the music's own rise helps."""
    count = own.choice((2, 3))
    music = np.array(track.blocks)
    if count == 2:
        music = np.array([music[:2].mean(), music[1:].mean()])
    shape = 0.6 * music / (music.std() + 1e-9) + 0.8 * np.array([own.gauss(0, 1) for _ in range(count)])
    shape = (shape - shape.mean()) / (shape.std() + 1e-9)
    voice = 0.8 * shape + 0.6 * np.array([own.gauss(0, 1) for _ in range(count)])
    voice -= voice.mean()
    contrast = float(np.clip(0.55 * np.exp(0.4 * drive.contrast), 0.2, 1.3))
    cuts = [0.0, *(duration * (i + own.uniform(-0.15, 0.15)) / count for i in range(1, count)), duration]
    return tuple(
        Block(
            round(cuts[i], 2),
            round(cuts[i + 1], 2),
            round(float(drive.game + contrast * shape[i]), 4),
            round(float(drive.delivery + 0.8 * contrast * voice[i]), 4),
        )
        for i in range(count)
    )
