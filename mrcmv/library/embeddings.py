"""The vectors of a track's windows: made by the network, kept under the hash of sound and weights.

One small file for each track, so a program that is killed loses at most the track in work:
``embeddings/<weights>-w<rule>/<sound>.npz`` with the names and the full hashes repeated inside.
"""

from __future__ import annotations

import itertools
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mrcmv.library.windows import WINDOW_RULE, cut_windows, window_starts
from mrcmv.media import Progress, Samples, open_sound, part_of, read_sound, to_mono, work_folder

log = logging.getLogger(__name__)

EXAMPLE_S = 600.0
"""Longest sound that is taken as an example, in seconds."""
BATCH = 2
"""Windows that the network gets at once: between two batches work can be cancelled."""


class MusicEmbedder(Protocol):
    """What the library needs of a network (`mrcmv.model.Mrcmv` is one)."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        ...

    def embed_music(self, windows: Sequence[Samples]) -> NDArray[np.float32]:
        """Windows, each [512000] mono 16 kHz -> [w, d], comparable by cosine."""
        ...


@dataclass(frozen=True)
class TrackVectors:
    """The windows of one track: unit vectors float32 [w, d], and their starts [w] in seconds."""

    vectors: NDArray[np.float32]
    starts_s: NDArray[np.float32]


def embed_track(
    sound: Path, model: MusicEmbedder, on_window: Callable[[int], None] | None = None
) -> TrackVectors:
    """Hear a whole track. ``on_window(count)`` is told after each batch and may stop the work."""
    windows = cut_windows(to_mono(read_sound(sound)))
    vectors: list[NDArray[np.float32]] = []
    starts: list[float] = []
    while batch := list(itertools.islice(windows, BATCH)):
        starts += [start_s for start_s, _ in batch]
        vectors.append(model.embed_music([window for _, window in batch]))
        if on_window:
            on_window(len(starts))
    return TrackVectors(unit(np.concatenate(vectors)), np.array(starts, np.float32))


def hear_sound(source: Path, model: MusicEmbedder, progress: Progress | None = None) -> NDArray[np.float32]:
    """Any sound file as one unit vector [d]: the middle of its windows. Nothing of it is kept.

    Raises
    ------
    UserError
        The file is no sound that can be read, or is longer than `EXAMPLE_S`.
    """
    with work_folder("mrcmv-") as folder:
        sound = Path(folder) / "sound.flac"
        facts = open_sound(source, sound, max_s=EXAMPLE_S, progress=part_of(progress, 0.0, 0.3))
        windows = len(window_starts(facts.duration_s))
        told = part_of(progress, 0.3, 1.0)
        heard = embed_track(sound, model, lambda done: told(done / windows) if told else None)
    return unit(heard.vectors.mean(axis=0))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors [..., d] of length one, float32. A vector of zeros stays zero."""
    length = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return scaled


class VectorCache:
    """Vectors on disk for one network. Files that cannot be used are made again."""

    def __init__(self, folder: Path, model_sha256: str) -> None:
        self.model_sha256 = model_sha256
        self.folder = folder / f"{model_sha256[:16]}-w{WINDOW_RULE}"

    def path(self, sound_sha256: str) -> Path:
        return self.folder / f"{sound_sha256}.npz"

    def read(self, sound_sha256: str) -> TrackVectors | None:
        """The vectors of a sound, or None when they have to be made."""
        path = self.path(sound_sha256)
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as kept:
                return unpack(kept, f"{self.model_sha256}/{sound_sha256}")
        except Exception as error:  # a damaged zip or array raises a dozen kinds
            log.warning("The cached embedding %s is damaged and made again: %s", path.name[:16], error)
            return None

    def write(self, sound_sha256: str, vectors: TrackVectors) -> None:
        """Keep vectors; the file appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_npz(self.path(sound_sha256), pack(vectors, f"{self.model_sha256}/{sound_sha256}"))


def pack(vectors: TrackVectors, key: str) -> dict[str, NDArray[Any]]:
    """Arrays of a cache file; ``key`` names what they belong to."""
    return {
        "vectors": vectors.vectors,
        "starts_s": vectors.starts_s,
        "key": np.array(f"{key}/w{WINDOW_RULE}"),
    }


def unpack(arrays: Mapping[str, NDArray[Any]], key: str) -> TrackVectors:
    """The inverse of `pack`.

    Raises
    ------
    ValueError, KeyError
        The arrays belong to something else, or are not what `pack` makes.
    """
    if str(arrays["key"]) != f"{key}/w{WINDOW_RULE}":
        raise ValueError("it belongs to another sound or network")
    vectors, starts = arrays["vectors"], arrays["starts_s"]
    if vectors.dtype != np.float32 or vectors.ndim != 2 or starts.shape != vectors.shape[:1]:
        raise ValueError("its arrays have other shapes")
    if not len(vectors) or not np.isfinite(vectors).all():
        raise ValueError("it holds no numbers")
    return TrackVectors(vectors, starts)


def write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays to an .npz that appears whole or not at all."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
