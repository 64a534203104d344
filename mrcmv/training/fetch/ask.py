"""Asking the network, one thing at a time: each in a child process under limits (see `child`)."""

from __future__ import annotations

import json
import os
import random
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrcmv.media import MAX_CLIP_S, Limits, Progress, ToolError
from mrcmv.media.child import run_child
from mrcmv.media.sniff import MAX_CLIP_BYTES
from mrcmv.training.fetch.outcome import Answer, judge

CHILD = Path(__file__).with_name("child.py")
TRIES = 3
"""How often a video is asked in one run when the site does not answer."""
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Manners:
    """How gently the sites are asked.

    Attributes
    ----------
    pause_s
        Mean seconds between the end of one question and the next; drawn anew each time (75 to 125 %).
    bytes_per_s
        Largest rate of a download.
    wall_s
        Longest time that one video may take.
    local
        Whether addresses of this machine and its network may be asked; for one's own server only.
    """

    pause_s: float = 5.0
    bytes_per_s: int = 2_000_000
    wall_s: float = 1800.0
    local: bool = False


class Asker:
    """Asks one thing after the other and keeps the pause between them."""

    def __init__(self, manners: Manners, sleep: Callable[[float], None] = time.sleep) -> None:
        self._manners = manners
        self._sleep = sleep
        self._last: float | None = None

    def ask(self, what: str, url: str, folder: Path, progress: Progress | None = None) -> Answer:
        """A ``list`` into ``folder/list.txt`` or a ``video`` into ``folder/download.mp4``.

        What may pass is tried again after longer pauses; a download that broke off is continued.
        """
        folder.mkdir(parents=True, exist_ok=True)
        answer = Answer("failed", "not asked")
        for attempt in range(TRIES):
            self._wait(2**attempt)
            answer = self._once(what, url, folder, progress)
            self._last = time.monotonic()
            if answer.kind != "again":
                return answer
        return Answer("failed", answer.reason)

    def _wait(self, factor: int) -> None:
        if self._last is None:
            return
        pause_s = factor * self._manners.pause_s * random.uniform(0.75, 1.25)
        left = pause_s - (time.monotonic() - self._last)  # reading the clip before was part of the pause
        if left > 0:
            self._sleep(left)

    def _once(self, what: str, url: str, folder: Path, progress: Progress | None) -> Answer:
        request = {
            "what": what,
            "url": url,
            "folder": str(folder.absolute()),
            "parent": os.getpid(),
            "local": self._manners.local,
            "environment": _environment(),
            "max_s": MAX_CLIP_S,
            "max_bytes": MAX_CLIP_BYTES,
            "bytes_per_s": self._manners.bytes_per_s,
        }
        rows: list[dict[str, Any]] = []

        def tick() -> None:
            if progress is not None:
                progress(next((row["done"] for row in reversed(rows) if "done" in row), 0.0))

        # nothing larger than a clip may reach the disk, whatever the site said about its size
        limits = Limits(self._manners.wall_s, int(self._manners.wall_s), file_bytes=MAX_CLIP_BYTES + 2**20)
        command = [sys.executable, "-P", str(CHILD), json.dumps(request)]
        try:
            run_child(command, limits, on_line=lambda line: rows.append(json.loads(line)), tick=tick)
        except ToolError as error:
            said = "took too long" if error.timed_out else "broke off"
            return Answer("again", f"the download {said}")
        ends = [row["end"] for row in rows if "end" in row]
        return judge(ends[-1]) if ends else Answer("again", "the download broke off")


def _environment() -> dict[str, str]:
    """The user's proxies and certificates, which `run_child` would leave out."""
    found = {f"{scheme}_proxy": proxy for scheme, proxy in urllib.request.getproxies().items()}
    return found | {key: os.environ[key] for key in _CERTIFICATES if key in os.environ}
