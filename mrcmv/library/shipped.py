"""Vectors of the starter pack that ship with the program, one file for each checkpoint.

``assets/library/vectors-<first 16 of the weights' hash>.npz``; read only, never written by the app.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from mrcmv.library.embeddings import MusicEmbedder, TrackVectors, embed_track, write_npz
from mrcmv.library.starter import StarterPack
from mrcmv.library.twins import Print
from mrcmv.library.windows import WINDOW_RULE
from mrcmv.media import Progress, fingerprint

log = logging.getLogger(__name__)


def shipped_path(folder: Path, model_sha256: str) -> Path:
    return folder / f"vectors-{model_sha256[:16]}.npz"


def write_shipped(
    folder: Path, starter: StarterPack, model: MusicEmbedder, progress: Progress | None = None
) -> Path:
    """Embed the starter pack and write the file that ships; returns its path."""
    parts: list[TrackVectors] = []
    for number, track in enumerate(starter.tracks):
        if progress:
            progress(number / len(starter.tracks))
        parts.append(embed_track(starter.paths[track.id], model))
    path = shipped_path(folder, model.sha256)
    write_npz(
        path,
        {
            "model": np.array(model.sha256),
            "rule": np.array(WINDOW_RULE),
            "sounds": np.array([track.sha256 for track in starter.tracks]),
            "counts": np.array([len(part.starts_s) for part in parts]),
            "vectors": np.concatenate([part.vectors for part in parts]),
            "starts_s": np.concatenate([part.starts_s for part in parts]),
        },
    )
    if progress:
        progress(1.0)
    return path


def read_shipped(folder: Path, model_sha256: str) -> dict[str, TrackVectors]:
    """Shipped vectors by the hash of the sound; empty when none ship for these weights and this rule."""
    path = shipped_path(folder, model_sha256)
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["model"]) != model_sha256 or int(kept["rule"]) != WINDOW_RULE:
                return {}
            vectors, starts = kept["vectors"], kept["starts_s"]
            ends = np.cumsum(kept["counts"])
            if len(vectors) != len(starts) or not len(ends) or ends[-1] != len(vectors):
                raise ValueError("its arrays do not fit each other")
            begins = [0, *ends[:-1]]
            return {
                str(sound): TrackVectors(vectors[begin:end], starts[begin:end])
                for sound, begin, end in zip(kept["sounds"], begins, ends, strict=True)
            }
    except Exception as error:  # a damaged zip or array raises a dozen kinds
        log.warning("The shipped embeddings are damaged and made again: %s", error)
        return {}


PRINTS = "prints.npz"


def write_prints(folder: Path, starter: StarterPack) -> Path:
    """Fingerprints of the starter pack, which ship so that its tracks are known in other files, too."""
    write_npz(folder / PRINTS, {t.sha256: fingerprint(starter.paths[t.id]) for t in starter.tracks})
    return folder / PRINTS


def read_prints(folder: Path) -> dict[str, Print]:
    """Shipped fingerprints by the hash of the sound; empty when there are none."""
    try:
        with np.load(folder / PRINTS, allow_pickle=False) as kept:
            return {sound: kept[sound].astype(np.uint32) for sound in kept.files}
    except FileNotFoundError:
        return {}
    except Exception as error:  # a damaged zip or array raises a dozen kinds
        log.warning("The shipped fingerprints are damaged: %s", error)
        return {}
