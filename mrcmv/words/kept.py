"""Vectors of texts that were encoded before: in memory, and in one file of the home folder."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress
from mrcmv.words.encoder import DEPTH, SentenceEncoder

log = logging.getLogger(__name__)

MOST_KEPT = 150_000
"""Texts in the file: 230 MB, enough for a library of 100,000 tracks. What was asked for last stays."""
STEP = 256
"""Texts between two reports of progress."""
SAVE_FROM = 32
"""New texts that are worth writing the file again."""


class KeptTexts:
    """Encodes texts, each once. The file is named after the hash of the encoder's weights.

    Parameters
    ----------
    encoder
        Called for new texts only.
    folder
        None keeps in memory alone.
    """

    def __init__(self, encoder: Callable[[], SentenceEncoder], sha256: str, folder: Path | None) -> None:
        self._encoder = encoder
        self._path = folder / f"{sha256[:16]}.npz" if folder else None
        self._lock = threading.Lock()
        self._vectors: dict[str, NDArray[np.float32]] = self._read()

    def vectors(self, texts: Iterable[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit vectors float32 [texts, 384]. ``progress`` may stop the work; what is done is kept."""
        wanted = list(texts)
        keys = [_key(text) for text in wanted]
        with self._lock:
            missing = {key: text for key, text in zip(keys, wanted, strict=True) if key not in self._vectors}
            try:
                self._encode(missing, progress)
            finally:
                if len(missing) >= SAVE_FROM:
                    self._write(keys)
            if not wanted:
                return np.zeros((0, DEPTH), np.float32)
            return np.stack([self._vectors[key] for key in keys])

    def _encode(self, missing: dict[str, str], progress: Progress | None) -> None:
        rows = list(missing.items())
        for start in range(0, len(rows), STEP):
            if progress:
                progress(start / len(rows))
            part = rows[start : start + STEP]
            made = self._encoder().encode([text for _, text in part])
            self._vectors.update(zip((key for key, _ in part), made, strict=True))

    def _read(self) -> dict[str, NDArray[np.float32]]:
        if self._path is None or not self._path.is_file():
            return {}
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"]
            if vectors.dtype != np.float32 or vectors.shape != (len(keys), DEPTH):
                raise ValueError("its arrays have other shapes")
            if not np.isfinite(vectors).all():
                raise ValueError("it holds no numbers")
            return dict(zip(keys.tolist(), vectors, strict=True))
        except Exception as error:  # a damaged zip or array raises a dozen kinds
            log.warning("The kept vectors of texts are damaged and made again: %s", error)
            return {}

    def _write(self, used: list[str]) -> None:
        """The file appears whole or not at all; a full or read-only disk costs time later, no more."""
        assert used
        if self._path is None:
            return
        last = dict.fromkeys(reversed(used))  # these first, then what was there before
        keys = [key for key in [*last, *(k for k in self._vectors if k not in last)] if key in self._vectors]
        keys = keys[:MOST_KEPT]
        partial = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}.partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.savez(file, keys=np.array(keys), vectors=np.stack([self._vectors[key] for key in keys]))
            os.replace(partial, self._path)
        except OSError as error:
            log.warning("The vectors of texts cannot be kept: %s", error.strerror)
        finally:
            partial.unlink(missing_ok=True)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
