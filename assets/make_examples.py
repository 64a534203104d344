"""Make the three example clips as a creator would upload them: game, game sound and voice, no music.

    python assets/make_examples.py [excited] [calm] [no_voice]

Run from the project's folder, with requirements-train.txt installed. The pictures are played in ViZDoom
by the same player as the training clips, at twice their size; the voices are hibari's. Maps and seeds
are not those of any training clip.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mrcmv.media import Samples, home
from mrcmv.training.freedoom400.doom import SOUND_RATE
from mrcmv.training.freedoom400.edit import MIX_RATE, loudness
from mrcmv.training.freedoom400.gameplay import Look, record
from mrcmv.training.freedoom400.packs import openal_folder
from mrcmv.training.freedoom400.plan import Block, ClipPlan
from mrcmv.training.freedoom400.rule import Drive
from mrcmv.training.freedoom400.sounds import ffmpeg
from mrcmv.training.freedoom400.speakers import SPEAKERS, VOICE_RATE, resample, speak

log = logging.getLogger("make_examples")
OUT = Path(__file__).resolve().parent / "examples"
LOOK = Look(size=(640, 360), preset="veryfast", crf=17, tics=1)
BITS_PER_SECOND = 530_000
MASTER_LUFS = -16.0


@dataclass(frozen=True)
class Example:
    """A clip: where it is played, how wild (scores of its blocks), how bright, who speaks what.

    lines: (pause before it in seconds, words). rate, pitch: factors on the speaker's own.
    """

    name: str
    wad: str
    map: str
    seed: int
    duration_s: float
    blocks: tuple[tuple[float, float], ...]
    light: float
    cuts: float
    speaker: str = ""
    rate: float = 1.0
    pitch: float = 1.0
    lines: tuple[tuple[float, str], ...] = ()


EXAMPLES = (
    Example(
        "excited", "freedoom2", "map11", 7001, 33.0, ((0.0, 1.0), (15.0, 1.7)), 1.2, 0.0,
        speaker="hana", rate=1.18, pitch=1.1,
        lines=(
            (0.4, "Okay, here we go, here we go! They are already waiting for us!"),
            (0.5, "Look at that, three of them at once!"),
            (0.4, "Come on, come on! Yes! That was so close!"),
            (0.6, "Wait, there is a big one, go go go, keep firing!"),
            (0.4, "Oh no, behind us! Turn around, quick!"),
            (0.5, "Ha ha! Did you see that? Unbelievable!"),
            (0.5, "They just keep coming, and I love it!"),
            (0.4, "One more, one more, and boom! What a run, my friends!"),
            (0.4, "This is the best round of the whole week!"),
        ),
    ),
    Example(
        "calm", "freedoom2", "map05", 7002, 35.0, ((0.0, -1.6), (25.5, -1.8)), 0.7, -1.0,
        speaker="hana", rate=0.86, pitch=0.93,
        lines=(
            (1.0, "Hello, and welcome back. Today we take it slow."),
            (1.4, "I want to show you around this old place, before anything happens here."),
            (1.6, "It is very quiet now, so we can look at the walls and at the light."),
            (1.8, "Somebody has built all of this with a lot of patience."),
            (1.6, "We go on, step by step, and just listen for a while."),
            (1.8, "That is all for the moment. Stay here a little, if you like."),
        ),
    ),
    Example("no_voice", "freedoom1", "E1M1", 7003, 32.0, ((0.0, 0.1), (12.0, 0.7), (23.0, -0.3)), 0.9, 0.2),
)  # fmt: skip


def plan_of(example: Example) -> ClipPlan:
    """The example as a plan that the training clips' player follows."""
    ends = [start for start, _ in example.blocks[1:]] + [example.duration_s]
    blocks = tuple(
        Block(start, end, score, 0.0) for (start, score), end in zip(example.blocks, ends, strict=True)
    )
    drive = Drive(0.0, 0.0, example.light, 0.0, example.cuts, 0.0, 0.0, {})
    return ClipPlan(
        example.name, "example", example.seed, example.duration_s, "", example.wad, example.map,
        example.speaker, 0.0, blocks, drive,
    )  # fmt: skip


def voice_of(example: Example) -> Samples:
    """The commentary, mono at VOICE_RATE, as long as the clip."""
    sound = np.zeros(round(example.duration_s * VOICE_RATE), np.float32)
    speaker = next((each for each in SPEAKERS if each.name == example.speaker), None)
    place = 0
    for number, (pause, words) in enumerate(example.lines):
        assert speaker is not None
        line = speak(speaker, words, rate=example.rate, pitch=example.pitch, seed=example.seed + number)
        place += round(pause * VOICE_RATE)
        part = line[: max(0, len(sound) - place - VOICE_RATE // 4)]
        if len(part) < len(line):
            log.warning("%s: no room for: %s", example.name, words)
            break
        sound[place : place + len(part)] += part * (0.1 / np.sqrt(np.mean(part**2)))
        place += len(line)
    return sound


def sound_of(example: Example, game: Samples | None) -> Samples:
    """Game sound under the voice, or alone; stereo at MIX_RATE."""
    length = round(example.duration_s * MIX_RATE)
    total = np.zeros((length, 2), np.float32)
    if game is not None:
        effects = resample(game, SOUND_RATE, MIX_RATE)[:length]
        effects = np.tanh(effects * 10 ** ((-18.0 - max(loudness(effects, MIX_RATE), -40.0)) / 20))
        total[: len(effects)] += effects * 10 ** ((-10.0 if example.lines else 0.0) / 20)
    voice = resample(voice_of(example), VOICE_RATE, MIX_RATE)[:length]
    if example.lines:
        gain = 10 ** ((-18.0 - loudness(voice, MIX_RATE)) / 20)
        total[: len(voice)] += gain * voice[:, None] / np.float32(np.sqrt(2))
    total *= 10 ** ((MASTER_LUFS - loudness(total, MIX_RATE)) / 20)
    return (np.tanh(total / 0.9) * 0.9).astype(np.float32)


def make(example: Example) -> None:
    """Play, speak, mix, encode in two passes to the size that fits, and take a poster."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        played = record(
            plan_of(example), work / "played.mp4", look=LOOK, openal=openal_folder(home() / "packages")
        )
        sound = sound_of(example, played.sound)
        (work / "sound.raw").write_bytes(sound.tobytes())
        first = [ffmpeg(), "-y", "-v", "error", "-i", str(work / "played.mp4")]
        code = ["-c:v", "libx264", "-preset", "slow", "-b:v", str(BITS_PER_SECOND), "-threads", "1"]
        code += ["-passlogfile", str(work / "log")]
        subprocess.run([*first, *code, "-pass", "1", "-an", "-f", "null", "-"], check=True)
        raw = ["-f", "f32le", "-ac", "2", "-ar", str(MIX_RATE), "-i", str(work / "sound.raw")]
        more = [
            "-c:a",
            "aac",
            "-b:a",
            "96k",
            "-ar",
            "44100",
            "-movflags",
            "+faststart",
            "-map_metadata",
            "-1",
        ]
        OUT.mkdir(parents=True, exist_ok=True)
        clip = OUT / f"{example.name}.mp4"
        subprocess.run([*first, *raw, *code, "-pass", "2", *more, "-shortest", str(clip)], check=True)
        poster = [ffmpeg(), "-y", "-v", "error", "-ss", "9", "-i", str(clip), "-frames:v", "1", "-q:v", "5"]
        subprocess.run([*poster, "-update", "1", str(OUT / f"{example.name}.jpg")], check=True)
        means = {key: round(float(np.mean(curve)), 3) for key, curve in played.labels.items()}
        log.info("%s: %d bytes, %s", example.name, clip.stat().st_size, means)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asked = sys.argv[1:] or [example.name for example in EXAMPLES]
    for each in EXAMPLES:
        if each.name in asked:
            make(each)
