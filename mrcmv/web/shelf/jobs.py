"""Packs being installed: work of the process, not of a browser tab, so that a page may be left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from mrcmv.library import Track
from mrcmv.media import Cancelled, Progress, part_of
from mrcmv.web.errors import sentence
from mrcmv.web.line import Line
from mrcmv.web.run import Job

INSTALLING_SHARE = 0.6
"""Share of the bar that installing gets; listening to the tracks gets the rest."""


@dataclass(frozen=True)
class Shown:
    """What the page tells of one pack's work.

    Attributes
    ----------
    state
        "waiting", "installing", "listening", "stopping", "done", "stopped" or "failed".
    done
        0 to 1.
    said
        HTML of a sentence; empty unless it failed.
    """

    state: str
    done: float = 0.0
    said: str = ""

    @property
    def busy(self) -> bool:
        return self.state in ("waiting", "installing", "listening", "stopping")


class PackJobs:
    """One pack after the other. What was begun and is wanted again goes on where it was.

    Parameters
    ----------
    install
        ``install(pack, progress)`` fetches what is missing of a pack.
    embed
        ``embed(progress)`` makes the new tracks searchable.
    """

    def __init__(
        self, install: Callable[[str, Progress], object], embed: Callable[[Progress], object]
    ) -> None:
        self._install = install
        self._embed = embed
        self._line = Line(capacity=32)
        self._jobs: dict[str, Job[None]] = {}
        self._listening: set[str] = set()
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()

    def start(self, pack: str) -> None:
        """Queue a pack; one that waits or is at work already stays as it is."""

        def task(job: Job[None]) -> None:
            try:
                self._install(pack, part_of(job.progress, 0.0, INSTALLING_SHARE))
                self._listening.add(pack)
                self._embed(part_of(job.progress, INSTALLING_SHARE, 1.0))
            except Cancelled:
                raise
            except Exception as error:
                self._said[pack] = sentence(error)
                raise

        with self._lock:
            before = self._jobs.get(pack)
            if before is not None and not before.over:
                return
            self._listening.discard(pack)
            job: Job[None] = Job("library install")
            job.start(self._line, task)
            self._jobs[pack] = job

    def stop(self, pack: str) -> None:
        """Ask a pack's work to end; what is installed stays."""
        job = self._jobs.get(pack)
        if job is not None:
            job.stop()

    def forget(self, pack: str) -> None:
        """Tell no more of a pack whose work is over."""
        with self._lock:
            if pack in self._jobs and self._jobs[pack].over:
                del self._jobs[pack]

    def shown(self, pack: str) -> Shown | None:
        """How a pack's work stands; None when there was none since the process began."""
        job = self._jobs.get(pack)
        if job is None:
            return None
        report = job.report()
        if not job.over:
            if report.stopping:
                return Shown("stopping", report.done)
            if report.ahead is not None:
                return Shown("waiting")
            return Shown("listening" if pack in self._listening else "installing", report.done)
        try:
            job.result()
        except Cancelled:
            return Shown("stopped", report.done)
        except Exception:
            return Shown("failed", report.done, self._said.get(pack, ""))
        return Shown("done", 1.0)

    @property
    def busy(self) -> bool:
        return any(not job.over for job in list(self._jobs.values()))

    def close(self) -> None:
        """Ask everything to stop; it goes on at the next wish."""
        for job in list(self._jobs.values()):
            job.stop()


class TwinSearch:
    """Looking for tracks that are here twice, in the background: it may have to hear many.

    ``find(progress)`` gives pairs of tracks and how far they differ (`Library.duplicates`).
    """

    def __init__(self, find: Callable[[Progress], list[tuple[Track, Track, float]]]) -> None:
        self._find = find
        self._line = Line(capacity=1)
        self._job: Job[list[list[str]]] | None = None
        self._said = ""
        self.groups: list[list[str]] | None = None

    def start(self) -> None:
        if self._job is not None and not self._job.over:
            return

        def task(job: Job[list[list[str]]]) -> list[list[str]]:
            try:
                self.groups = together(self._find(job.progress))
            except Exception as error:
                self._said = sentence(error)
                raise
            return self.groups

        self._said = ""
        self._job = Job("library twins")
        self._job.start(self._line, task)

    @property
    def shown(self) -> Shown | None:
        """How the search stands; None before the first one."""
        if self._job is None:
            return None
        if not self._job.over:
            return Shown("listening", self._job.report().done)
        return Shown("failed", said=self._said) if self._said else Shown("done", 1.0)

    @property
    def busy(self) -> bool:
        return self._job is not None and not self._job.over

    def close(self) -> None:
        if self._job is not None:
            self._job.stop()


def together(pairs: list[tuple[Track, Track, float]]) -> list[list[str]]:
    """Ids of tracks in groups: who is a twin of a twin belongs to them as well."""
    groups: list[list[str]] = []
    for first, second, _ in pairs:
        mine = [group for group in groups if first.id in group or second.id in group]
        joined = [ident for group in mine for ident in group]
        joined += [ident for ident in (first.id, second.id) if ident not in joined]
        groups = [group for group in groups if group not in mine] + [joined]
    return groups
