"""The list of own tracks: one SQLite file that several processes may use at once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.library import browse
from mrcmv.library.filters import GROUPS, Sort, TrackFilter
from mrcmv.library.schema import STEPS, file_track, migrate, unfile_track
from mrcmv.library.track import Track
from mrcmv.library.twins import Print
from mrcmv.media import UserError, trouble

_WAIT_S = 30.0


class CatalogError(UserError):
    """The list of own tracks cannot be read or written."""


class Catalog:
    """Rows of tracks. Every call opens the file anew, so threads and processes never share one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> int:
        """Changes whenever the list does; 0 while there is none."""
        if not self.path.is_file():
            return 0
        with self._open() as database:
            return int(database.execute("SELECT revision FROM clock").fetchone()[0])

    def tracks(self) -> list[Track]:
        """All tracks in the order they were added."""
        return list(self.changed(0, {}).values())

    def changed(self, since: int, known: dict[int, Track]) -> dict[int, Track]:
        """All tracks by number, in order. Of those ``known`` at a stamp, only newer ones are read."""
        if not self.path.is_file():
            return {}
        with self._open() as database:
            database.execute("BEGIN")
            numbers = database.execute("SELECT number FROM tracks ORDER BY number").fetchall()
            newer = database.execute(
                "SELECT number, facts FROM tracks WHERE revision > ?", (since if known else -1,)
            ).fetchall()
            database.execute("COMMIT")
        fresh = {number: _track(facts) for number, facts in newer}
        return {number: fresh.get(number) or known[number] for (number,) in numbers}

    def find(self, *, id: str = "", sound: str = "", origin: str = "") -> Track | None:
        """The track with this id, this stored sound or made from this file, if there is one."""
        if not self.path.is_file():
            return None
        with self._open() as database:
            row = database.execute(
                "SELECT facts FROM tracks WHERE id = ? OR sound = ? OR origin = ?", (id, sound, origin)
            ).fetchone()
        return None if row is None else _track(row[0])

    def search(
        self, wanted: TrackFilter, sort: Sort, offset: int, limit: int
    ) -> tuple[int, list[tuple[int, Track]]]:
        """How many tracks pass, and (number, track) of a part of them in order."""
        if not self.path.is_file():
            return 0, []
        with self._open() as database:
            found = browse.rows(database, wanted, sort, offset, limit) if limit else []
            return browse.count(database, wanted), [(number, _track(facts)) for number, facts in found]

    def counts(self, wanted: TrackFilter) -> dict[str, Counter[str]]:
        """See `mrcmv.library.browse.counts`."""
        if not self.path.is_file():
            return {group: Counter() for group in GROUPS}
        with self._open() as database:
            return browse.counts(database, wanted)

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
        row = database.execute(
            "INSERT INTO tracks (id, sound, origin, added, facts, revision) VALUES (?, ?, ?, ?, ?, ?)",
            (
                track.id,
                track.sha256,
                origin,
                datetime.now(UTC).isoformat(timespec="seconds"),
                _facts(track),
                _next_revision(database),
            ),
        )
        assert row.lastrowid is not None
        file_track(database, row.lastrowid, track)

    @staticmethod
    def update(database: sqlite3.Connection, track: Track) -> bool:
        """Replace what is known of a track inside `writing`; False when it is gone."""
        row = database.execute("SELECT number FROM tracks WHERE id = ?", (track.id,)).fetchone()
        if row is None:
            return False
        database.execute(
            "UPDATE tracks SET facts = ?, revision = ? WHERE number = ?",
            (_facts(track), _next_revision(database), row[0]),
        )
        file_track(database, row[0], track)
        return True

    @staticmethod
    def delete(database: sqlite3.Connection, track_id: str) -> None:
        """Take a row out inside `writing`."""
        row = database.execute("SELECT number FROM tracks WHERE id = ?", (track_id,)).fetchone()
        if row is not None:
            _next_revision(database)
            unfile_track(database, row[0])
            database.execute(
                "DELETE FROM prints WHERE sound = (SELECT sound FROM tracks WHERE number = ?)", row
            )
            database.execute("DELETE FROM tracks WHERE number = ?", row)

    def origin(self, track_id: str) -> str:
        """SHA-256 of the file that a track was made from; empty when there is no such track."""
        if not self.path.is_file():
            return ""
        with self._open() as database:
            row = database.execute("SELECT origin FROM tracks WHERE id = ?", (track_id,)).fetchone()
        return str(row[0]) if row else ""

    def prints(self) -> dict[str, Print]:
        """Fingerprints by the hash of the sound."""
        if not self.path.is_file():
            return {}
        with self._open() as database:
            rows = database.execute("SELECT sound, print FROM prints").fetchall()
        return {sound: np.frombuffer(blob, "<u4").astype(np.uint32) for sound, blob in rows}

    @staticmethod
    def keep_print(database: sqlite3.Connection, sound: str, own: Print) -> None:
        """Keep a fingerprint inside `writing`."""
        database.execute("INSERT OR REPLACE INTO prints VALUES (?, ?)", (sound, own.astype("<u4").tobytes()))

    def installed(self) -> dict[str, dict[str, Any]]:
        """Reports of the packs whose installation was finished, by name."""
        if not self.path.is_file():
            return {}
        with self._open() as database:
            rows = database.execute("SELECT name, version, report FROM packs ORDER BY name").fetchall()
        return {name: {**json.loads(report), "version": version} for name, version, report in rows}

    @staticmethod
    def keep_pack(database: sqlite3.Connection, name: str, version: str, report: dict[str, Any]) -> None:
        """Write inside `writing` that a pack is installed."""
        database.execute("INSERT OR REPLACE INTO packs VALUES (?, ?, ?)", (name, version, json.dumps(report)))

    @staticmethod
    def forget_pack(database: sqlite3.Connection, name: str) -> None:
        """Write inside `writing` that a pack is not installed, and that nothing of it is left out."""
        database.execute("DELETE FROM packs WHERE name = ?", (name,))
        database.execute("DELETE FROM left_out WHERE pack = ?", (name,))

    def left_out(self, pack: str) -> dict[str, str]:
        """Why files of a pack are not taken, by the file's hash."""
        if not self.path.is_file():
            return {}
        with self._open() as database:
            return dict(
                database.execute("SELECT origin, why FROM left_out WHERE pack = ?", (pack,)).fetchall()
            )

    @staticmethod
    def leave_out(database: sqlite3.Connection, pack: str, origin: str, file: str, why: str) -> None:
        """Write inside `writing` that a file of a pack is not taken."""
        database.execute("INSERT OR REPLACE INTO left_out VALUES (?, ?, ?, ?)", (pack, origin, file, why))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        except sqlite3.Error as error:
            closed = CatalogError("The list of your tracks cannot be opened: check the data folder.")
            raise trouble(error) or closed from error
        try:
            self._migrate(database)
            yield database
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            busy = CatalogError("The list of your tracks is in use by another program: try again soon.")
            raise trouble(error) or busy from error
        except sqlite3.DatabaseError as error:
            raise CatalogError(
                "The list of your tracks is damaged: restore library/catalog.sqlite or move it away."
            ) from error
        finally:
            database.close()

    def _migrate(self, database: sqlite3.Connection) -> None:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > len(STEPS):
            raise CatalogError("The list of your tracks was made by a newer version: update the program.")
        if version == len(STEPS):
            return
        database.execute("PRAGMA journal_mode = WAL")  # readers do not wait for a writer
        database.execute("BEGIN IMMEDIATE")
        migrate(database)
        database.execute("COMMIT")


def _track(facts: str) -> Track:
    try:
        return Track.from_json(json.loads(facts))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CatalogError(
            "The list of your tracks is damaged: restore library/catalog.sqlite or move it away."
        ) from error


def _facts(track: Track) -> str:
    return json.dumps(track.to_json(), ensure_ascii=False)


def _next_revision(database: sqlite3.Connection) -> int:
    """Move the clock on; a number is never used twice, whatever is deleted."""
    database.execute("UPDATE clock SET revision = revision + 1")
    return int(database.execute("SELECT revision FROM clock").fetchone()[0])
