"""What a suggestion consists of, and how its making is told: stages, matches, shares, seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Clip, Progress, Speech

if TYPE_CHECKING:
    from mrcmv.library import Match, Track
    from mrcmv.words import Judged


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
class Wish:
    """What the creator says beside the clip. Empty: the clip alone decides.

    Attributes
    ----------
    text
        Free words in English or Chinese, such as "slower, no drums".
    reference
        A sound file as an example: any kind, nothing is believed about it.
    like
        Id of a track of the library as an example.
    filter
        Only tracks for which it is true are suggested; None allows all.
    exclude
        Ids of tracks that are not suggested.
    strength
        How far words and example steer, 0 (not at all) to 1 (the clip has no say).
    """

    text: str = ""
    reference: Path | None = None
    like: str | None = None
    filter: Callable[[Track], bool] | None = None
    exclude: frozenset[str] = frozenset()
    strength: float = 0.5

    @property
    def steers(self) -> bool:
        """Whether something stands beside the clip in the ranking, filters aside."""
        return self.strength > 0 and bool(self.text.strip() or self.reference or self.like)

    def allows(self, track: Track) -> bool:
        return track.id not in self.exclude and (self.filter is None or self.filter(track))


@dataclass(frozen=True)
class Lift:
    """What the wish did to one suggestion.

    Attributes
    ----------
    rank_before, rank
        Places among the allowed tracks by the clip alone, and with the wish; 1 is the first.
    clip_part, wish_part
        The two addends of the score that ranks, in spreads over the library: (1 - strength) times how
        far the clip's similarity lies above the mean of all tracks, and strength times the wish's.
    because
        The part of the wish that spoke most for this track, as in `Steering.asks`; empty when none did.
    """

    track_id: str
    rank_before: int
    rank: int
    clip_part: float
    wish_part: float
    because: str = ""

    @property
    def moved(self) -> int:
        """Places up (positive) or down (negative)."""
        return self.rank_before - self.rank

    @property
    def score(self) -> float:
        return self.clip_part + self.wish_part

    @property
    def share(self) -> float:
        """How much of the score, sizes alone, came from the wish: 0 to 1."""
        total = abs(self.clip_part) + abs(self.wish_part)
        return abs(self.wish_part) / total if total else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "rank_before": self.rank_before,
            "moved": self.moved,
            "clip_part": round(self.clip_part, 4),
            "wish_part": round(self.wish_part, 4),
            "share": round(self.share, 4),
            "because": self.because,
        }


EXAMPLE = "example"
"""`Lift.because` when the example spoke most."""


@dataclass(frozen=True)
class Steering:
    """How far a wish steered: one `Lift` per suggestion, in their order.

    Attributes
    ----------
    asks
        What was understood of the words, and what each was measured against.
    unknown
        Words that nothing is known of; they did nothing.
    refused
        How many tracks were put behind all others, because they surely have what is not wanted.
    """

    strength: float
    lifts: tuple[Lift, ...]
    asks: tuple[Judged, ...] = ()
    unknown: tuple[str, ...] = ()
    refused: int = 0

    def lift(self, track_id: str) -> Lift | None:
        return next((lift for lift in self.lifts if lift.track_id == track_id), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "strength": self.strength,
            "asks": [judged.to_json() for judged in self.asks],
            "unknown": list(self.unknown),
            "refused": self.refused,
        }


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
    wish, steering
        What was wished beside the clip, and what it did; None when the clip alone ranked.
    query
        The clip as the network sees and hears it, float32 [512].
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
    wish: Wish = Wish()
    steering: Steering | None = None
    query: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32), compare=False)

    @property
    def scores(self) -> tuple[float, ...]:
        """What ranked the matches, best first: the cosines, or with a wish the sums of both parts."""
        if self.steering:
            return tuple(lift.score for lift in self.steering.lifts)
        return tuple(match.similarity for match in self.matches)

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
            **({"steering": self.steering.to_json()} if self.steering else {}),
            "suggestions": [
                {
                    "rank": rank,
                    "track_id": match.track.id,
                    "title": match.track.title,
                    "artist": match.track.artist,
                    "licence": match.track.rights.licence,
                    "similarity": round(match.similarity, 4),
                    "start_s": match.start_s,
                    **self._steered(match.track.id),
                }
                for rank, match in enumerate(self.matches, start=1)
            ],
            "timings_s": {name: round(seconds, 3) for name, seconds in self.timings_s.items()},
            "checkpoint": {"name": self.checkpoint_name, "sha256": self.checkpoint_sha256},
        }

    def _steered(self, track_id: str) -> dict[str, Any]:
        lift = self.steering.lift(track_id) if self.steering else None
        return {"steering": lift.to_json()} if lift else {}

    def match(self, track_id: str) -> Match | None:
        return next((m for m in self.matches if m.track.id == track_id), None)


class Stopwatch:
    """Reports stages to a listener and keeps the seconds that the clip waited in each.

    A stage may go on behind another one (the picture is read while the voice is separated): the clock
    is always with the one that is waited for, so the seconds of all stages add up to the whole.
    """

    def __init__(self, listener: StageListener | None) -> None:
        self.listener = listener
        self.seconds: dict[str, float] = {}
        self._stage: Stage | None = None
        self._since = 0.0

    def begin(self, stage: Stage) -> Progress:
        """Start, or go on with, a stage; the clock is with it from now on."""
        self._clock(stage)

        def progress(done: float) -> None:
            self._clock(self._stage)
            if self.listener:
                self.listener(StageEvent(stage, min(done, 1.0)))

        return progress

    def finish(self, stage: Stage, progress: Progress, voice: Path | None = None) -> None:
        progress(1.0)
        if self.listener:
            self.listener(StageEvent(stage, 1.0, self.seconds[TIMING_NAMES[stage]], voice))

    def _clock(self, stage: Stage | None) -> None:
        now = time.perf_counter()
        if self._stage is not None:
            self.seconds[TIMING_NAMES[self._stage]] += now - self._since
        self._stage, self._since = stage, now
        if stage is not None:
            self.seconds.setdefault(TIMING_NAMES[stage], 0.0)
