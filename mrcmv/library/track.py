"""Track: who it is, what may be done with it, how it sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from mrcmv.library.rights import CHANGES, Badge, ContentId, Rights
from mrcmv.library.text import fold, folded_words, web_address

PEAK_COUNT = 200
"""Numbers in a track's small waveform."""


@dataclass(frozen=True)
class Track:
    """One piece of music in the library.

    All texts are one clean line each (`mrcmv.library.text.clean`) but are not escaped for HTML.

    Attributes
    ----------
    id
        Letters, digits and hyphens; stays the same as long as the track is in the library.
    title, artist, album
        Album may be empty.
    sha256
        Of the sound file that `Library.sound_path` names.
    pack
        "starter", "own", or the name of an installed pack.
    rights
        See `Rights`.
    duration_s
        Seconds.
    tempo_bpm, tempo_confidence
        Beats per minute, and how strongly the sound repeats at that beat (0 to 1, the
        autocorrelation of its onsets); None when no beat was found.
    key
        Such as "D minor"; empty when unknown.
    mood
        One word that somebody said; empty when nobody did. See `moods` for what was heard too.
    genre, tags
        Words of the file, of the pack or of whoever added it.
    has_vocals
        Said, or else measured; None when neither.
    lufs
        Integrated loudness (ITU-R BS.1770-4).
    true_peak_db
        Highest value between samples, 4 times oversampled, in dBTP.
    peaks
        Small waveform: `PEAK_COUNT` values in 0..1, highest magnitude of each equal part.
    instruments
        Heard by the tagger, as words of `mrcmv.library.vocabulary`.
    heard_moods, heard_genres
        The same of moods and genres; apart from what was said, and less certain.
    tagged
        What the tagger gave: its own words and how likely each is, 0..1. Empty: not tagged yet.
    vocal_share
        Energy of the separated voice in that of the whole, 0..1; None when it was not separated.
    accompaniment
        SHA-256 of the sound without the singing, which is what a song is found by; empty when there
        is none.
    """

    id: str
    title: str
    artist: str
    sha256: str
    pack: str
    rights: Rights
    duration_s: float
    album: str = ""
    tempo_bpm: float | None = None
    tempo_confidence: float = 0.0
    key: str = ""
    mood: str = ""
    genre: str = ""
    tags: tuple[str, ...] = ()
    has_vocals: bool | None = None
    lufs: float = -14.0
    true_peak_db: float = 0.0
    peaks: tuple[float, ...] = ()
    instruments: tuple[str, ...] = ()
    heard_moods: tuple[str, ...] = ()
    heard_genres: tuple[str, ...] = ()
    tagged: Mapping[str, float] = field(default_factory=dict, hash=False)
    vocal_share: float | None = None
    accompaniment: str = ""

    @property
    def moods(self) -> tuple[str, ...]:
        """What was said; what was heard only where nobody said anything, for it is far less certain."""
        return (self.mood,) if self.mood else self.heard_moods

    @property
    def genres(self) -> tuple[str, ...]:
        """What was said, then what was heard."""
        said = (self.genre,) if self.genre else ()
        return said + tuple(word for word in self.heard_genres if word != self.genre)

    @property
    def heard_sha256(self) -> str:
        """Of the sound that the index is made from: the accompaniment of a song, else the whole."""
        return self.accompaniment or self.sha256

    @property
    def title_key(self) -> str:
        return fold(self.title)

    @property
    def artist_key(self) -> str:
        return fold(self.artist)

    @cached_property
    def search_text(self) -> str:
        """What a search for text looks through: folded words, each behind a space."""
        said = (self.title, self.artist, self.album, self.mood, self.genre, *self.tags)
        return "".join(f" {word}" for text in said for word in folded_words(text))

    @property
    def badge(self) -> Badge:
        return self.rights.badge

    @property
    def licence(self) -> str:
        return self.rights.licence

    @property
    def source_url(self) -> str:
        """Where it comes from: an address, or plain words where it has none. See `link`."""
        return self.rights.source

    @property
    def link(self) -> str | None:
        """The source as an http(s) address that may become a link, or None."""
        return web_address(self.source_url)

    def credit_line(self) -> str:
        """Title, author, source, licence and changes in one line, to be copied into a description.

        The author's own words replace the first four where the rights carry them. A line exists
        also for tracks that ask for none; `rights.credit_required` tells.
        """
        if self.rights.credit:
            start = self.rights.credit.rstrip(". ")
        else:
            place = f" ({self.source_url})" if self.source_url != self.licence else ""
            address = f" ({self.rights.licence_url})" if self.rights.licence_url else ""
            start = f"Music: “{self.title}” by {self.artist}{place}, licence: {self.licence}{address}"
        return f"{start}. Changes: {CHANGES}."

    def to_json(self, *, peaks: bool = True) -> dict[str, Any]:
        """A plain dict for JSON: the fields, and what follows from them."""
        plain = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }
        if not peaks:
            del plain["peaks"]
        return {
            **plain,
            "source_url": self.source_url,
            "licence": self.licence,
            "badge": str(self.badge),
            "moods": list(self.moods),
            "genres": list(self.genres),
            "credit_line": self.credit_line(),
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Track:
        """The inverse of `to_json`; what was added there is left aside."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in plain.items() if name in known}
        rights = dict(values["rights"])
        rights["content_id"] = ContentId(rights["content_id"])
        values["rights"] = Rights(**rights)
        for name in ("tags", "peaks", "instruments", "heard_moods", "heard_genres"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)
