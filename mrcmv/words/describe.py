"""What the library knows of a track, as words: what the sentence encoder reads of it.

Never its title or its artist: a piece that is called “No Drums” may well have some.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

SLOW_BPM, FAST_BPM = 85.0, 125.0
"""Below and above these a track is called slow and fast in words."""
TAG_FLOOR = 0.3
"""Least strength of a measured tag (0 to 1) to become a word."""
HEARD = 0.8
"""How sure a word is that was heard, not said."""
_SAY_NOTHING = {"generated", "music", "song", "track", "own", "starter", "other", "unknown", "soundtrack"}
_NO_VOCALS = {"no vocals", "no vocal", "no voice", "instrumental"}
_VOCALS = {
    "vocals", "vocal", "voice", "singing", "female vocal", "male vocal", "female voice", "male voice",
    "female vocalists", "male vocalists", "female vocalist", "woman", "man", "female", "male", "choral",
    "choir",
}  # fmt: skip


class Described(Protocol):
    """What is read of a track (`mrcmv.library.Track` is one)."""

    @property
    def id(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def mood(self) -> str: ...
    @property
    def genre(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def tempo_bpm(self) -> float | None: ...
    @property
    def key(self) -> str: ...
    @property
    def lufs(self) -> float: ...
    @property
    def has_vocals(self) -> bool | None: ...


def said_words(track: Described) -> dict[str, float]:
    """Words that are known of a track, and how sure each is, 0 to 1; stated ones are 1.

    Mood, genre and tags as they were stated; moods, genres and instruments that were heard; and
    measured tags (``Track.tagged``) from `TAG_FLOOR` on.
    """
    words = {plain: 1.0 for each in (track.mood, track.genre, *track.tags) if (plain := _plain(each))}
    for name in ("heard_moods", "heard_genres", "instruments"):
        for each in getattr(track, name, ()):
            words.setdefault(_plain(each), HEARD)
    measured = getattr(track, "tagged", None)
    for name, strength in measured.items() if isinstance(measured, Mapping) else ():
        if (plain := _plain(name)) and isinstance(strength, int | float) and strength >= TAG_FLOOR:
            words.setdefault(plain, min(float(strength), 1.0))
    words.pop("", None)
    return words


def has_vocals(track: Described) -> bool | None:
    """Whether somebody sings: as it is known, else by stated tags, else None."""
    if track.has_vocals is not None:
        return track.has_vocals
    words = {word for word, sure in said_words(track).items() if sure >= 1.0}
    if words & _NO_VOCALS:
        return False
    return True if words & _VOCALS else None


def is_major(track: Described) -> bool | None:
    """None when the key is not known."""
    mode = track.key.rpartition(" ")[2].lower()
    return {"major": True, "minor": False}.get(mode)


def octaves(track: Described) -> float:
    """Tempo as log2 of beats per minute; NaN when none was found."""
    return math.log2(track.tempo_bpm) if track.tempo_bpm and track.tempo_bpm > 0 else math.nan


def sentence(track: Described) -> str:
    """One line of what is known, such as "calm acoustic music, slow, minor key, instrumental"."""
    words = [word for word in said_words(track) if word not in _NO_VOCALS]
    parts = [" ".join([*words[:2], "music"]), *words[2:]]
    if track.tempo_bpm:
        parts += ["slow"] * (track.tempo_bpm < SLOW_BPM) + ["fast"] * (track.tempo_bpm > FAST_BPM)
    major = is_major(track)
    if major is not None:
        parts.append("major key" if major else "minor key")
    sung = has_vocals(track)
    if sung is not None:
        parts.append("with vocals" if sung else "instrumental")
    return ", ".join(parts)


def _plain(word: str) -> str:
    plain = " ".join(str(word).lower().replace("_", " ").split())[:60]
    return "" if plain in _SAY_NOTHING else plain
