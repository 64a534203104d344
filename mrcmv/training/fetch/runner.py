"""`data fetch`: the authors' lists -> clips, stems and a manifest, politely, in as many runs as it takes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import IntakeError, MuxError, ToolError, UserError, write_whole
from mrcmv.training.fetch.ask import Asker, Manners
from mrcmv.training.fetch.clips import Separate, make_clip, spleeter
from mrcmv.training.fetch.lists import Video, known
from mrcmv.training.fetch.rows import is_done, write_manifest
from mrcmv.training.fetch.source import open_listing
from mrcmv.training.fetch.status import Book, Status, now
from mrcmv.training.fetch.survivors import Survivors, count

if TYPE_CHECKING:
    from mrcmv.separation import StemFiles

FAILURES_IN_A_ROW = 8
"""After so many videos that could not be had in a row the run ends: something is wrong, or unwelcome."""

Tell = Callable[[str], None]


def fetch(
    name: str,
    out: Path,
    *,
    lists: str | None = None,
    limit: int | None = None,
    manners: Manners | None = None,
    retry: bool = False,
    tell: Tell = lambda line: None,
    load_separator: Callable[[], Separate] = spleeter,
) -> Survivors:
    """Fetch what is missing of a data set into ``out`` and count the survivors.

    A run may be ended at any time, by force too: the next one loses at most the video that was under way,
    and continues its download. Nothing that is done is asked for again.

    Parameters
    ----------
    name
        hok400 or cfm400.
    lists
        Folder with the authors' two lists or the address of one; the authors' repository when None.
        What was read is kept in ``out/lists``.
    limit
        Most videos that this run asks for.
    retry
        Ask again for what was gone or refused, too. What failed is always asked again.
    tell
        Gets a line per video.

    Raises
    ------
    UserError
        When the lists cannot be had, or the folder holds another data set or another run's work.
    """
    name = known(name)
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        asker = Asker(manners or Manners())
        listing = open_listing(name, out, lists, asker)
        book = Book(out / "status.jsonl")
        take = _Taker(out, book, asker, cache(load_separator))
        todo = [v for v in listing.in_random_order() if _is_due(out, v, book, retry)][:limit]
        write_manifest(out, listing, book)
        notes: list[str] = []
        failures = 0
        for number, video in enumerate(todo, start=1):
            status = take(video)
            book.note(status)
            tell(f"[{number}/{len(todo)}] {video.id}: {status.state} {status.reason}".rstrip())
            if status.state == "done":
                write_manifest(out, listing, book)
            failures = failures + 1 if status.state == "failed" else 0
            if failures == FAILURES_IN_A_ROW:
                notes.append(
                    f"Stopped after {failures} failures in a row ({status.reason}): try again later."
                )
                break
        manifest = write_manifest(out, listing, book)
        broke_off = failures > 0 and failures in (len(todo), FAILURES_IN_A_ROW)
        report = count(out, listing, book, manifest, now(), notes, broke_off)
        write_whole(out / "survivors.json", json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
        return report


def _is_due(out: Path, video: Video, book: Book, retry: bool) -> bool:
    status = book.get(video.id)
    final = status is not None and status.state in ("gone", "refused") and not retry
    return not final and not is_done(out, video, book)


class _Taker:
    """One video after the other: ask, intake, separate."""

    def __init__(self, out: Path, book: Book, asker: Asker, separator: Callable[[], Separate]) -> None:
        self._out = out
        self._asker = asker
        self._separator = separator

    def __call__(self, video: Video) -> Status:
        if video.problem:
            return Status(video.id, "refused", video.problem, now(), video.url)
        folder = self._out / "partial" / video.id
        download = folder / "download.mp4"
        if not download.is_file():  # it is whole when it is there: a run may have ended just after
            answer = self._asker.ask("video", video.url, folder)
            if answer.kind != "done":
                if answer.kind != "failed":  # the next run continues a download that broke off
                    shutil.rmtree(folder, ignore_errors=True)
                return Status(video.id, answer.kind, answer.reason, now(), video.url)
        status = self._read(video, download)
        if status.state != "failed":  # else the next run reads the same file once more
            shutil.rmtree(folder, ignore_errors=True)
        return status

    def _read(self, video: Video, download: Path) -> Status:
        def separate(sound: Path, folder: Path) -> StemFiles:
            return self._separator()(sound, folder)  # loaded for the first video that gets so far

        try:
            duration_s = make_clip(download, self._out, video.id, separate)
        except IntakeError as error:
            cause = error.__cause__
            if isinstance(cause, ToolError) and cause.timed_out:
                reason = "reading it took too long on this machine"
                return Status(video.id, "failed", reason, now(), video.url)
            return Status(video.id, "refused", _first_sentence(error), now(), video.url)
        except MuxError as error:
            return Status(video.id, "failed", _first_sentence(error), now(), video.url)
        page = json.loads((download.parent / "page.json").read_text(encoding="utf-8"))
        with download.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Status(
            id=video.id,
            state="done",
            reason="",
            date=now(),
            url=video.url,
            title=page["title"],
            uploader=page["uploader"],
            site=page["site"],
            duration_s=duration_s,
            sha256=sha256,
        )


def _first_sentence(error: UserError) -> str:
    """What is wrong; the advice that follows is for somebody who drops a file."""
    return str(error).partition(". ")[0].rstrip(".") + "."


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """No second run in the same folder; the lock ends with the process, however it ends."""
    with (out / "lock").open("w") as lock:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UserError(f"Another run is at work in the folder {out.name}: let it finish.") from None
        yield
