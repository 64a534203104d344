"""One visitor's clip: its private folder, its files, its wishes and what was made of them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.mix import MixSettings
from mrcmv.web.crowd import asked_from
from mrcmv.web.errors import PageError

if TYPE_CHECKING:
    from mrcmv.mix import Mix
    from mrcmv.recommender import Suggestions
    from mrcmv.web.run import Job

PLACES_OF_TAB = 4
"""Places in line at once; the same for one program that uses the API."""
PLACES_OF_ADDRESS = 8
NOBODY = "api"
"""Owner of what comes without a tab's name."""
MOST_MIXES = 24
"""Of one session."""


@dataclass(frozen=True)
class StoredFile:
    """A file that may be fetched; ``download_as`` makes the browser save instead of play it.

    ``make`` writes it when it is first asked for.
    """

    path: Path
    media_type: str
    download_as: str | None = None
    make: Callable[[], None] | None = None


@dataclass(frozen=True)
class Choice:
    """What is mixed: a mix is made once for each. Without a track it is the clip alone."""

    track_id: str | None
    settings: MixSettings = MixSettings()  # noqa: RUF009 - frozen


@dataclass
class Session:
    """One visitor's clip. Changed only by the handlers of its own tabs and by the sweeper.

    ``shape`` is how all its mixes are made and ``starts`` where each track sets in; ``previews`` are the
    finished ones, ``making`` those at work or in line. ``said`` is HTML of what went wrong last; ``turn``
    is the page's own count of its wishes, ``ahead`` ours of its asking for what comes next.
    """

    ticket: str
    shelf: str
    owner: str
    folder: Path
    used_at: float
    clip_name: str = ""
    source: Path | None = None
    upload: Path | None = None
    duration_s: float | None = None
    window_s: tuple[float, float] = (0.0, 32.0)
    files: dict[str, StoredFile] = field(default_factory=dict)
    suggestions: Suggestions | None = None
    choice: Choice | None = None
    shape: MixSettings = field(default_factory=MixSettings)
    starts: dict[str, float] = field(default_factory=dict)
    previews: dict[Choice, Mix] = field(default_factory=dict)
    making: dict[Choice, Job[Mix]] = field(default_factory=dict)
    said: str = ""
    ahead: int = 0
    turn: int = 0
    job: Job[Any] | None = None
    gone: bool = False
    runs: int = 0
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    guests: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    export: Job[Any] | None = None
    packages: dict[Any, Any] = field(default_factory=dict)
    example_name: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    came_from: str = field(default_factory=asked_from.get)
    lock: threading.RLock = field(default_factory=threading.RLock)
    delivering: threading.Lock = field(default_factory=threading.Lock)
    recording: threading.Lock = field(default_factory=threading.Lock)

    @property
    def names(self) -> dict[str, int]:
        """For `Line.enter`: the tab and its address, with how many places in line each may have."""
        known = {self.owner: PLACES_OF_TAB, self.came_from: PLACES_OF_ADDRESS}
        return {name: most for name, most in known.items() if name and name != NOBODY}

    def touch(self) -> None:
        self.used_at = time.monotonic()

    def put(
        self,
        name: str,
        path: Path,
        media_type: str,
        download_as: str | None = None,
        make: Callable[[], None] | None = None,
    ) -> str:
        """Make a file fetchable; returns its address relative to the page."""
        self.files[name] = StoredFile(path, media_type, download_as, make)
        return f"studio/files/{self.shelf}/{name}"

    def address(self, name: str) -> str | None:
        return f"studio/files/{self.shelf}/{name}" if name in self.files else None

    def take_over(self, job: Job[Any]) -> None:
        """The newest wish counts: stop what this visitor had running."""
        with self.lock:
            if self.job is not None and self.job is not job:
                self.job.stop()
            self.job = job

    def keep_mix(self, choice: Choice, mix: Mix) -> None:
        """Remember a finished mix; the oldest goes when there are many."""
        with self.lock:
            self.previews[choice] = mix
            old = [made for made in self.previews if made not in (choice, self.choice)]
            dropped = [self.previews.pop(made) for made in old[: max(0, len(self.previews) - MOST_MIXES)]]
            for name in [n for n, stored in self.files.items() if stored.path in {m.path for m in dropped}]:
                del self.files[name]
        for mix in dropped:
            for file in (mix.path, mix.path.with_suffix(".mp4"), mix.path.with_suffix(".json")):
                file.unlink(missing_ok=True)

    def forget_mixes(self) -> None:
        """There are other suggestions, of another part of the clip."""
        with self.lock:
            for job in self.making.values():
                job.stop()
            self.making.clear()
            self.previews.clear()
            self.starts.clear()
            self.choice = None
            self.ahead += 1

    def stop(self) -> None:
        with self.lock:
            self.ahead += 1
            for job in (self.job, self.export, *self.making.values()):
                if job is not None:
                    job.stop()

    @property
    def busy(self) -> bool:
        """Whether work goes on that nobody has stopped."""
        jobs = (self.job, self.export, *self.making.values())
        return any(job and not job.over and not job.stopped for job in jobs)

    def knows(self, owner: str) -> bool:
        """Whether a browser tab may use this session."""
        return any(secrets.compare_digest(tab.encode(), owner.encode()) for tab in (self.owner, *self.guests))

    def leave(self, owner: str) -> None:
        """A tab was closed; when it was the last one, nobody waits for the work any more."""
        with self.lock:
            self.present.discard(owner)
        if not self.present:
            self.stop()

    def new_folder(self) -> Path:
        """An empty private folder for one run."""
        self.runs += 1
        folder = self.folder / f"run{self.runs}"
        folder.mkdir(mode=0o700)
        return folder

    def adopt(self, upload: Path, *, own: bool = True) -> Path:
        """Take an upload into the private folder, under a name of ours; returns its new place.

        Two visitors who drop the same file share one path in the upload folder, so it is linked,
        not moved: the second one still finds it. What is not the visitor's ``own`` is copied.
        """
        kept = self.folder / "upload"
        if not own:
            shutil.copyfile(upload, kept)
            return kept
        try:
            try:
                os.link(upload, kept)
            except FileNotFoundError:
                raise
            except OSError:  # another disk, or a file system without links
                shutil.copyfile(upload, kept)
        except FileNotFoundError:
            raise PageError("lost") from None
        self.upload = upload
        return kept

    def discard_files(self) -> None:
        """Remove everything; called again by a job that was still writing (see `Sessions.remove`)."""
        if self.upload is not None:
            with contextlib.suppress(OSError):
                if self.upload.samefile(self.folder / "upload"):  # else it is another visitor's by now
                    self.upload.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)
