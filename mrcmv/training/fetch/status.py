"""What became of every video: lines appended to ``status.jsonl``, of which the last of each id counts."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STATES = ("done", "gone", "refused", "failed")


@dataclass(frozen=True)
class Status:
    """One video's state.

    Attributes
    ----------
    state
        ``done``: its clip is here. ``gone``: the site has it no more. ``refused``: what was there cannot
        be used. ``failed``: it could not be had this time, and is asked again by the next run.
    date
        UTC, ISO 8601.
    sha256
        Of the file as it was downloaded.
    """

    id: str
    state: str
    reason: str
    date: str
    url: str
    title: str = ""
    uploader: str = ""
    site: str = ""
    duration_s: float = 0.0
    sha256: str = ""


class Book:
    """The states of one folder. A line that a kill cut off is dropped; every line is on the disk at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[str, Status] = {}
        text = path.read_bytes() if path.is_file() else b""
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):
            os.truncate(path, len(whole))
        names = {field.name for field in fields(Status)}
        for line in whole.splitlines():
            try:
                row: dict[str, Any] = json.loads(line)
                status = Status(**{key: row[key] for key in row.keys() & names})
            except (ValueError, TypeError, AttributeError):
                continue  # written by another hand
            if status.state in STATES:
                self._states[status.id] = status

    def get(self, video: str) -> Status | None:
        return self._states.get(video)

    def note(self, status: Status) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(status), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._states[status.id] = status


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
