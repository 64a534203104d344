"""The list of own tracks: one SQLite file that several processes may use at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mrcmv.library.track import Track
from mrcmv.media import UserError

_STEPS = (
    """
    CREATE TABLE tracks (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, so it orders and dates a row
        id TEXT NOT NULL UNIQUE,
        sound TEXT NOT NULL UNIQUE,                -- SHA-256 of the stored FLAC
        origin TEXT NOT NULL UNIQUE,               -- SHA-256 of the file that was added
        added TEXT NOT NULL,
        facts TEXT NOT NULL                        -- Track.to_json
    )
    """,
)
"""What leads from one version of the file to the next; ``user_version`` counts the steps done."""
_WAIT_S = 30.0


class CatalogError(UserError):
    """The list of own tracks cannot be read or written."""


class Catalog:
    """Rows of own tracks. Every call opens the file anew, so threads and processes never share one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the list does.

        Highest number and count suffice: rows never change, a number is never used again, so with
        both as before nothing was added and nothing is missing.
        """
        if not self.path.is_file():
            return (0, 0)
        with self._open() as database:
            row = database.execute("SELECT coalesce(max(number), 0), count(*) FROM tracks").fetchone()
        return (int(row[0]), int(row[1]))

    def tracks(self) -> list[Track]:
        """All own tracks in the order they were added."""
        if not self.path.is_file():
            return []
        with self._open() as database:
            rows = database.execute("SELECT facts FROM tracks ORDER BY number").fetchall()
        return [Track.from_json(json.loads(facts)) for (facts,) in rows]

    def find(self, *, sound: str = "", origin: str = "") -> Track | None:
        """The track with this stored sound or made from this file, if there is one."""
        if not self.path.is_file():
            return None
        with self._open() as database:
            row = database.execute(
                "SELECT facts FROM tracks WHERE sound = ? OR origin = ?", (sound, origin)
            ).fetchone()
        return None if row is None else Track.from_json(json.loads(row[0]))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other process writes beside; undone when the block raises."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @staticmethod
    def insert(database: sqlite3.Connection, track: Track, origin: str) -> None:
        """Add a row inside `writing`.

        Raises
        ------
        sqlite3.IntegrityError
            The same sound or file is there already.
        """
        database.execute(
            "INSERT INTO tracks (id, sound, origin, added, facts) VALUES (?, ?, ?, ?, ?)",
            (
                track.id,
                track.sha256,
                origin,
                datetime.now(UTC).isoformat(timespec="seconds"),
                json.dumps(track.to_json(), ensure_ascii=False),
            ),
        )

    @staticmethod
    def delete(database: sqlite3.Connection, track_id: str) -> None:
        """Take a row out inside `writing`."""
        database.execute("DELETE FROM tracks WHERE id = ?", (track_id,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise CatalogError("The list of your tracks cannot be opened: check the data folder.") from error
        try:
            self._migrate(database)
            yield database
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            raise CatalogError(
                "The list of your tracks is in use or its disk is full or read-only: try again."
            ) from error
        except sqlite3.DatabaseError as error:
            raise CatalogError(
                "The list of your tracks is damaged: restore library/catalog.sqlite or move it away."
            ) from error
        finally:
            database.close()

    def _migrate(self, database: sqlite3.Connection) -> None:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > len(_STEPS):
            raise CatalogError("The list of your tracks was made by a newer version: update the program.")
        if version == len(_STEPS):
            return
        database.execute("PRAGMA journal_mode = WAL")  # readers do not wait for a writer
        database.execute("BEGIN IMMEDIATE")
        version = database.execute("PRAGMA user_version").fetchone()[0]  # another process may be done
        for number, step in enumerate(_STEPS[version:], start=version + 1):
            database.execute(step)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")
