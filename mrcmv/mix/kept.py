"""What is kept of a clip's own sound, as one stream out of the files that the separation made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import HOPS_PER_S, SAMPLE_RATE, Clip, Samples, Speech, read_blocks
from mrcmv.mix.ducking import DuckingTimes, ducking_curve
from mrcmv.mix.settings import MixSettings

GATE = DuckingTimes(attack_s=0.06, hold_s=0.15, release_s=0.25, merge_gap_s=0.4)
"""How the recorded sound opens for a phrase: quick enough for its first consonant, without a click."""


@dataclass(frozen=True)
class Part:
    """A sound file, a factor, and where it is heard: a curve 0..1 every 10 ms, or always."""

    path: Path
    gain: float = 1.0
    gate: NDArray[np.float64] | None = None

    def blocks(self, frames: int) -> Iterator[Samples]:
        """The file in blocks of ``frames`` samples, each with its gain."""
        start = 0
        for block in read_blocks(self.path, frames):
            sound: Samples = np.nan_to_num(block, copy=False, posinf=0.0, neginf=0.0)
            if self.gain != 1.0:
                sound = sound * np.float32(self.gain)
            if self.gate is not None:
                at = np.arange(start, start + len(sound)) * (HOPS_PER_S / SAMPLE_RATE)
                open_ = np.interp(at, np.arange(len(self.gate)), self.gate)
                sound = sound * open_.astype(np.float32)[:, None]
            start += len(block)
            yield sound


@dataclass(frozen=True)
class Kept:
    """``parts`` add up to what is heard of the clip; ``measured`` is what the music's level refers to."""

    parts: tuple[Part, ...] = ()
    measured: Path | None = None
    measured_gain: float = 1.0

    def blocks(self, frames: int) -> Iterator[Samples]:
        """What is heard, in blocks of ``frames`` samples; parts that end earlier go on in silence."""
        streams = [part.blocks(frames) for part in self.parts]
        while True:
            blocks = [block for stream in streams if (block := next(stream, None)) is not None]
            if not blocks:
                return
            total: Samples = np.zeros((max(map(len, blocks)), 2), np.float32)
            for block in blocks:
                total[: len(block)] += block
            yield total


def what_is_kept(
    clip: Clip,
    settings: MixSettings,
    *,
    voice: Path | None,
    rest: Path | None,
    speech: Speech,
    music: bool = True,
) -> Kept:
    """Choose by the settings.

    Parameters
    ----------
    voice, rest
        The whole clip's separated voice and everything else (WAV); None when nobody speaks.
    speech
        Where somebody speaks.
    music
        Whether music comes under it. Without, a clip in which nobody speaks keeps its own sound:
        an empty mix would tell a listener nothing.
    """
    if clip.sound is None or (settings.keep == "none" and music):
        return Kept()
    if not speech:
        return _without_speech(clip.sound, settings, music)
    if settings.keep == "original":
        return Kept((Part(clip.sound),), voice or clip.sound)
    if voice is None:
        raise ValueError("somebody speaks, so the separated voice is needed to keep it")
    game = 0.0 if settings.game_db is None else 10 ** (settings.game_db / 20)
    if settings.voice == "recorded":
        gate = ducking_curve(speech, clip.duration_s, GATE)
        parts = [Part(clip.sound, gate=gate)]
        if game and rest is not None:
            parts.append(Part(rest, game, 1.0 - gate))
    else:
        parts = [Part(voice)]
        if game and rest is not None:
            parts.append(Part(rest, game))
    return Kept(tuple(parts), voice)


def _without_speech(sound: Path, settings: MixSettings, music: bool) -> Kept:
    """What is left of a voice that nobody has is noise: the clip's own sound or nothing."""
    if settings.keep == "original" or not music:
        return Kept((Part(sound),), sound)
    if settings.keep == "voice" and settings.game_db is not None:
        gain = 10 ** (settings.game_db / 20)
        return Kept((Part(sound, gain),), sound, gain)
    return Kept()
