"""What packs there are: those that tracks come from, and those that can be installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mrcmv.library.catalog import Catalog
from mrcmv.library.installing import Source
from mrcmv.library.licences import find_licence
from mrcmv.library.packs import PACKS, MusicPack, find_pack
from mrcmv.library.track import Track
from mrcmv.media import UserError, quoted


@dataclass(frozen=True)
class Pack:
    """A group of tracks with one origin; ``licence`` names all licences in it."""

    name: str
    title: str
    tracks: int
    licence: str
    source: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class PackOffer:
    """A pack that can be installed.

    Attributes
    ----------
    name, title
        For `Library.install`, and for people.
    megabytes
        Of the download.
    tracks, minutes
        How many tracks of at least 30 s it holds, and how long they are together.
    licences, author
        SPDX ids; whom the tracks are by, unless they say so themselves.
    share_alike
        Whether all of its licences oblige the video to carry them.
    installed
        How many of its tracks are in the library.
    complete
        Whether its installation was finished.
    left_out
        How many files of it were not taken, by reason; once it is complete.
    why_not
        Why it cannot be installed here, in a sentence; empty when it can.
    """

    name: str
    title: str
    megabytes: int
    tracks: int
    minutes: int
    licences: tuple[str, ...]
    author: str
    share_alike: bool
    installed: int
    complete: bool
    left_out: dict[str, int]
    why_not: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def required_pack(name: str) -> MusicPack:
    """The installable pack of this name; raises `UserError`."""
    pack = find_pack(name)
    if pack is None:
        raise UserError(f"There is no pack {quoted(name, 60)}: see library packs for their names.")
    return pack


def offer_packs(catalog: Catalog, source: Source) -> list[PackOffer]:
    reports, why_not = catalog.installed(), source.why_not()
    counts = Counter(track.pack for track in catalog.tracks())
    return [
        PackOffer(
            name=pack.package,
            title=pack.title,
            megabytes=pack.megabytes,
            tracks=pack.tracks,
            minutes=pack.minutes,
            licences=licences_of(pack),
            author=pack.author,
            share_alike=all(_share_alike(licence) for licence in licences_of(pack)),
            installed=counts[pack.package],
            complete=pack.package in reports,
            left_out=reports.get(pack.package, {}).get("left_out", {}),
            why_not=why_not,
        )
        for pack in PACKS
        if pack.installable
    ]


def licences_of(pack: MusicPack) -> tuple[str, ...]:
    """As the tracks will carry them."""
    names = pack.licences or (pack.licence,)
    found = [(find_licence(name), name) for name in names]
    return tuple(known.id if known else name for known, name in found)


def group_packs(tracks: Sequence[Track]) -> list[Pack]:
    """The packs of tracks: the starter pack, own tracks, then the others by name."""
    groups: dict[str, list[Track]] = {"starter": []}
    for track in tracks:
        groups.setdefault(track.pack, []).append(track)
    order = {"starter": 0, "own": 1}
    return [
        _group(name, groups[name]) for name in sorted(groups, key=lambda name: (order.get(name, 2), name))
    ]


def _group(name: str, tracks: list[Track]) -> Pack:
    licence = ", ".join(sorted({track.licence for track in tracks}))
    if name == "starter":
        return Pack(name, "Starter pack", len(tracks), licence, "immich-memories-music")
    if name == "own":
        return Pack(name, "Your own tracks", len(tracks), licence, "added on this machine")
    pack = find_pack(name)
    return Pack(name, pack.title if pack else name, len(tracks), licence, f"Debian package {name}")


def _share_alike(licence: str) -> bool:
    known = find_licence(licence)
    return known is not None and known.share_alike
