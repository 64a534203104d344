"""Track: who it is, what may be done with it, how it sounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from mrcmv.library.rights import CHANGES, Badge, ContentId, Rights
from mrcmv.library.text import web_address

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
        "starter" or "own".
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
        One word; empty when nobody said it. Never guessed.
    genre, tags
        Words of the file or of the pack.
    has_vocals
        None when nobody said it.
    lufs
        Integrated loudness (ITU-R BS.1770-4).
    true_peak_db
        Highest value between samples, 4 times oversampled, in dBTP.
    peaks
        Small waveform: `PEAK_COUNT` values in 0..1, highest magnitude of each equal part.
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
        plain = {**asdict(self), "tags": list(self.tags), "peaks": list(self.peaks)}
        if not peaks:
            del plain["peaks"]
        return {
            **plain,
            "source_url": self.source_url,
            "licence": self.licence,
            "badge": str(self.badge),
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
        values["tags"] = tuple(values.get("tags", ()))
        values["peaks"] = tuple(values.get("peaks", ()))
        return cls(**values)
