"""What belongs to one visitor and one clip: a private folder, files to be fetched, and its end.

A session has three secrets. The *ticket* comes with every action of the page and has to fit a browser
tab that the session knows. The *shelf* is part of the addresses of its files; who knows it can fetch
these files and nothing else. The *key* opens the session in another tab, or in the same one after it
was loaded anew; it travels in the part of a link that browsers send to no server. A file is found by its
name in a dict, so nothing that a visitor sends is ever made into a path.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import WorkFolder
from mrcmv.web import leftovers
from mrcmv.web.crowd import asked_from
from mrcmv.web.errors import PageError
from mrcmv.web.session import Session, StoredFile

if TYPE_CHECKING:
    from mrcmv.library import Track

log = logging.getLogger("mrcmv.web")

KEEP_MINUTES = 30
"""Minutes after the last use when a clip and everything made from it is deleted."""
UPLOAD_MINUTES = 10
"""Minutes after which what lies in the upload folder is deleted, taken over or not."""
MOST_SESSIONS = 200
MOST_OF_ADDRESS = 40
"""Sessions of one address on the internet, so that nobody alone can take all of them."""
MOST_DROPPED = 1000
"""Of the sessions that visitors sent away, remembered by ticket and tab."""
LEAST_FREE_BYTES = 2_000_000_000
ROOT_PREFIX = "mrcmv-web-"


class Sessions:
    """All sessions of this process, in one private temporary folder.

    The folder goes when the process ends in order. When it is killed, the next process finds what lies
    there, and `resume` opens again what was used within ``keep_minutes``.
    """

    def __init__(self, keep_minutes: float = KEEP_MINUTES, parent: Path | None = None) -> None:
        self.keep_minutes = keep_minutes
        base = Path(parent or tempfile.gettempdir())
        self._work = WorkFolder(ROOT_PREFIX, base)
        self.root = self._work.path
        self._orphans = leftovers.take_over(ROOT_PREFIX, base, self.root, 60 * keep_minutes)
        self.uploads = self.root / "uploads"
        self._by_ticket: dict[str, Session] = {}
        self._by_shelf: dict[str, Session] = {}
        self._by_key: dict[str, Session] = {}
        self._dropped: dict[str, str] = {}
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}
        self._first_seen: dict[tuple[Path, int], float] = {}
        self._closed = threading.Event()
        atexit.register(self.close)

    def create(self, owner: str) -> Session:
        """A new session for a browser tab; raises `PageError` when there is no room."""
        full = shutil.disk_usage(self.root).free < LEAST_FREE_BYTES
        with self._lock:
            here = asked_from.get()
            same = sum(session.came_from == here for session in self._by_ticket.values()) if here else 0
            if full or same >= MOST_OF_ADDRESS or len(self._by_ticket) >= MOST_SESSIONS:
                raise PageError("busy")
            folder = Path(tempfile.mkdtemp(prefix="", dir=self.root))  # mode 0700
            session = Session(
                secrets.token_urlsafe(24), secrets.token_urlsafe(24), owner, folder, time.monotonic()
            )
            self._add(session)
        session.present.add(owner)
        return session

    def _add(self, session: Session) -> None:
        self._by_ticket[session.ticket] = session
        self._by_shelf[session.shelf] = session
        self._by_key[session.key] = session

    def resume(self, track: Callable[[str], Track]) -> list[Session]:
        """Open the sessions that a killed process left; ``track`` gives a track by its id.

        What cannot be used is deleted.
        """
        from mrcmv.web import record

        resumed = []
        for folder in self._orphans:
            try:
                session = record.read(folder, track)
            except ValueError as error:
                log.warning("A session that was left is deleted: %s", error)
                shutil.rmtree(folder, ignore_errors=True)
                continue
            with self._lock:
                self._add(session)
            resumed.append(session)
        self._orphans = []
        if resumed:
            log.warning("Sessions that go on after a restart: %d", len(resumed))
        return resumed

    def reopen(self, key: object, owner: str) -> Session:
        """The session of a link, opened for one more tab; raises `PageError` when it has ended."""
        session = self._by_key.get(key) if isinstance(key, str) else None
        if session is None or not owner:
            raise PageError("link_ended")
        with session.lock:
            session.guests.add(owner)
            session.present.add(owner)
        session.touch()
        return session

    def find(self, ticket: str | None, owner: str | None) -> Session:
        """The session of this ticket and this tab; raises `PageError` for anything else."""
        if not ticket or not isinstance(ticket, str):
            raise PageError("no_clip")
        session = self._by_ticket.get(ticket)
        if session is None:
            raise PageError("deleted" if ticket in self._dropped else "expired")
        if not owner or not session.knows(owner):
            raise PageError("bad_request")
        session.touch()
        return session

    def stored(self, shelf: str, name: str) -> StoredFile | None:
        """The file behind an address, or None; fetching counts as use."""
        session = self._by_shelf.get(shelf)
        if session is None or session.gone:
            return None
        session.touch()
        return session.files.get(name)

    def __len__(self) -> int:
        return len(self._by_ticket)

    def of_owner(self, owner: str) -> list[Session]:
        with self._lock:
            return [session for session in self._by_ticket.values() if session.knows(owner)]

    def drop(self, session: Session, owner: str) -> None:
        """`remove` it because a visitor asked for that."""
        with self._lock:
            self._dropped[session.ticket] = owner
            while len(self._dropped) > MOST_DROPPED:
                del self._dropped[next(iter(self._dropped))]
        self.remove(session)

    def dropped_by(self, ticket: object, owner: str) -> bool:
        """Whether this tab has sent the clip away itself, as far as that is remembered."""
        return isinstance(ticket, str) and self._dropped.get(ticket) == owner

    def remove(self, session: Session) -> None:
        """Stop its work and delete its files. Work that is still ending deletes them once more."""
        with self._lock:
            self._by_ticket.pop(session.ticket, None)
            self._by_shelf.pop(session.shelf, None)
            self._by_key.pop(session.key, None)
        session.gone = True
        session.files.clear()
        session.stop()
        session.discard_files()

    def sweep(self) -> int:
        """Remove what was not used for ``keep_minutes``; returns how many."""
        oldest = time.monotonic() - 60 * self.keep_minutes
        with self._lock:
            stale = [s for s in self._by_ticket.values() if s.used_at < oldest]
        stale = [s for s in stale if not s.busy]
        for session in stale:
            self.remove(session)
        self._note_uses()
        self._sweep_uploads()
        return len(stale)

    def _note_uses(self) -> None:
        from mrcmv.web import record

        with self._lock:
            used = {s.ticket: s for s in self._by_ticket.values() if self._noted.get(s.ticket) != s.used_at}
            self._noted = {s.ticket: s.used_at for s in self._by_ticket.values()}
        for session in used.values():
            record.note_use(session)

    def _sweep_uploads(self) -> None:
        """Remove uploads that nobody took over, and links to those that somebody did.

        Their age counts from when they were first seen here: the machine's clock may jump.
        """
        now, seen = time.monotonic(), {}
        for path in self.uploads.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file():
                    key = (path, path.stat().st_mtime_ns)  # the same name may come again
                    seen[key] = self._first_seen.get(key, now)
                    if seen[key] < now - 60 * UPLOAD_MINUTES:
                        path.unlink()
        self._first_seen = seen

    def keep_sweeping(self, every_s: float = 30.0) -> None:
        """Sweep in a daemon thread until `close`."""

        def loop() -> None:
            while not self._closed.wait(every_s):
                try:
                    self.sweep()
                except Exception:
                    log.exception("Sweeping failed")

        threading.Thread(target=loop, daemon=True, name="mrcmv-sweeper").start()

    def close(self) -> None:
        """Delete everything. Called at the end of the process."""
        self._closed.set()
        for session in list(self._by_ticket.values()):
            self.remove(session)
        self._work.close()
