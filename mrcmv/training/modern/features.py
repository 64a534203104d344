"""Features of whole clips, computed once and kept: ``DATA/features-modern/<id>.npz``."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress, Samples, UserError
from mrcmv.training.batches import Clips
from mrcmv.training.modern import played, seen, spoken
from mrcmv.training.prepared import STEP_S, Prepared, to_float

FOLDER = "features-modern"
VERSION = 1
FRAME_STEP = 4
"""Every fourth frame (one in 2 s) is described by EfficientNet; colour and motion see every frame."""
WINDOW_STEP = 2
"""musicnn hears every second window of 3 s."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """One clip of n half seconds; what is missing (voice, separated music) has no rows.

    Attributes
    ----------
    picture, voice, music, rest
        Curves [n, k] per half second: see `seen`, `spoken`, `played`. ``rest`` is the music
        that separation leaves.
    frames
        [ceil(n / 4), 1280], EfficientNet-Lite0.
    music_net, rest_net
        [windows, 200], musicnn, one window in about 6 s.
    """

    picture: FloatArray
    frames: FloatArray
    voice: FloatArray
    music: FloatArray
    music_net: FloatArray
    rest: FloatArray
    rest_net: FloatArray

    @property
    def steps(self) -> int:
        return len(self.picture)


@dataclass(frozen=True)
class Networks:
    """The two networks of others that describe frames and music."""

    lite: Any
    tagger: Any

    @classmethod
    def load(cls) -> Networks:
        from mrcmv.tagging import Tagger
        from mrcmv.training.modern.lite import Lite0

        tagger = Tagger.load("MTT")  # sets the number of threads, too
        return cls(Lite0.load(), tagger)


def describe_clip(clip: Prepared, networks: Networks) -> Features:
    """All features of one clip; about 1 s of one core for a clip of 44 s."""
    from mrcmv.training.modern.lite import describe

    steps = len(clip.frames)
    music, music_net = _music(clip.music, steps, networks)
    rest, rest_net = _music(clip.rest, steps, networks)
    voice = np.zeros((0, len(spoken.NAMES)), np.float32)
    if clip.speech and len(clip.voice):
        voice = spoken.voice_curves(to_float(clip.voice), clip.speech, steps)
    return Features(
        picture=seen.picture_curves(clip.frames),
        frames=describe(networks.lite, clip.frames[::FRAME_STEP]),
        voice=voice,
        music=music,
        music_net=music_net,
        rest=rest,
        rest_net=rest_net,
    )


def _music(sound: NDArray[np.int16], steps: int, networks: Networks) -> tuple[FloatArray, FloatArray]:
    from mrcmv.tagging import FEATURES, WINDOW_SAMPLES

    if not len(sound):
        return np.zeros((0, len(played.NAMES)), np.float32), np.zeros((0, FEATURES), np.float32)
    samples: Samples = to_float(sound)
    # every second window as one sound: the seams are heard by one frame of 187
    count = max(1, len(samples) // WINDOW_SAMPLES)
    windows = [samples[i * WINDOW_SAMPLES : (i + 1) * WINDOW_SAMPLES] for i in range(0, count, WINDOW_STEP)]
    return played.music_curves(samples, steps), networks.tagger.embed(np.concatenate(windows))


def make_features(clips: Clips, folder: Path, *, workers: int = 1, progress: Progress | None = None) -> Path:
    """Compute what is missing in ``folder``; whole files are kept, so a stopped run goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i, item in enumerate(clips.items) if not _is_fresh(folder, clips.folder, item.id)]
    if missing and workers > 1:
        parts = [missing[start::workers] for start in range(min(workers, len(missing)))]
        with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as pool:
            for done, _ in enumerate(
                pool.map(_make_part, parts, [clips] * len(parts), [folder] * len(parts))
            ):
                if progress is not None:
                    progress((done + 1) / len(parts))
    elif missing:
        _make_part(missing, clips, folder, progress)
    if progress is not None:
        progress(1.0)
    return folder


def _is_fresh(folder: Path, prepared: Path, name: str) -> bool:
    """Whether a clip's features are there and no older than the prepared clip."""
    path, source = folder / f"{name}.npz", prepared / f"{name}.npz"
    if not path.is_file():
        return False
    return not source.is_file() or source.stat().st_mtime_ns <= path.stat().st_mtime_ns


def _make_part(chosen: Sequence[int], clips: Clips, folder: Path, progress: Progress | None = None) -> None:
    networks = Networks.load()
    for done, index in enumerate(chosen):
        save_features(folder / f"{clips.items[index].id}.npz", describe_clip(clips.load(index), networks))
        if progress is not None:
            progress((done + 1) / len(chosen))


def save_features(path: Path, features: Features) -> None:
    """Write one clip's features, as a whole or not at all; half precision is enough."""
    partial = path.with_name(path.name + ".partial")
    arrays = {field.name: getattr(features, field.name).astype(np.float16) for field in fields(features)}
    with partial.open("wb") as file:
        np.savez(file, version=np.int64(VERSION), **arrays)  # type: ignore[arg-type]
    os.replace(partial, path)


def load_features(path: Path) -> Features:
    """Read one clip's features; raises `UserError` when they are missing or of another version."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if int(file["version"]) != VERSION:
                raise ValueError("another version")
            return Features(**{field.name: file[field.name].astype(np.float32) for field in fields(Features)})
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(
            f"The features of {path.stem} cannot be read: delete {FOLDER} and try again."
        ) from error


assert STEP_S == 0.5  # the curves' modules count in half seconds
