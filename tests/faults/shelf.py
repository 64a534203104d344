"""A small library to break: its tracks, a network that hears almost nothing, and what is logged."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from mrcmv.library import Library, Rights
from mrcmv.media import write_sound
from tests.library.helpers import small_pack

FREE = Rights.state("CC0-1.0", source="https://example.org/pack")


class Words(logging.Handler):
    """Collects what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> Words:
        logging.getLogger("mrcmv").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mrcmv").removeHandler(self)


class Hearer:
    """A network of almost nothing: the mean and the spread of a window, and how often it was asked."""

    name, sha256 = "hearer", "5" * 64

    def __init__(self) -> None:
        self.heard = 0

    def embed_music(self, windows):  # type: ignore[no-untyped-def]
        self.heard += len(windows)
        return np.array(
            [[1.0, float(window.std()), float(abs(window).max())] for window in windows], np.float32
        )


def library(place: Path, home: Path | None = None) -> Library:
    return Library((home or place) / "library", small_pack(place / "starter"), place / "shipped")


def own(place: Path, shelf: Library, seed: int = 0) -> str:
    sound = np.random.default_rng(seed).uniform(-0.2, 0.2, (44_100 * 4, 2)).astype(np.float32)
    write_sound(place / f"own{seed}.wav", sound)
    return shelf.add(place / f"own{seed}.wav", FREE, title=f"Own {seed}", artist="Me").id
