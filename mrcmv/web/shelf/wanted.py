"""A filter of the library in the address of the page, there and back. Nothing in it is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from mrcmv.library import SORTS, Sort, TrackFilter

GROUPS = {
    "mood": "moods",
    "genre": "genres",
    "instrument": "instruments",
    "licence": "licences",
    "pack": "packs",
}
"""Name in the address -> field of the filter."""
NUMBERS = {
    "tempo_min": (0.0, 400.0),
    "tempo_max": (0.0, 400.0),
    "min_s": (0.0, 7200.0),
    "max_s": (0.0, 7200.0),
}
SWITCHES = {"safe": "monetise_safe", "free": "share_alike_free"}
VOCALS = {"yes": True, "no": False}
MOST_WORDS = 40
MOST_TEXT = 200


class Fields(Protocol):
    """What a query string is: names with one value or several (`starlette.datastructures.QueryParams`)."""

    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True)
class Wanted:
    """What the list shows: a filter, an order, and the track that all are to be like (or "")."""

    filter: TrackFilter
    sort: Sort = "title"
    like: str = ""


def read(fields: Fields) -> Wanted:
    """What an address asks for; a value that makes no sense counts as not given."""
    groups: dict[str, Any] = {
        field: frozenset(value[:80] for value in fields.getlist(name)[:MOST_WORDS] if value)
        for name, field in GROUPS.items()
    }
    numbers: dict[str, Any] = {
        name: _number(_last(fields, name), *bounds) for name, bounds in NUMBERS.items()
    }
    switches: dict[str, Any] = {field: _last(fields, name) == "1" for name, field in SWITCHES.items()}
    sort = _last(fields, "sort")
    return Wanted(
        TrackFilter(
            text=_last(fields, "q")[:MOST_TEXT].strip(),
            vocals=VOCALS.get(_last(fields, "vocals")),
            **groups,
            **numbers,
            **switches,
        ),
        sort=sort if sort in SORTS else "title",
        like=_last(fields, "like")[:80],
    )


def write(wanted: Wanted) -> str:
    """The query string of a wish, shortest form; the inverse of `read`."""
    kept = wanted.filter
    pairs: list[tuple[str, str]] = [("q", kept.text)] if kept.text else []
    pairs += [(name, word) for name, field in GROUPS.items() for word in sorted(getattr(kept, field))]
    pairs += [(name, f"{value:g}") for name in NUMBERS if (value := getattr(kept, name)) is not None]
    pairs += [("vocals", name) for name, value in VOCALS.items() if kept.vocals is value]
    pairs += [(name, "1") for name, field in SWITCHES.items() if getattr(kept, field)]
    pairs += [("like", wanted.like)] if wanted.like else []
    pairs += [("sort", wanted.sort)] if wanted.sort != "title" else []
    return urlencode(pairs)


def _last(fields: Fields, name: str) -> str:
    values = fields.getlist(name)
    return values[-1] if values else ""


def _number(text: str, least: float, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and least <= value <= most else None
