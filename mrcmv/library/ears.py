"""Hears what a track is like: words for it, whether somebody sings, and the sound without the singing.

The networks are other rooms'; they are handed in, and load when the first track is heard.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mrcmv.library.vocabulary import voice_score
from mrcmv.media import (
    ANALYSIS_RATE,
    SAMPLE_RATE,
    Progress,
    Samples,
    UserError,
    open_sound,
    part_of,
    read_blocks,
    read_sound,
    to_mono,
)

log = logging.getLogger(__name__)

VOICE_LEAST = 0.15
"""Tags as sure as this of a voice let a track be separated, to measure how much is sung."""
SUNG_LEAST = 0.1
"""A track whose separated voice holds this much of its energy has singing."""
HEARD_S, PIECE_S = 60.0, 6.0
"""Of a longer track as many seconds are tagged, in pieces spread evenly over it."""
KEPT_LEAST = 0.005
"""Likelihoods below are not kept."""


class Tagging(Protocol):
    """What is needed of a tagger (`mrcmv.tagging.Tagger` is one)."""

    def tags(self, sound: Samples) -> dict[str, float]:
        """Mono sound [n] at 16 kHz -> how likely each word is, 0..1."""
        ...


class StemPaths(Protocol):
    @property
    def voice(self) -> Path: ...

    @property
    def accompaniment(self) -> Path: ...


class Separating(Protocol):
    """What is needed of a separator (`mrcmv.separation.Separator` is one)."""

    def separate_file(self, source: Path, folder: Path, *, progress: Progress | None = None) -> StemPaths: ...


@dataclass(frozen=True)
class Heard:
    """What was heard; ``vocal_share`` is None when the voice was not separated."""

    tagged: dict[str, float] = field(default_factory=dict)
    vocal_share: float | None = None

    def sings(self, said: bool | None) -> bool | None:
        """Whether somebody sings: as said, else as measured, None when neither."""
        if said is not None:
            return said
        if self.vocal_share is not None:
            return self.vocal_share >= SUNG_LEAST
        return False if self.tagged else None


class Ears:
    """A tagger (one network or several) and a separator, loaded at first use.

    Parameters
    ----------
    taggers, separator
        Give the networks; either may raise `UserError` when its weights cannot be had. Then tracks
        come in without words, or songs with their singing, and can be heard again later.
    """

    def __init__(
        self, taggers: Callable[[], Sequence[Tagging]], separator: Callable[[], Separating] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._makers: dict[str, Callable[[], Any] | None] = {"taggers": taggers, "separator": separator}
        self._loaded: dict[str, Any] = {}

    def tags(self, sound: Path) -> dict[str, float]:
        """Words for a sound file; the mean where several networks know the same one. Empty without any."""
        taggers: Sequence[Tagging] = self._network("taggers") or ()
        if not taggers:
            return {}
        mono = spread(to_mono(read_sound(sound)))
        found: dict[str, list[float]] = {}
        for tagger in taggers:
            for tag, value in tagger.tags(mono).items():
                found.setdefault(tag.lower(), []).append(value)
        means = {tag: round(float(np.mean(values)), 3) for tag, values in found.items()}
        return {
            tag: value for tag, value in sorted(means.items(), key=lambda i: -i[1]) if value >= KEPT_LEAST
        }

    def hear(
        self, sound: Path, said: bool | None, accompaniment: Path, progress: Progress | None = None
    ) -> Heard:
        """Tag a canonical sound; where somebody seems to sing, separate it.

        ``accompaniment`` (a name ending in .mp3 or .flac) is written when there is singing, and only
        then. ``said`` settles the question: False spares the separation.
        """
        tagged = self.tags(sound)
        part_of(progress, 0.0, 0.3)(1.0)
        if said is False or (said is None and voice_score(tagged) < VOICE_LEAST):
            return Heard(tagged)
        separator: Separating | None = self._network("separator")
        if separator is None:
            return Heard(tagged)
        with tempfile.TemporaryDirectory(prefix="stems-", dir=accompaniment.parent) as folder:
            stems = separator.separate_file(sound, Path(folder), progress=part_of(progress, 0.3, 0.9))
            voice, rest = energy(stems.voice), energy(stems.accompaniment)
            heard = Heard(tagged, round(voice / (voice + rest), 4) if voice + rest > 0 else 0.0)
            if heard.sings(said):
                open_sound(stems.accompaniment, accompaniment)
        return heard

    def _network(self, part: str) -> Any:
        """A network, or None when there is none; a failure is told once and not tried again."""
        with self._lock:
            if part not in self._loaded:
                make = self._makers[part]
                try:
                    self._loaded[part] = make() if make else None
                except UserError as error:
                    log.warning("Tracks come in without being heard by the %s: %s", part, error)
                    self._loaded[part] = None
            return self._loaded[part]


DEAF = Ears(lambda: ())
"""Hears nothing."""


def spread(mono: Samples) -> Samples:
    """At most `HEARD_S` of a mono sound [n] at 16 kHz: pieces from its whole length, one after the other."""
    piece = round(PIECE_S * ANALYSIS_RATE)
    count = round(HEARD_S / PIECE_S)
    if len(mono) <= count * piece:
        return mono
    starts = np.linspace(0, len(mono) - piece, count).astype(int)
    return np.concatenate([mono[start : start + piece] for start in starts])


def energy(sound: Path) -> float:
    """Sum of squares of a sound file, read in blocks."""
    blocks: Iterable[Samples] = read_blocks(sound, 10 * SAMPLE_RATE)
    return float(sum(np.square(block, dtype=np.float64).sum() for block in blocks))
