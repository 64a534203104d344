"""The SQL behind searching and counting: a filter as conditions over the catalog's narrow tables."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any

from mrcmv.library.filters import GROUPS, Sort, TrackFilter
from mrcmv.library.schema import match_expression

_ORDERS: dict[Sort, str] = {
    "title": "title, id",
    "artist": "artist, title, id",
    "tempo": "tempo IS NULL, tempo, title, id",
    "length": "length, title, id",
    "newest": "number DESC",
}


def count(database: sqlite3.Connection, wanted: TrackFilter) -> int:
    """How many rows pass."""
    where, values = _conditions(wanted)
    return int(database.execute(f"SELECT count(*) FROM entries {where}", values).fetchone()[0])  # noqa: S608


def rows(
    database: sqlite3.Connection, wanted: TrackFilter, sort: Sort, offset: int, limit: int
) -> list[tuple[int, str]]:
    """(number, facts) of a part of the ordered list; facts are read for that part alone."""
    where, values = _conditions(wanted)
    numbers = [
        number
        for (number,) in database.execute(
            f"SELECT number FROM entries {where} ORDER BY {_ORDERS[sort]} LIMIT ? OFFSET ?",  # noqa: S608
            (*values, limit, offset),
        )
    ]
    sql = "SELECT number, facts FROM tracks WHERE number IN (SELECT value FROM json_each(?))"
    facts = dict(database.execute(sql, (json.dumps(numbers),)).fetchall())
    return [(number, facts[number]) for number in numbers]


def counts(database: sqlite3.Connection, wanted: TrackFilter) -> dict[str, Counter[str]]:
    """For each of `GROUPS`: words and how many rows carry them, the group's own wish aside."""
    found: dict[str, Counter[str]] = {}
    for group in GROUPS:
        where, values = _conditions(wanted.without(group))
        if group in ("licences", "packs"):
            column = {"licences": "licence", "packs": "pack"}[group]
            sql = f"SELECT {column}, count(*) FROM entries {where} GROUP BY {column}"  # noqa: S608
        else:
            inside = f"AND number IN (SELECT number FROM entries {where})" if where else ""  # noqa: S608
            sql = f"SELECT word, count(*) FROM words WHERE kind = '{group}' {inside} GROUP BY word"  # noqa: S608
        found[group] = Counter(dict(database.execute(sql, values).fetchall()))
    return found


def _conditions(wanted: TrackFilter) -> tuple[str, list[Any]]:
    """A WHERE clause and its values; every value of a user is bound, none is written into the text."""
    parts: list[str] = []
    values: list[Any] = []

    def add(sql: str, *bound: Any) -> None:
        parts.append(sql)
        values.extend(bound)

    if match := match_expression(wanted.text):
        add("number IN (SELECT rowid FROM texts WHERE texts MATCH ?)", match)
    for kind in ("moods", "genres", "instruments"):
        if words := getattr(wanted, kind):
            add(
                f"number IN (SELECT number FROM words WHERE kind = '{kind}' "  # noqa: S608
                "AND word IN (SELECT value FROM json_each(?)))",
                _list(words),
            )
    for column, words in (("licence", wanted.licences), ("pack", wanted.packs)):
        if words:
            add(f"{column} IN (SELECT value FROM json_each(?))", _list(words))  # noqa: S608
    for column, least, most in (
        ("tempo", wanted.tempo_min, wanted.tempo_max),
        ("length", wanted.min_s, wanted.max_s),
    ):
        if least is not None:
            add(f"{column} >= ?", least)
        if most is not None:
            add(f"{column} <= ?", most)
    if wanted.vocals is not None:
        add("vocals = ?", wanted.vocals)
    if wanted.monetise_safe:
        add("monetise")
    if wanted.share_alike_free:
        add("NOT share_alike")
    if wanted.exclude:
        add("id NOT IN (SELECT value FROM json_each(?))", _list(wanted.exclude))
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _list(words: Iterable[str]) -> str:
    return json.dumps(sorted(words), ensure_ascii=False)
