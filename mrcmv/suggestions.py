"""What a suggestion consists of, and how its making is told: stages, matches, shares, seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import Clip, Progress, Speech

if TYPE_CHECKING:
    from mrcmv.library import Match


class Stage(StrEnum):
    """The steps of a suggestion, in order, in the words the user sees."""

    READING = "Reading the clip"
    SEPARATING = "Separating the voice"
    UNDERSTANDING = "Understanding"
    RANKING = "Ranking"


TIMING_NAMES = {
    Stage.READING: "intake",
    Stage.SEPARATING: "separation",
    Stage.UNDERSTANDING: "embedding",
    Stage.RANKING: "search",
}


@dataclass(frozen=True)
class StageEvent:
    """How far one stage has come: ``done`` from 0 to 1; ``seconds`` is set when it is finished.

    ``voice`` is the separated voice of the window (WAV) once SEPARATING has finished and a voice
    was found, so that a page can play it while the rest goes on.
    """

    stage: Stage
    done: float
    seconds: float | None = None
    voice: Path | None = None


StageListener = Callable[[StageEvent], None]
"""Hears every `StageEvent`; raising `mrcmv.media.Cancelled` from it stops the work."""


@dataclass(frozen=True)
class Suggestions:
    """What was found for one clip.

    Attributes
    ----------
    speech
        Voice activity inside the window, in seconds of the clip; empty when nobody speaks.
    voice
        The window's separated voice, WAV 44.1 kHz stereo; None when the clip has no voice.
    picture_share, voice_share
        How much of the fused query came through each half of the fusion gate; they sum to 1.
    matches
        Best track first.
    timings_s
        Seconds by stage (`TIMING_NAMES`) and in total.
    """

    clip: Clip
    speech: Speech
    voice: Path | None
    picture_share: float
    voice_share: float
    matches: tuple[Match, ...]
    timings_s: dict[str, float]
    checkpoint_name: str
    checkpoint_sha256: str

    def to_json(self) -> dict[str, Any]:
        """The contract of ``suggest --json``."""
        clip = self.clip
        return {
            "clip": {
                "duration_s": round(clip.duration_s, 3),
                "width": clip.width,
                "height": clip.height,
                "fps": round(clip.fps, 3),
                "has_audio": clip.has_audio,
                "has_voice": bool(self.speech),
            },
            "weights": {"picture": round(self.picture_share, 4), "voice": round(self.voice_share, 4)},
            "suggestions": [
                {
                    "rank": rank,
                    "track_id": match.track.id,
                    "title": match.track.title,
                    "artist": match.track.artist,
                    "licence": match.track.rights.licence,
                    "similarity": round(match.similarity, 4),
                    "start_s": match.start_s,
                }
                for rank, match in enumerate(self.matches, start=1)
            ],
            "timings_s": {name: round(seconds, 3) for name, seconds in self.timings_s.items()},
            "checkpoint": {"name": self.checkpoint_name, "sha256": self.checkpoint_sha256},
        }

    def match(self, track_id: str) -> Match | None:
        return next((m for m in self.matches if m.track.id == track_id), None)


class Stopwatch:
    """Reports stages to a listener and keeps their seconds."""

    def __init__(self, listener: StageListener | None) -> None:
        self.listener = listener
        self.seconds: dict[str, float] = {}

    def begin(self, stage: Stage) -> Progress:
        started = time.perf_counter()
        self.seconds[TIMING_NAMES[stage]] = 0.0

        def progress(done: float) -> None:
            self.seconds[TIMING_NAMES[stage]] = time.perf_counter() - started
            if self.listener:
                self.listener(StageEvent(stage, min(done, 1.0)))

        progress(0.0)
        return progress

    def finish(self, stage: Stage, progress: Progress, voice: Path | None = None) -> None:
        progress(1.0)
        if self.listener:
            self.listener(StageEvent(stage, 1.0, self.seconds[TIMING_NAMES[stage]], voice))
