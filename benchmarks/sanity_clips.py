"""The ten clips of `benchmarks.sanity`: written for it, played, spoken and mixed by the examples' own tools.

Speakers are those of the test, maps and seeds are in no training clip, and the sentences are in no
grammar: they were written here by hand.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assets.make_examples import MASTER_LUFS, Example, plan_of, voice_of
from mrcmv.media import Samples, home
from mrcmv.training.freedoom400.doom import SOUND_RATE
from mrcmv.training.freedoom400.edit import MIX_RATE, join, loudness
from mrcmv.training.freedoom400.gameplay import Look, record
from mrcmv.training.freedoom400.packs import openal_folder
from mrcmv.training.freedoom400.speakers import VOICE_RATE, resample

LOOK = Look(size=(320, 240), preset="veryfast", crf=23)
GAME_DB = -10.0
"""Game sound under the voice, both evened out, in dB."""


@dataclass(frozen=True)
class Written(Example):
    """An example, and how much louder or quieter than usual its voice is over the game, in dB."""

    voice_db: float = 0.0


CLIPS: tuple[Written, ...] = (
    Written(
        "calm voice, calm picture", "freedoom2", "map15", 8101, 35.0, ((0.0, -1.6), (18.0, -1.7)), 0.0, -0.8,
        speaker="hilde", rate=0.84, pitch=0.95,
        lines=(
            (1.0, "Good evening, everyone. There is nobody here tonight but us."),
            (1.6, "I like these corridors when the fighting is over."),
            (1.8, "Take a moment and listen to the hum of the machines."),
            (1.8, "A little further on there used to be a garden, I think."),
            (1.6, "No hurry at all. We will get there in the end."),
        ),
    ),
    Written(
        "excited voice, firefight", "freedoom2", "map21", 8102, 35.0, ((0.0, 1.4), (16.0, 1.9)), 0.0, 0.3,
        speaker="ada", rate=1.24, pitch=1.1,
        lines=(
            (0.3, "Oh my goodness, the whole army is in here!"),
            (0.3, "Left, left, left! Got him! And the next one!"),
            (0.3, "I have never seen so many of them in a single room!"),
            (0.3, "Reload, reload, come on! Yes! Straight through the middle!"),
            (0.3, "They are throwing everything at me and I am still standing!"),
            (0.3, "Go on, give me more of that! Is that all you have got?"),
            (0.3, "Two at once! Somebody please tell me that was recorded!"),
            (0.3, "Keep moving, keep shooting, do not let them breathe!"),
            (0.3, "Incredible! Absolutely incredible!"),
        ),
    ),
    Written(
        "calm voice, firefight", "freedoom1", "E2M5", 8103, 35.0, ((0.0, 1.4), (17.0, 1.8)), 0.0, 0.2,
        speaker="basil", rate=0.84, pitch=0.95,
        lines=(
            (1.0, "What you see now is a rather crowded room."),
            (1.5, "I keep my distance and take them one by one."),
            (1.8, "It looks worse than it is, if you stay patient."),
            (1.8, "The trick is to move in a wide circle and wait for an opening."),
            (1.6, "There. That is how I would do it."),
        ),
    ),
    Written(
        "excited voice, calm picture", "freedoom2", "map08", 8104, 34.0,
        ((0.0, -1.6), (15.0, -1.8)), 0.0, -0.8,
        speaker="dora", rate=1.24, pitch=1.1,
        lines=(
            (0.3, "You will not believe what happened to me this morning!"),
            (0.3, "I got the letter! The big one! They have invited me to the finals!"),
            (0.3, "I ran through the flat and I screamed, honestly, I screamed!"),
            (0.3, "Ten years I have waited for this, ten whole years!"),
            (0.3, "And the best of it: you are all coming with me!"),
            (0.3, "I cannot sit still, my hands are shaking, look at this aim!"),
            (0.3, "We are going to win that thing, I can feel it!"),
            (0.3, "Thank you, thank you, thank you! What a day!"),
        ),
    ),
    Written(
        "sad, dark, slow", "freedoom1", "E3M2", 8105, 36.0, ((0.0, -1.5), (19.0, -1.8)), -1.7, -1.2,
        speaker="pablo", rate=0.76, pitch=0.88,
        lines=(
            (1.5, "We lost the last of them yesterday."),
            (2.4, "I still carry his lamp, although it does not burn any more."),
            (2.4, "There is no sky down here, and no morning."),
            (2.4, "Sometimes I think that I hear them call my name."),
            (2.2, "Then it is silent again."),
        ),
    ),
    Written(
        "bright and cheerful", "freedoom1", "E1M4", 8106, 35.0, ((0.0, 0.0), (18.0, 0.3)), 1.9, 0.0,
        speaker="ada", rate=1.05, pitch=1.16,
        lines=(
            (0.5, "Hello, my dears, what a beautiful sunny day for a stroll!"),
            (0.6, "Look how the light dances on those tiles, it is gorgeous!"),
            (0.6, "I brought cake, I brought tea, and I brought a very large shotgun!"),
            (0.6, "Oh, a present! For me? You should not have!"),
            (0.6, "Everybody wave to the nice little imp over there!"),
            (0.6, "Life is sweet, the sun is out, and the coffee is hot!"),
            (0.6, "Let us skip along to the next room, shall we?"),
        ),
    ),
    Written(
        "no voice, calm picture", "freedoom2", "map02", 8107, 34.0, ((0.0, -1.7), (17.0, -1.6)), 0.0, -0.8
    ),
    Written("no voice, firefight", "freedoom2", "map28", 8108, 34.0, ((0.0, 1.5), (17.0, 1.9)), 0.0, 0.3),
    Written(
        "whispered monotone, exploring", "freedoom1", "E2M2", 8109, 35.0,
        ((0.0, -0.3), (18.0, -0.4)), -0.3, -0.6,
        speaker="hilde", rate=0.8, pitch=0.86, voice_db=-8.0,
        lines=(
            (1.2, "This is corridor number nine."),
            (1.8, "The walls are grey and so is the floor."),
            (1.8, "I write down what I see, one thing after another."),
            (1.8, "Three crates, one barrel, a closed door."),
            (1.8, "Nothing more to report from this place."),
        ),
    ),
    Written(
        "fast commentary, many cuts", "freedoom2", "map17", 8110, 35.0,
        ((0.0, 0.5), (9.0, 1.0), (18.0, 0.6), (27.0, 1.1)), 0.3, 2.5,
        speaker="basil", rate=1.32, pitch=1.03,
        lines=(
            (0.2, "Right, quick recap, blue key first, then the lift, then the long hall."),
            (0.15, "Cut to the next room, shotgun out, two down, on we go."),
            (0.15, "Skip the secret, no time, we are eleven seconds ahead of the record."),
            (0.15, "Jump, turn, shoot, turn again, and through the gap."),
            (0.15, "Next split, still green, take the rocket launcher and do not stop."),
            (0.15, "Straight over the ledge, that saves another second and a half."),
            (0.15, "Switch, door, corner, imp, gone, and the stairs are up."),
            (0.15, "Last corridor now, count with me, three, two, one."),
            (0.15, "And again from the top, because we can do better than that."),
        ),
    ),
)  # fmt: skip


def sound_of(clip: Written, game: Samples | None) -> Samples:
    """Game sound under the voice, or alone; stereo at MIX_RATE, at -16 LUFS. No music."""
    length = round(clip.duration_s * MIX_RATE)
    total = np.zeros((length, 2), np.float32)
    if game is not None:
        effects = resample(game, SOUND_RATE, MIX_RATE)[:length]
        effects = np.tanh(effects * 10 ** ((-18.0 - max(loudness(effects, MIX_RATE), -40.0)) / 20))
        total[: len(effects)] += effects * 10 ** ((GAME_DB if clip.lines else 0.0) / 20)
    if clip.lines:
        voice = resample(voice_of(clip), VOICE_RATE, MIX_RATE)[:length]
        gain = 10 ** ((-18.0 + clip.voice_db - loudness(voice, MIX_RATE)) / 20)
        total[: len(voice)] += gain * voice[:, None] / np.float32(np.sqrt(2))
    total *= 10 ** ((MASTER_LUFS - loudness(total, MIX_RATE)) / 20)
    return (np.tanh(total / 0.9) * 0.9).astype(np.float32)


def make(clip: Written, destination: Path) -> Path:
    """Play, speak and mix one clip, unless it is there already; about 10 s of work."""
    if destination.is_file():
        return destination
    with tempfile.TemporaryDirectory(dir=destination.parent) as name:
        work = Path(name)
        played = record(
            plan_of(clip), work / "played.mp4", look=LOOK, openal=openal_folder(home() / "packages")
        )
        join(work / "played.mp4", sound_of(clip, played.sound), work / "clip.mp4")
        (work / "clip.mp4").replace(destination)
    return destination
