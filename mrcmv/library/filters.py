"""What is looked for in the library: a filter, a page of what it lets through, counts by word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from mrcmv.library.rights import ContentId
from mrcmv.library.text import folded_words
from mrcmv.library.track import Track

Sort = Literal["title", "artist", "tempo", "length", "newest"]
"""Orders of a list. Tracks without a tempo come last; "newest" has the starter pack at its end."""
SORTS: tuple[Sort, ...] = get_args(Sort)
GROUPS = ("moods", "genres", "instruments", "licences", "packs")
"""Fields of a filter that hold words. One of the words suffices; every group has to agree."""


@dataclass(frozen=True)
class TrackFilter:
    """Which tracks are wanted. Empty, it lets everything through; calling it judges one track.

    Attributes
    ----------
    text
        Every word of it begins a word of the title, artist, album or tags; case and accents
        do not matter.
    moods, genres, instruments
        At least one of these, said or heard (`Track.moods`, `Track.genres`).
    licences, packs
        SPDX ids as in `Rights.licence`; names of packs.
    tempo_min, tempo_max
        Beats per minute; a track without a tempo does not pass when either is set.
    vocals
        True: somebody sings. False: nobody does. Tracks of which neither is known pass only None.
    monetise_safe
        Commercial use is allowed, and the track is not registered with Content ID.
    share_alike_free
        The video need not carry the track's licence.
    min_s, max_s
        Length in seconds.
    exclude
        Ids of tracks that are not wanted.
    """

    text: str = ""
    moods: frozenset[str] = frozenset()
    genres: frozenset[str] = frozenset()
    instruments: frozenset[str] = frozenset()
    licences: frozenset[str] = frozenset()
    packs: frozenset[str] = frozenset()
    tempo_min: float | None = None
    tempo_max: float | None = None
    vocals: bool | None = None
    monetise_safe: bool = False
    share_alike_free: bool = False
    min_s: float | None = None
    max_s: float | None = None
    exclude: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether it wants anything at all."""
        return self != TrackFilter()

    def __call__(self, track: Track) -> bool:
        """Whether a track passes."""
        return (
            track.id not in self.exclude
            and (not self.packs or track.pack in self.packs)
            and (not self.licences or track.licence in self.licences)
            and (self.vocals is None or track.has_vocals is self.vocals)
            and not (self.monetise_safe and not monetise_safe(track))
            and not (self.share_alike_free and track.rights.share_alike)
            and _between(track.duration_s, self.min_s, self.max_s)
            and _between(track.tempo_bpm, self.tempo_min, self.tempo_max)
            and (not self.moods or not self.moods.isdisjoint(track.moods))
            and (not self.genres or not self.genres.isdisjoint(track.genres))
            and (not self.instruments or not self.instruments.isdisjoint(track.instruments))
            and all(f" {word}" in track.search_text for word in folded_words(self.text))
        )

    def without(self, group: str) -> TrackFilter:
        """The same with nothing wished in one of `GROUPS`."""
        values: dict[str, Any] = {group: frozenset()}
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """What is set, as a plain dict for JSON."""
        plain = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                plain[field.name] = sorted(value) if isinstance(value, frozenset) else value
        return plain


@dataclass(frozen=True)
class Page:
    """A part of a list, and how long the whole list is."""

    total: int
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class Facets:
    """How many tracks carry each word, most first.

    Each group is counted among the tracks that pass the rest of the filter, its own words aside:
    so a count tells what choosing that word too would bring.
    """

    moods: Mapping[str, int]
    genres: Mapping[str, int]
    instruments: Mapping[str, int]
    licences: Mapping[str, int]
    packs: Mapping[str, int]

    def to_json(self) -> dict[str, dict[str, int]]:
        return {name: dict(getattr(self, name)) for name in GROUPS}


def monetise_safe(track: Track) -> bool:
    """Whether a video that earns money may carry the track without a claim being expected."""
    return track.rights.commercial and track.rights.content_id is not ContentId.REGISTERED


def words_of(track: Track, group: str) -> tuple[str, ...]:
    """What a track carries of one of `GROUPS`."""
    if group == "licences":
        return (track.licence,)
    if group == "packs":
        return (track.pack,)
    words: tuple[str, ...] = getattr(track, group)
    return words


def sort_key(track: Track, sort: Sort, number: int = 0) -> tuple[Any, ...]:
    """What a list is ordered by; the SQL of `mrcmv.library.browse` orders alike."""
    tail = (track.title_key, track.id)
    if sort == "newest":
        return (-number,)
    if sort == "title":
        return tail
    if sort == "artist":
        return (track.artist_key, *tail)
    value = track.tempo_bpm if sort == "tempo" else track.duration_s
    return (value is None, value or 0.0, *tail)


def _between(value: float | None, least: float | None, most: float | None) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
