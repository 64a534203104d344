"""What one worker does: reads some tracks, embeds them, gives vectors back. It writes nothing that lasts.

A function of a module, so that another process or another machine can be told to run it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mrcmv.library import TrackVectors, embed_track
from mrcmv.media import UserError, open_sound

if TYPE_CHECKING:
    from mrcmv.model import Mrcmv

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """Tracks that one worker embeds: their content's hashes and their paths.

    ``diary`` names a file on a common disk that every track begun and finished is noted in.
    """

    keys: tuple[str, ...]
    paths: tuple[Path, ...]
    checkpoint: str
    diary: Path | None = None


@dataclass(frozen=True)
class Done:
    """Vectors by the content's hash; a sentence for each that cannot be used; the weights' hash."""

    vectors: dict[str, TrackVectors]
    refused: dict[str, str]
    model_sha256: str
    seconds: float


def embed_tracks(task: Task) -> Done:
    """Embed tracks one after the other; those that cannot be read do not stop the others."""
    began = time.perf_counter()
    model = _model(task.checkpoint)
    vectors, refused = {}, {}
    for key, path in zip(task.keys, task.paths, strict=True):
        _note(task.diary, "begun", key)
        try:
            vectors[key] = _embed(path, model)
        except UserError as error:
            refused[key] = str(error)
        except Exception:  # whatever a broken file leads to, it is this file's
            log.warning("A track of the catalogue cannot be embedded.", exc_info=True)
            refused[key] = "This sound cannot be used: convert it to WAV or FLAC."
        _note(task.diary, "finished", key)
    return Done(vectors, refused, model.sha256, time.perf_counter() - began)


def _embed(path: Path, model: Mrcmv) -> TrackVectors:
    with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
        sound = Path(folder) / "sound.flac"
        open_sound(path, sound)
        found = embed_track(sound, model)
    if not np.isfinite(found.vectors).all():
        raise UserError("This sound cannot be used: it holds values that are no numbers.")
    return found


@lru_cache(maxsize=1)
def _model(checkpoint: str) -> Mrcmv:
    """Loaded once for each process. One thread: there are as many workers as cores."""
    import torch

    from mrcmv.model import load_model

    torch.set_num_threads(1)
    return load_model(checkpoint)


def _note(diary: Path | None, what: str, key: str) -> None:
    if diary is None:
        return
    line = json.dumps(
        {"what": what, "key": key, "at": time.time(), "host": socket.gethostname(), "pid": os.getpid()}
    )
    with diary.open("a") as file:  # short lines at the end of a file come whole, whoever else writes
        file.write(line + "\n")
