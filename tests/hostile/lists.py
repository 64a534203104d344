"""Hostile lists of tracks, starter packs and rights of own tracks."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.makers import JSON_ODD, Maker, PlainCase, plain_json


def catalogue(*statements: str) -> Maker:
    """A list of tracks with these statements done to it."""

    def made(path: Path) -> None:
        import sqlite3

        from mrcmv.library.catalog import Catalog

        with Catalog(path).writing():
            pass
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    return made


TRACK_ROW = (
    "INSERT INTO tracks (id, sound, origin, added, facts, revision) VALUES ('a', 'b', 'c', 'd', '{}', 1)"
)
RIGHTS = {"licence": "CC0-1.0", "source": "https://example.org/song", "artist": "Ada"}

LISTS: list[PlainCase] = [
    PlainCase("as made", "list of tracks", catalogue(), "taken"),
    *(
        PlainCase(
            title,
            "list of tracks",
            make,
            "either" if title in ("nothing", "a folder", "a link to itself") else "refused",
        )
        for title, make, _ in JSON_ODD
        if title not in ("a device",)
    ),
    PlainCase("facts that are empty", "list of tracks", catalogue(TRACK_ROW)),
    PlainCase("facts that are no JSON", "list of tracks", catalogue(TRACK_ROW.replace("{}", "[["))),
    PlainCase("a table less", "list of tracks", catalogue("DROP TABLE tracks")),
    PlainCase(
        "a trigger on every change",
        "list of tracks",
        catalogue("CREATE TRIGGER x AFTER UPDATE ON clock BEGIN DELETE FROM tracks; END"),
        "either",
    ),
    PlainCase("a version to come", "list of tracks", catalogue("PRAGMA user_version = 1000")),
    *(PlainCase(title, "starter pack", make, must) for title, make, must in JSON_ODD),
    PlainCase("a track without facts", "starter pack", plain_json({"tracks": [{}]})),
    PlainCase("tracks that are a text", "starter pack", plain_json({"tracks": "all"})),
]
RIGHTS_STATED: list[PlainCase] = [
    *(
        PlainCase(title, "rights", make, must)
        for title, make, must in JSON_ODD
        if title not in ("a device", "a link to itself", "a folder")
    ),
    PlainCase("as stated", "rights", plain_json(RIGHTS), "taken"),
    *(
        PlainCase(f"{field}: {value!r:.20}", "rights", plain_json({**RIGHTS, field: value}), "either")
        for field in ("licence", "source", "artist", "content_id")
        for value in ("<img src=x onerror=alert(1)>", "\U0001f3ae\u202e", "\0", "x" * 20_000, ["a"], 7)
    ),
]
