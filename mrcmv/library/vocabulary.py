"""From the tagger's own words to moods, genres and instruments.

musicnn's two networks know 50 words each (MagnaTagATune's and last.fm's). Many say the same in
several ways; these tables join them into the few words that a list can be filtered by. Its words for
voices are left aside: two tracks with a voice got less of them than most acoustic ones without.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOODS: Mapping[str, tuple[str, ...]] = {
    "calm": ("slow", "quiet", "soft", "ambient", "new age", "mellow", "chill", "chillout", "easy listening"),
    "energetic": ("fast", "loud", "dance", "techno", "party", "metal", "hard rock", "punk"),
    "sad": ("sad",),
}
GENRES: Mapping[str, tuple[str, ...]] = {
    "ambient": ("ambient", "new age"),
    "classical": ("classical", "classic", "opera", "strings", "violin"),
    "electronic": ("electronic", "electronica", "electro", "techno", "synth", "house"),
    "dance": ("dance", "house", "party"),
    "rock": ("rock", "classic rock", "alternative rock", "hard rock"),
    "metal": ("metal", "heavy metal"),
    "pop": ("pop", "indie pop"),
    "acoustic": ("acoustic", "folk"),
    "country": ("country",),
    "jazz": ("jazz", "blues", "soul", "funk"),
    "hip-hop": ("hip-hop", "rnb"),
    "world": ("indian", "sitar"),
}
INSTRUMENTS: Mapping[str, tuple[str, ...]] = {
    "guitar": ("guitar",),
    "piano": ("piano",),
    "strings": ("strings", "violin", "cello"),
    "flute": ("flute",),
    "harp": ("harp",),
    "harpsichord": ("harpsichord",),
    "sitar": ("sitar",),
    "synth": ("synth",),
    "drums": ("beat", "beats"),
    "choir": ("choir", "choral"),
}


@dataclass(frozen=True)
class Words:
    """What a track sounds like in the words of this module, surest first."""

    moods: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()


LEAST = {"genres": 0.2, "instruments": 0.2}
"""Least likelihood of a genre's or an instrument's surest tag."""
MOOD_LEAST = 1.0
"""How far above the usual a mood has to stand, in spreads of the tracks that `NORMS` was measured on."""
_FLOOR = 0.002  # likelihoods below are not kept
NORMS: Mapping[str, tuple[float, float]] = {
    "calm": (-3.79, 0.78),
    "energetic": (-4.23, 0.81),
    "sad": (-5.44, 0.82),
}
"""Mean and spread of the evidence for each mood over 108 tracks of the starter pack, Kenta Cho's games, and
parts of Wesnoth, Nexuiz and Ardentryst, each of the five weighing the same (``python -m
benchmarks.pack_tags --norms`` prints them for what is installed)."""


def describe(tagged: Mapping[str, float]) -> Words:
    """Words for what the tagger gave; none for an empty mapping.

    Genres and instruments are named by the tagger's likelihood. Moods are never sure in themselves
    ("sad" hardly passes 0.1), so a track's moods are those that stand out against other game music.
    """
    if not tagged:
        return Words()
    standing = sorted(standings(tagged).items(), key=lambda pair: -pair[1])
    sure = {group: likelihoods(tagged, group) for group in ("genres", "instruments")}
    return Words(
        tuple(mood for mood, value in standing if value >= MOOD_LEAST),
        *(tuple(word for word, value in found if value >= LEAST[group]) for group, found in sure.items()),
    )


def likelihoods(tagged: Mapping[str, float], group: str) -> list[tuple[str, float]]:
    """Each word of a group with the greatest likelihood of its tags, surest first."""
    table = {"genres": GENRES, "instruments": INSTRUMENTS}[group]
    found = [(word, max(tagged.get(tag, 0.0) for tag in tags)) for word, tags in table.items()]
    return sorted(found, key=lambda pair: -pair[1])


def standings(tagged: Mapping[str, float]) -> dict[str, float]:
    """How far each mood stands above the usual, in spreads; see `NORMS`."""
    found = {}
    for word, tags in MOODS.items():
        middle, spread = NORMS[word]
        found[word] = (_evidence(tagged, tags) - middle) / spread
    return found


def measure_norms(sources: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, tuple[float, float]]:
    """Mean and spread of the evidence for each mood over tracks of several sources that weigh the same."""
    norms = {}
    for word, tags in MOODS.items():
        evidence = [[_evidence(tagged, tags) for tagged in source] for source in sources]
        middle = statistics.fmean(statistics.fmean(values) for values in evidence)
        squares = [statistics.fmean((value - middle) ** 2 for value in values) for values in evidence]
        norms[word] = (middle, math.sqrt(max(statistics.fmean(squares), 1e-6)))
    return norms


def _evidence(tagged: Mapping[str, float], tags: Sequence[str]) -> float:
    """Mean of the logarithms of the tags' likelihoods, so that rare tags weigh as much as common ones."""
    return statistics.fmean(math.log(max(tagged.get(tag, 0.0), _FLOOR)) for tag in tags)
