"""The pairing rule, frozen before the first build: what of a track drives what of its clip.

Every number that drives is a standard normal score over the catalogue (rank, then the normal
quantile). A link of strength r is ``r * score + sqrt(1 - r**2) * noise``, so r is the correlation.

    arousal     (flux, onsets, a little centroid)        -> game r .75, delivery r .80
    brightness  (centroid, low end; what arousal leaves) -> light r .80, pitch and mood of words r .75
    beat        (pulse, onsets)                          -> jump cuts r .70, pauses r .75
    dynamics    (spread of the level)                    -> contrast of the blocks, picture and voice, r .75

The picture has axes of its own (light, cuts) and so has the voice (pitch, pauses): neither can be
read off the other, except for what both owe to the music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .descriptors import Descriptors

RULE = "C+dynamics, version 2"
LINKS = {
    "game": ("arousal", 0.75),
    "delivery": ("arousal", 0.80),
    "light": ("brightness", 0.80),
    "pitch": ("brightness", 0.75),
    "cuts": ("beat", 0.70),
    "pauses": ("beat", 0.75),
    "contrast": ("dynamics", 0.75),
}
"""What is driven: (what drives it, correlation)."""
FACTORS = ("arousal", "brightness", "beat", "dynamics")

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """What drives one clip, as standard normal scores; ``factors`` are the music's own."""

    game: float
    delivery: float
    light: float
    pitch: float
    cuts: float
    pauses: float
    contrast: float
    factors: dict[str, float]


def normal_scores(values: Scores) -> Scores:
    """Rank of every value turned into a standard normal score (Blom's offsets are not needed here)."""
    from scipy.stats import norm, rankdata

    return np.asarray(norm.ppf((rankdata(values) - 0.5) / len(values)), dtype=np.float64)


def _z(values: Scores) -> Scores:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9))


def _without(values: Scores, other: Scores) -> Scores:
    """What is left of ``values`` when ``other`` is taken out by linear regression."""
    return np.asarray(values - other * float(np.dot(values, other) / (np.dot(other, other) + 1e-9)))


def factors(descriptors: Sequence[Descriptors]) -> dict[str, Scores]:
    """The music's factors over a catalogue, each [tracks] of standard normal scores."""
    column = {
        name: _z(np.array([getattr(each, name) for each in descriptors]))
        for name in ("centroid", "flux", "low", "onset_rate", "dynamics", "pulse")
    }
    arousal = normal_scores(0.55 * column["flux"] + 0.3 * column["onset_rate"] + 0.25 * column["centroid"])
    bright = normal_scores(_without(_z(column["centroid"] - 0.5 * column["low"]), arousal))
    beat = normal_scores(_without(_z(column["pulse"] + 0.6 * column["onset_rate"]), 0.5 * arousal))
    return {
        "arousal": arousal,
        "brightness": bright,
        "beat": beat,
        "dynamics": normal_scores(column["dynamics"]),
    }


def drives(descriptors: Sequence[Descriptors], seed: int, rendition: int = 0) -> list[Drive]:
    """One `Drive` per track of the catalogue, in its order; another rendition has noise of its own."""
    scores = factors(descriptors)
    noise = np.random.default_rng([seed, 11, rendition] if rendition else [seed, 11])
    driven = {}
    for name, (factor, strength) in LINKS.items():
        own = noise.standard_normal(len(descriptors))
        driven[name] = strength * scores[factor] + np.sqrt(1 - strength**2) * own
    return [
        Drive(
            **{name: float(values[row]) for name, values in driven.items()},
            factors={name: float(scores[name][row]) for name in FACTORS},
        )
        for row in range(len(descriptors))
    ]
