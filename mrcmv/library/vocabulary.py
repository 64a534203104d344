"""From the tagger's own words to moods, genres and instruments, and to whether somebody sings.

musicnn's two networks know 50 words each (MagnaTagATune's and last.fm's). Many say the same in
several ways; this table joins them into the few words that a list can be filtered by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOODS: Mapping[str, tuple[str, ...]] = {
    "calm": ("slow", "quiet", "soft", "ambient", "new age", "mellow", "chill", "chillout", "easy listening"),
    "energetic": ("fast", "loud", "dance", "techno", "party", "metal", "hard rock", "punk"),
    "happy": ("happy", "catchy"),
    "sad": ("sad",),
    "tender": ("beautiful", "soft", "acoustic"),
    "strange": ("weird", "experimental"),
}
GENRES: Mapping[str, tuple[str, ...]] = {
    "ambient": ("ambient", "new age"),
    "classical": ("classical", "classic", "opera", "strings", "violin"),
    "electronic": ("electronic", "electronica", "electro", "techno", "synth", "house"),
    "dance": ("dance", "house", "party"),
    "rock": ("rock", "classic rock", "alternative rock", "hard rock"),
    "metal": ("metal", "heavy metal"),
    "pop": ("pop", "indie pop"),
    "folk": ("folk", "country", "acoustic"),
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
VOICES = (
    "vocal",
    "vocals",
    "singing",
    "voice",
    "female",
    "male",
    "woman",
    "man",
    "female vocal",
    "male vocal",
    "female voice",
    "male voice",
    "opera",
    "female vocalists",
    "male vocalists",
    "female vocalist",
)


@dataclass(frozen=True)
class Words:
    """What a track sounds like in the words of this module, surest first."""

    moods: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()


def describe(tagged: Mapping[str, float]) -> Words:
    """Words for what the tagger gave; none for an empty mapping."""
    return Words(
        *(
            tuple(word for word, value in scores(tagged, table) if value >= LEAST[name])
            for name, table in (("moods", MOODS), ("genres", GENRES), ("instruments", INSTRUMENTS))
        )
    )


LEAST = {"moods": 0.2, "genres": 0.2, "instruments": 0.2}


def scores(tagged: Mapping[str, float], table: Mapping[str, tuple[str, ...]]) -> list[tuple[str, float]]:
    """Each word of a table with the greatest likelihood of its tags, surest first."""
    found = [(word, max((tagged.get(tag, 0.0) for tag in tags), default=0.0)) for word, tags in table.items()]
    return sorted(found, key=lambda pair: -pair[1])


def voice_score(tagged: Mapping[str, float]) -> float:
    """How sure the tagger is of a voice: the greatest likelihood of its words for one."""
    return max((tagged.get(tag, 0.0) for tag in VOICES), default=0.0)
