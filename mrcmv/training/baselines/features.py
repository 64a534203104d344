"""Hand-crafted features of prepared clips, measured once and kept: one small file per clip.

All are measured on the first 32 s of a clip, which is what every method is judged by.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import WINDOW_S, Progress, Samples, UserError
from mrcmv.training.baselines.cbvmr_features import cbvmr_features
from mrcmv.training.baselines.music import music_features
from mrcmv.training.baselines.picture import mean_frame, picture_features
from mrcmv.training.baselines.voice import voice_features
from mrcmv.training.prepared import Prepared, load_prepared, to_float

if TYPE_CHECKING:
    from mrcmv.tagging import Tagger

VERSION = 1
"""Raised when files of before may not be used any more."""
FOLDER = "features-classic"
CLASSIC, CBVMR, TAGS = "classic", "cbvmr", "tags"
"""Three files per clip: ``<id>.npz`` and, as they take longer, ``<id>.cbvmr.npz`` and ``<id>.tags.npz``."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """Named numbers of one clip in one respect (``picture``, ``voice``, ``music``, ``rest`` ...)."""

    names: tuple[str, ...]
    values: FloatArray


def measure_classic(clip: Prepared) -> dict[str, Row]:
    """Picture, mean frame, voice (when somebody speaks), clean music and the separated rest (when there)."""
    crop = clip.crop()
    found = {"picture": _row(picture_features(crop.frames)), "frame": _numbered(mean_frame(crop.frames))}
    if crop.voice is not None:
        segments = tuple((a, min(b, WINDOW_S)) for a, b in clip.speech.segments if a < WINDOW_S)
        found["voice"] = _row(voice_features(crop.voice, segments))
    for name, sound in _tracks(clip).items():
        found[name] = _row(music_features(sound))
    return found


def measure_cbvmr(clip: Prepared) -> dict[str, Row]:
    """The 1140 numbers of CBVMR of the clean music and of the separated rest (when there)."""
    return {name: _numbered(cbvmr_features(sound)) for name, sound in _tracks(clip).items()}


def measure_tags(clip: Prepared) -> dict[str, Row]:
    """musicnn's words (MagnaTagATune), 0..1, of the clean music and of the separated rest (when there)."""
    tagger = _tagger()
    return {name: _row(tagger.tags(sound)) for name, sound in _tracks(clip).items()}


@cache
def _tagger() -> Tagger:
    from mrcmv.tagging import Tagger

    return Tagger.load("MTT")


MEASURES: dict[str, Callable[[Prepared], dict[str, Row]]] = {
    CLASSIC: measure_classic,
    CBVMR: measure_cbvmr,
    TAGS: measure_tags,
}


def _tracks(clip: Prepared) -> dict[str, Samples]:
    """``music`` (clean) and, from newer prepared files, ``rest`` (what separation left of the mix)."""
    long = round(WINDOW_S * 16_000)
    found = {"music": to_float(clip.music[:long]), "rest": to_float(clip.rest[:long])}
    return {name: sound for name, sound in found.items() if len(sound) >= 2 * 16_000}


def _row(found: dict[str, float]) -> Row:
    return Row(tuple(found), np.asarray(list(found.values()), dtype=np.float32))


def _numbered(values: NDArray[np.floating]) -> Row:
    return Row(tuple(str(place) for place in range(len(values))), np.asarray(values, dtype=np.float32))


def feature_path(cache: Path, name: str, kind: str) -> Path:
    """Where the features of one clip lie."""
    return cache / (f"{name}.npz" if kind == CLASSIC else f"{name}.{kind}.npz")


def save_features(path: Path, rows: dict[str, Row]) -> None:
    """Write the features of one clip, as a whole or not at all."""
    arrays: dict[str, Any] = {"version": np.int64(VERSION)}
    for name, row in rows.items():
        arrays[f"{name} names"], arrays[f"{name} values"] = np.asarray(row.names), row.values
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(partial, path)


def load_features(path: Path) -> dict[str, Row]:
    """Read the features of one clip; raises `UserError` when they are not there or of another version."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if int(file["version"]) != VERSION:
                raise ValueError("another version")
            kinds = [name.removesuffix(" values") for name in file.files if name.endswith(" values")]
            return {
                kind: Row(tuple(map(str, file[f"{kind} names"])), file[f"{kind} values"]) for kind in kinds
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"The features of {path.stem} cannot be read: measure them again.") from error


def measure(
    names: Sequence[str],
    prepared: Path,
    cache: Path,
    *,
    kind: str = CLASSIC,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Measure what is missing of the named clips; may be stopped and called again.

    Files older than the prepared clip they were measured on, or damaged, are measured again.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [name for name in names if not _is_fresh(feature_path(cache, name, kind), prepared, name)]
    jobs = [(prepared / f"{name}.npz", feature_path(cache, name, kind), kind) for name in missing]
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(workers) as pool:
            for done, _ in enumerate(pool.map(_measure_one, jobs, chunksize=4)):
                _tell(progress, done / len(jobs))
    else:
        for done, job in enumerate(jobs):
            _tell(progress, done / len(jobs))
            _measure_one(job)
    _tell(progress, 1.0)


def _measure_one(job: tuple[Path, Path, str]) -> None:
    source, destination, kind = job
    save_features(destination, MEASURES[kind](load_prepared(source)))


def _is_fresh(path: Path, prepared: Path, name: str) -> bool:
    try:
        load_features(path)
        return path.stat().st_mtime_ns >= (prepared / f"{name}.npz").stat().st_mtime_ns
    except (OSError, UserError):
        return False


def _tell(progress: Progress | None, done: float) -> None:
    if progress is not None:
        progress(done)
