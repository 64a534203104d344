"""Hears what a track is like: words for it, whether somebody sings, and the sound without the singing.

The networks are other rooms'; they are handed in, and load when the first track is heard.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

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
    sound_length_s,
    to_mono,
    work_folder,
    write_sound,
)

log = logging.getLogger(__name__)

SUNG_LEAST = 0.1
"""A track whose separated voice holds this much of its energy has singing. Between the most that was
measured on instrumentals (0.054) and the least on tracks with a voice (0.139)."""
HEARD_S, PIECE_S = 60.0, 6.0
"""Of a longer track as many seconds are tagged, and searched for a voice, in pieces spread over it."""
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
        if said is None and self.vocal_share is not None:
            return self.vocal_share >= SUNG_LEAST
        return said


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
        """Tag a canonical sound, and separate it where somebody sings.

        ``accompaniment`` (a name ending in .mp3 or .flac) is written when there is singing, and only
        then. ``said`` settles the question: False spares the separation.
        """
        tagged = self.tags(sound)
        part_of(progress, 0.0, 0.3)(1.0)
        return Heard(tagged, self.voice(sound, said, accompaniment, part_of(progress, 0.3, 1.0)))

    def voice(
        self, sound: Path, said: bool | None, accompaniment: Path, progress: Progress | None = None
    ) -> float | None:
        """Share of the voice in a sound's energy, 0..1; None when it is said that there is none.

        A minute in pieces is separated first. Only where one of them holds a voice the whole is, and
        its accompaniment kept if there is singing.
        """
        separator: Separating | None = None if said is False else self._network("separator")
        if separator is None:
            return None
        with work_folder("stems-", accompaniment.parent) as folder:
            glimpse = Path(folder) / "pieces.wav"
            if said is None:
                write_sound(glimpse, pieces(sound))
                shares, mean = self._shares(separator, glimpse, Path(folder), part_of(progress, 0.0, 0.3))
                if max(shares) < SUNG_LEAST:
                    return mean
            stems = separator.separate_file(sound, Path(folder), progress=part_of(progress, 0.3, 0.9))
            share = share_of(energy(stems.voice), energy(stems.accompaniment))
            if Heard({}, share).sings(said):
                open_sound(stems.accompaniment, accompaniment)
        return share

    @staticmethod
    def _shares(
        separator: Separating, sound: Path, folder: Path, progress: Progress
    ) -> tuple[list[float], float]:
        """The voice's share in each piece of `PIECE_S`, and in all of them."""
        stems = separator.separate_file(sound, folder, progress=progress)
        frames = round(PIECE_S * SAMPLE_RATE)
        voice, rest = (
            [float(np.square(block, dtype=np.float64).sum()) for block in read_blocks(path, frames)]
            for path in (stems.voice, stems.accompaniment)
        )
        shares = [share_of(*pair) for pair in zip(voice, rest, strict=True)]
        return shares or [0.0], share_of(sum(voice), sum(rest))

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


def pieces(sound: Path) -> Samples:
    """At most `HEARD_S` of a sound file [n, 2]: pieces from its whole length, one after the other."""
    length_s = sound_length_s(sound)
    if length_s <= HEARD_S:
        return read_sound(sound)
    starts = np.linspace(0, length_s - PIECE_S, round(HEARD_S / PIECE_S))
    frames = round(PIECE_S * SAMPLE_RATE)
    parts = [read_sound(sound, start_s=float(start), duration_s=PIECE_S)[:frames] for start in starts]
    return np.concatenate(parts)


def share_of(voice: float, rest: float) -> float:
    return round(voice / (voice + rest), 4) if voice + rest > 0 else 0.0


def energy(sound: Path) -> float:
    """Sum of squares of a sound file, read in blocks."""
    blocks: Iterable[Samples] = read_blocks(sound, 10 * SAMPLE_RATE)
    return float(sum(np.square(block, dtype=np.float64).sum() for block in blocks))
