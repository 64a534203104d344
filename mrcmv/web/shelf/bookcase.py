"""What the Library page does: the library itself, its packs at work, own files on their way in.

Nothing here draws and nothing knows HTTP, so all of it can be tested without a browser.
"""

from __future__ import annotations

import atexit
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.library import Page, Rights, Track
from mrcmv.media import Progress
from mrcmv.web.errors import PageError
from mrcmv.web.shelf.access import Access
from mrcmv.web.shelf.inbox import Inbox
from mrcmv.web.shelf.jobs import PackJobs, TwinSearch
from mrcmv.web.shelf.packs import Offer
from mrcmv.web.shelf.wanted import Wanted

if TYPE_CHECKING:
    from mrcmv.library import Facets, Library
    from mrcmv.recommender import Recommender

MOST_ALIKE = 100
"""How many tracks "more like this" lists."""
MOST_ROWS = 200
"""Rows that one request may ask for."""


class Bookcase:
    """The library of one process as its page uses it.

    The recommender loads its parts behind a lock that it holds while the networks work; the page
    must not wait for them, so the library is asked for once and kept.
    """

    def __init__(self, recommender: Recommender, access: Access) -> None:
        self.recommender = recommender
        self.access = access
        self.jobs = PackJobs(self._install, self._embed)
        self.search = TwinSearch(self._twins)
        self._lock = threading.Lock()
        self._library: Library | None = None
        self._inbox: Inbox | None = None

    @property
    def library(self) -> Library:
        with self._lock:
            if self._library is None:
                self._library = self.recommender.library
            return self._library

    @property
    def inbox(self) -> Inbox:
        folder = self.library.folder / "inbox"
        with self._lock:
            if self._inbox is None:
                self._inbox = Inbox(folder, self._add)
                if self.access.editable:
                    self._inbox.resume()
            return self._inbox

    def wake(self) -> None:
        """Load the library behind the page's start, and go on with files left by an earlier process."""
        atexit.register(self.close)
        threading.Thread(target=lambda: self.inbox, daemon=True, name="mrcmv-bookcase").start()

    # -- looking -----------------------------------------------------------------------------

    def page(self, wanted: Wanted, offset: int, limit: int) -> Page:
        """A part of the list; ordered by likeness when the tracks are to be like one."""
        limit = max(0, min(limit, MOST_ROWS))
        if not wanted.like:
            return self.library.search(wanted.filter, sort=wanted.sort, offset=offset, limit=limit)
        tracks = self._alike(wanted)
        return Page(len(tracks), tuple(tracks[max(0, offset) :][:limit]))

    def facets(self, wanted: Wanted) -> Facets:
        return self.library.facets(wanted.filter)

    def _alike(self, wanted: Wanted) -> list[Track]:
        self.library.get(wanted.like)
        if self.jobs.busy:  # the index is being made, which may take minutes
            raise PageError("shelf_like_later")
        found = self.recommender.index().similar(wanted.like, MOST_ALIKE, wanted.filter)
        return [match.track for match in found]

    def get(self, ident: str) -> Track:
        return self.library.get(ident)

    def sound(self, ident: str) -> Path:
        return self.library.sound_path(ident)

    def twins(self) -> list[list[Track]] | None:
        """Groups of tracks with the same content, as the last search found them; None before it."""
        if self.search.groups is None:
            return None
        there = {track.id: track for track in self.library.tracks()}
        groups = [[there[ident] for ident in group if ident in there] for group in self.search.groups]
        return [group for group in groups if len(group) > 1]

    def twins_of(self, ident: str) -> list[Track]:
        """Other tracks with the content of this one."""
        for group in self.twins() or []:
            if any(track.id == ident for track in group):
                return [track for track in group if track.id != ident]
        return []

    def offers(self) -> list[Offer]:
        """Every pack that can be installed, with how far it is."""
        return [Offer.of(pack, self.jobs.shown(pack.name)) for pack in self.library.available_packs()]

    @property
    def busy(self) -> bool:
        return self.jobs.busy or self.inbox.busy or self.search.busy

    # -- changing: the handlers have asked `Access.check` before -----------------------------

    def install(self, name: str) -> None:
        """Begin or go on with a pack."""
        offer = self._offer(name)
        if offer.why_not:
            raise PageError("shelf_pack_not_here")
        self.jobs.start(name)

    def remove_pack(self, name: str) -> None:
        """Take a pack out; its work ends first."""
        self._offer(name)
        shown = self.jobs.shown(name)
        if shown is not None and shown.busy:
            self.jobs.stop(name)
            raise PageError("shelf_pack_busy")
        self.jobs.forget(name)
        self.library.remove_pack(name)

    def remove(self, ident: str) -> Track:
        return self.library.remove(ident)

    def close(self) -> None:
        """At the end of the process: what is unfinished goes on at the next start."""
        self.jobs.close()
        self.search.close()
        if self._inbox is not None:
            self._inbox.close()

    def _offer(self, name: str) -> Offer:
        for offer in self.offers():
            if offer.name == name:
                return offer
        raise PageError("bad_request")

    def _install(self, name: str, progress: Progress) -> None:
        self.library.install(name, progress=progress)

    def _embed(self, progress: Progress) -> None:
        """Make new tracks searchable, without the recommender's lock: clips go on meanwhile."""
        self.library.index(self.recommender.model, progress=progress)

    def _twins(self, progress: Progress) -> list[tuple[Track, Track, float]]:
        return self.library.duplicates(progress)

    def _add(self, path: Path, rights: Rights, said: dict[str, Any], progress: Progress) -> Track:
        return self.library.add(path, rights, progress=progress, **said)
