"""The tables of the catalog, and the steps that lead from one version of the file to the next."""

from __future__ import annotations

import json
import sqlite3

from mrcmv.library.filters import monetise_safe
from mrcmv.library.text import folded_words
from mrcmv.library.track import Track

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE tracks (
            number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, so it orders and dates a row
            id TEXT NOT NULL UNIQUE,
            sound TEXT NOT NULL UNIQUE,                -- SHA-256 of the stored sound
            origin TEXT NOT NULL UNIQUE,               -- SHA-256 of the file that was added
            added TEXT NOT NULL,
            facts TEXT NOT NULL                        -- Track.to_json
        )
        """,
    ),
    (
        "ALTER TABLE tracks ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX tracks_revision ON tracks (revision)",
        "CREATE TABLE clock (revision INTEGER NOT NULL)",  # one row; every change moves it on
        "INSERT INTO clock VALUES (1)",
        # What is filtered and sorted lies apart from the facts, in rows so narrow that a walk over
        # ten thousand of them takes a few milliseconds; indices over them gained nothing
        """
        CREATE TABLE entries (
            number INTEGER PRIMARY KEY REFERENCES tracks (number),
            id TEXT NOT NULL,
            title TEXT NOT NULL,                       -- folded, for sorting
            artist TEXT NOT NULL,
            pack TEXT NOT NULL,
            licence TEXT NOT NULL,
            tempo REAL,
            length REAL NOT NULL,
            vocals INTEGER,
            monetise INTEGER NOT NULL,
            share_alike INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE words (
            kind TEXT NOT NULL,                        -- moods, genres, instruments
            word TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (kind, word, number)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX words_number ON words (number)",
        "CREATE VIRTUAL TABLE texts USING fts5 (words, prefix = '1 2 3', tokenize = 'unicode61')",
    ),
    (
        # By the sound and not by the track: starter tracks have prints, too
        "CREATE TABLE prints (sound TEXT PRIMARY KEY, print BLOB NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE packs (
            name TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            report TEXT NOT NULL                       -- JSON: what the installation did and how long it took
        )
        """,
        # Files of packs that are not taken: too short, silent, twins, removed. They stay out
        """
        CREATE TABLE left_out (
            pack TEXT NOT NULL,
            origin TEXT NOT NULL,                      -- SHA-256 of the file
            file TEXT NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (pack, origin)
        )
        """,
    ),
)
"""``user_version`` counts the steps done."""
FILED_SINCE = 2
"""Coming from an older version, every row is filed again."""


def migrate(database: sqlite3.Connection) -> None:
    """Do the steps that this file has not seen, in the transaction that is open."""
    version = database.execute("PRAGMA user_version").fetchone()[0]  # another process may be done
    for number, step in enumerate(STEPS[version:], start=version + 1):
        for statement in step:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {number}")
    if version < FILED_SINCE:
        for number, facts in database.execute("SELECT number, facts FROM tracks").fetchall():
            file_track(database, number, Track.from_json(json.loads(facts)))


def file_track(database: sqlite3.Connection, number: int, track: Track) -> None:
    """Write what a track is found by; what was written before goes."""
    unfile_track(database, number)
    database.execute(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            track.id,
            track.title_key,
            track.artist_key,
            track.pack,
            track.licence,
            track.tempo_bpm,
            track.duration_s,
            track.has_vocals,
            monetise_safe(track),
            track.rights.share_alike,
        ),
    )
    database.executemany(
        "INSERT OR IGNORE INTO words VALUES (?, ?, ?)",
        [
            (kind, word, number)
            for kind in ("moods", "genres", "instruments")
            for word in getattr(track, kind)
        ],
    )
    database.execute("INSERT INTO texts (rowid, words) VALUES (?, ?)", (number, track.search_text))


def unfile_track(database: sqlite3.Connection, number: int) -> None:
    for statement in (
        "DELETE FROM entries WHERE number = ?",
        "DELETE FROM words WHERE number = ?",
        "DELETE FROM texts WHERE rowid = ?",
    ):
        database.execute(statement, (number,))


def match_expression(text: str) -> str:
    """What FTS5 is asked: each folded word as the beginning of a word."""
    return " ".join(f'"{word}"*' for word in folded_words(text))
