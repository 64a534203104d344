"""Why one track was suggested for one clip: shares over time, and the moments that matched most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mrcmv.explain.facts import Fact

Source = Literal["picture", "voice"]
Vectors = NDArray[np.float32]

MOST_MOMENTS = 3
LEAST_PART = 0.15
"""A moment gives at least this part of all that blanking single stretches loses."""


class Blanked(Protocol):
    """Queries with parts blanked (`mrcmv.model.Attribution` is one)."""

    @property
    def edges_s(self) -> NDArray[np.float64]: ...
    @property
    def picture_energy(self) -> Vectors: ...
    @property
    def voice_energy(self) -> Vectors: ...
    @property
    def whole(self) -> Vectors: ...
    @property
    def without_picture(self) -> Vectors: ...
    @property
    def without_voice(self) -> Vectors: ...


@dataclass(frozen=True)
class Stretch:
    """One stretch of the clip.

    Attributes
    ----------
    start_s, end_s
        Seconds of the clip.
    picture_share, voice_share
        Shares of both in what the fusion gate let through then; together 1.
    picture_lost, voice_lost
        How much similarity (cosine) the track loses when the picture, or the voice, of this stretch
        is blanked. Below 0: without it the track would have matched better.
    """

    start_s: float
    end_s: float
    picture_share: float
    voice_share: float
    picture_lost: float
    voice_lost: float


@dataclass(frozen=True)
class Moment:
    """A stretch whose picture or voice spoke for the track. ``part`` 0..1: of all that spoke for it."""

    start_s: float
    end_s: float
    source: Source
    lost: float
    part: float


@dataclass(frozen=True)
class Why:
    """The answer to “why this track”.

    Attributes
    ----------
    similarity
        Cosine of the track's suggested window to the clip.
    picture_share, voice_share
        Over the whole window; together 1.
    stretches
        In order, without gaps.
    moments
        What matched most, the strongest first; empty when no single moment stands out.
    facts
        In the order to be shown; see `Fact`.
    """

    track_id: str
    similarity: float
    picture_share: float
    voice_share: float
    stretches: tuple[Stretch, ...]
    moments: tuple[Moment, ...]
    facts: tuple[Fact, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "track_id": self.track_id,
            "similarity": round(self.similarity, 4),
            "weights": {"picture": round(self.picture_share, 4), "voice": round(self.voice_share, 4)},
            "stretches": [
                {name: round(value, 4) for name, value in vars(stretch).items()} for stretch in self.stretches
            ],
            "moments": [
                {
                    "start_s": round(moment.start_s, 3),
                    "end_s": round(moment.end_s, 3),
                    "source": moment.source,
                    "lost": round(moment.lost, 4),
                    "part": round(moment.part, 4),
                }
                for moment in self.moments
            ],
            "facts": [fact.to_json() for fact in self.facts],
        }


def why(track_id: str, music: Vectors, blanked: Blanked, start_s: float, facts: tuple[Fact, ...]) -> Why:
    """Explain one track.

    Parameters
    ----------
    music
        Vector [d] of the track's suggested window.
    start_s
        Where the clip's window begins, in seconds of the clip.
    """
    similarity = float(cosines(blanked.whole[None], music)[0])
    lost: dict[Source, NDArray[np.float64]] = {
        "picture": similarity - cosines(blanked.without_picture, music),
        "voice": similarity - cosines(blanked.without_voice, music)
        if len(blanked.without_voice)
        else np.zeros(len(blanked.edges_s) - 1),
    }
    shares = blanked.picture_energy / np.maximum(blanked.picture_energy + blanked.voice_energy, 1e-12)
    total = float(blanked.picture_energy.sum() + blanked.voice_energy.sum())
    picture = float(blanked.picture_energy.sum()) / total if total > 0 else 1.0
    edges = blanked.edges_s + start_s
    stretches = tuple(
        Stretch(
            float(edges[i]),
            float(edges[i + 1]),
            float(shares[i]),
            1.0 - float(shares[i]),
            float(lost["picture"][i]),
            float(lost["voice"][i]),
        )
        for i in range(len(edges) - 1)
    )
    return Why(track_id, similarity, picture, 1.0 - picture, stretches, _moments(edges, lost), facts)


def _moments(edges: NDArray[np.float64], lost: dict[Source, NDArray[np.float64]]) -> tuple[Moment, ...]:
    """The stretches that gave most, best first."""
    gave = sum(float(np.maximum(values, 0).sum()) for values in lost.values())
    if gave <= 0 or len(edges) < 3:
        return ()
    found = [
        Moment(float(edges[i]), float(edges[i + 1]), source, float(values[i]), float(values[i]) / gave)
        for source, values in lost.items()
        for i in range(len(values))
    ]
    found.sort(key=lambda moment: (-moment.lost, moment.start_s))
    return tuple(moment for moment in found[:MOST_MOMENTS] if moment.part >= LEAST_PART)


def cosines(queries: Vectors, music: Vectors) -> NDArray[np.float64]:
    """Of queries [n, d] to one vector of music [d] -> [n]."""
    lengths = np.linalg.norm(queries, axis=1) * np.linalg.norm(music)
    return np.asarray(queries @ music / np.maximum(lengths, 1e-12), np.float64)
