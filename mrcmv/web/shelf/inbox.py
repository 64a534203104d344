"""Own files on their way into the library: kept on the disk until they are in, one after the other.

A batch is a folder with the rights that were stated for all its files. What has arrived whole goes
on when the page is closed, and also after the program was ended: the next start finds it here.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mrcmv.diary import Work
from mrcmv.library import ContentId, Rights, Track
from mrcmv.library.text import clean
from mrcmv.media import Cancelled, Progress, UserError
from mrcmv.web.errors import PageError, sentence

log = logging.getLogger("mrcmv.web")

MOST_FILES = 500
"""Files that may wait at once."""
MOST_BYTES = 512 * 1024**2
"""Of one file."""
LEAST_FREE_BYTES = 2_000_000_000
MOST_TOLD = 300
"""Finished files that are still told about."""


@dataclass(frozen=True)
class Entry:
    """One file. ``state``: "coming", "waiting", "adding", "added", "refused"; ``said`` is HTML."""

    id: str
    batch: str
    name: str
    state: str = "coming"
    done: float = 0.0
    said: str = ""
    track: str = ""


Add = Callable[[Path, Rights, dict[str, Any], Progress], Track]
"""Takes a file, its rights, what was said about it, and tells its progress: `Library.add`."""


class Inbox:
    """All batches of one library.

    Parameters
    ----------
    folder
        Made at the first upload.
    add
        The only one that looks into a file.
    """

    def __init__(self, folder: Path, add: Add) -> None:
        self.folder = folder
        self._add = add
        self._entries: dict[str, Entry] = {}
        self._waiting: deque[str] = deque()
        self._stopped: set[str] = set()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._closed = False

    def open_batch(self, rights: Rights, said: dict[str, Any]) -> str:
        """A folder for files under the same rights; returns its name."""
        name = secrets.token_hex(8)
        (self.folder / name).mkdir(parents=True, mode=0o700)
        card = self.folder / name / "batch.json"
        card.write_text(json.dumps({"rights": asdict(rights), "said": said}), encoding="utf-8")
        return name

    def expect(self, batch: str, name: str) -> tuple[Entry, Path]:
        """A place for one more file of a batch: what is told of it, and where its bytes go.

        Raises
        ------
        PageError
            There is no such batch, or no room.
        """
        if not re.fullmatch(r"[0-9a-f]{16}", batch) or not (self.folder / batch / "batch.json").is_file():
            raise PageError("bad_request")
        if shutil.disk_usage(self.folder).free < LEAST_FREE_BYTES:
            raise PageError("shelf_full_disk")
        with self._lock:
            if sum(entry.state not in ("added", "refused") for entry in self._entries.values()) >= MOST_FILES:
                raise PageError("shelf_too_many", count=MOST_FILES)
            entry = Entry(secrets.token_hex(8), batch, clean(name) or "?")
            self._entries[entry.id] = entry
            self._forget_oldest()
        place = self.folder / batch / entry.id
        place.mkdir(mode=0o700)
        return entry, place / f"{_file_name(name)}.part"

    def arrived(self, entry: Entry, path: Path) -> None:
        """All bytes of a file are there: queue it. ``path`` is what `expect` gave."""
        os.replace(path, path.with_suffix(""))
        self._change(entry.id, state="waiting")
        with self._lock:
            self._waiting.append(entry.id)
        self._wake()

    def lost(self, entry: Entry, said: str) -> None:
        """A file did not arrive whole, or is not wanted any more."""
        self._change(entry.id, state="refused", said=said)
        shutil.rmtree(self.folder / entry.batch / entry.id, ignore_errors=True)

    def stop(self, ident: str) -> None:
        """Do not add a file that waits or is being added."""
        with self._lock:
            self._stopped.add(ident)

    def clear(self) -> None:
        """Tell no more of the files that are done."""
        with self._lock:
            self._entries = {
                ident: entry
                for ident, entry in self._entries.items()
                if entry.state not in ("added", "refused")
            }

    def entries(self) -> list[Entry]:
        """Newest last."""
        with self._lock:
            return list(self._entries.values())

    @property
    def busy(self) -> bool:
        return any(entry.state in ("waiting", "adding") for entry in self.entries())

    def resume(self) -> int:
        """Queue what an earlier process left behind; returns how many files."""
        found = 0
        for card in sorted(self.folder.glob("*/batch.json")):
            for place in sorted(path for path in card.parent.iterdir() if path.is_dir()):
                files = [path for path in place.iterdir() if path.is_file()]
                if place.name in self._entries:
                    continue
                if len(files) != 1 or files[0].suffix == ".part":  # its upload was cut off
                    shutil.rmtree(place, ignore_errors=True)
                    continue
                with self._lock:
                    entry = Entry(place.name, card.parent.name, clean(files[0].stem), "waiting")
                    self._entries[entry.id] = entry
                    self._waiting.append(entry.id)
                found += 1
            if not any(path.is_dir() for path in card.parent.iterdir()):
                shutil.rmtree(card.parent, ignore_errors=True)
        if found:
            self._wake()
        return found

    def close(self) -> None:
        """Stop after the file in work; the rest is found by the next `resume`."""
        self._closed = True

    # -- the worker --------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._lock:
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, daemon=True, name="mrcmv-inbox")
                self._worker.start()

    def _work(self) -> None:
        while not self._closed:
            with self._lock:
                if not self._waiting:
                    self._worker = None
                    return
                entry = self._entries[self._waiting.popleft()]
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        place = self.folder / entry.batch / entry.id

        def progress(done: float) -> None:
            if entry.id in self._stopped or self._closed:
                raise Cancelled
            self._change(entry.id, done=done)

        try:
            progress(0.0)
            self._change(entry.id, state="adding")
            rights, said = self._card(entry.batch)
            with Work("library add"):
                track = self._add(next(place.iterdir()), rights, said, progress)
        except Cancelled:
            if self._closed and entry.id not in self._stopped:
                return  # stays on the disk for the next start
            self._change(entry.id, state="refused", said=sentence(PageError("shelf_stopped_file")))
        except Exception as error:
            said_html = sentence(error) if isinstance(error, UserError) else sentence(PageError("shelf_ours"))
            if not isinstance(error, UserError):
                log.exception("A file could not be added")
            self._change(entry.id, state="refused", said=said_html)
        else:
            self._change(entry.id, state="added", done=1.0, track=track.id)
        shutil.rmtree(place, ignore_errors=True)

    def _card(self, batch: str) -> tuple[Rights, dict[str, Any]]:
        plain = json.loads((self.folder / batch / "batch.json").read_text(encoding="utf-8"))
        rights = plain["rights"]
        return Rights(**{**rights, "content_id": ContentId(rights["content_id"])}), plain["said"]

    def _change(self, ident: str, **changes: Any) -> None:
        with self._lock:
            if ident in self._entries:
                self._entries[ident] = replace(self._entries[ident], **changes)

    def _forget_oldest(self) -> None:
        over = [ident for ident, entry in self._entries.items() if entry.state in ("added", "refused")]
        for ident in over[: max(0, len(over) - MOST_TOLD)]:
            del self._entries[ident]


def _file_name(name: str) -> str:
    """A harmless file name that keeps the words of the given one: a track without tags is called so."""
    stem = re.sub(r"[^\w\- ]+", " ", Path(clean(name).replace("\\", "/")).stem)
    return (re.sub(r"\s+", " ", stem).strip() or "Untitled")[:60]
