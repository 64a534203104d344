"""A tiny data set made in a moment: how bright the picture is, how fast the voice and how high the music.

Only the prepared files are written, not the clips themselves, so nothing can be decoded again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mrcmv.media import Speech
from mrcmv.training.config import TrainConfig, build
from mrcmv.training.prepared import Prepared, save_prepared, to_int16

SIZE = 32
RATE = 16_000


def make_clip(level: float, seed: int, seconds: float = 34.0) -> Prepared:
    """``level`` 0..1 drives all three modalities."""
    random = np.random.default_rng(seed)
    frames = random.normal(60 + 120 * level, 8, size=(round(seconds * 2), SIZE, SIZE, 3))
    time = np.arange(round(seconds * RATE)) / RATE
    syllables = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * (1 + 5 * level) * time))
    voice = 0.2 * syllables * np.sin(2 * np.pi * 180 * time) + random.normal(0, 0.002, len(time))
    music = 0.2 * np.sin(2 * np.pi * (200 + 3000 * level) * time) + random.normal(0, 0.01, len(time))
    return Prepared(
        frames=np.clip(frames, 0, 255).astype(np.uint8),
        voice=to_int16(voice),
        music=to_int16(music),
        speech=Speech(((0.5, seconds - 0.5),)),
        duration_s=seconds,
    )


def make_data(folder: Path, splits: dict[str, int]) -> Path:
    """A data folder with ``splits`` = {"train": n, ...} clips, levels spread evenly in every split."""
    prepared = folder / f"prepared-{SIZE}"
    prepared.mkdir(parents=True)
    rows = []
    for split, count in splits.items():
        for number in range(count):
            name, level = f"{split}-{number}", (number + 0.5) / count
            save_prepared(prepared / f"{name}.npz", make_clip(level, seed=len(rows)))
            labels = folder / "clips" / name / "labels.json"
            labels.parent.mkdir(parents=True)
            steps = 68
            labels.write_text(
                json.dumps(
                    {
                        "step_s": 0.5,
                        "game": {"light": [level] * steps, "nothing": [0.0] * steps},
                        "voice": {"speaking": [1.0] * steps, "rate": [1 + 5 * level] * steps},
                    }
                )
            )
            rows.append(
                {
                    "id": name,
                    "split": split,
                    "clip": f"clips/{name}/clip.mp4",
                    "labels": f"clips/{name}/labels.json",
                    "track": {"id": f"track-{name}"},
                    "speaker": f"speaker-{split}",
                    "engine": "tone",
                    "duration_s": 34.0,
                }
            )
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def small_config(**values: object) -> TrainConfig:
    """The debug preset with everything short; keys as in a TOML file."""
    given: dict[str, object] = {
        "name": "tiny",
        "model": "debug",
        "crops": 2,
        "pretrain": {"picture_steps": 0, "voice_steps": 0, "music_steps": 0},
        "augment": {"voice_drop": 0.0, "picture_drop": 0.0, "token_noise": 0.0},
        "loss": {"kind": "infonce", "pseudo_weight": 0.0},
        "heads": {"epochs": 3, "batch": 8, "optimizer": "adam", "learning_rate": 0.003},
    }
    config: TrainConfig = build(TrainConfig, given | values, "test")
    return config
