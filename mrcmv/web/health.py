"""``/healthz`` and ``/readyz``: whether the process answers, and whether a visitor would be served now.

Both answer at once whatever works: they take no lock that work holds, and the library is looked at by a
thread of its own.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mrcmv.diary import tally
from mrcmv.web.sessions import LEAST_FREE_BYTES

if TYPE_CHECKING:
    from mrcmv.web.studio import Studio

log = logging.getLogger("mrcmv.web")
LOOK_EVERY_S = 30.0
"""How old the last look at the library may be."""


class Health:
    """How the page stands. ``loading`` is None once the networks are there, else what is said of it."""

    def __init__(self, studio: Studio, *, loading: str | None = None) -> None:
        self.studio = studio
        self.loading = loading
        self._began = time.monotonic()
        self._looked = 0.0
        self._library_says = ""
        self._looking = threading.Lock()

    def reasons(self) -> list[str]:
        """Why a visitor would not be served now, in plain words; empty when nothing is in the way."""
        found = [self.loading] if self.loading else []
        if shutil.disk_usage(self.studio.sessions.root).free < LEAST_FREE_BYTES:
            found.append("The disk is nearly full.")
        if self.studio.line.full:
            found.append("The line is full.")
        if not self.loading:
            self._look_at_library()
        if self._library_says:
            found.append(self._library_says)
        return found

    def told(self) -> dict[str, Any]:
        """All that ``/readyz`` tells: counts and times, nothing of visitors."""
        reasons = self.reasons()
        at_work, waiting, unasked = self.studio.line.counts()
        return {
            "ready": not reasons,
            "reasons": reasons,
            "up_s": round(time.monotonic() - self._began, 1),
            "at_work": at_work,
            "waiting": waiting,
            "waiting_unasked": unasked,
            "sessions": len(self.studio.sessions),
            **tally(),
        }

    def _look_at_library(self) -> None:
        """Begin a look when the last one is old; its result counts from the next question on."""
        if time.monotonic() - self._looked < LOOK_EVERY_S or not self._looking.acquire(blocking=False):
            return
        self._looked = time.monotonic()

        def look() -> None:
            try:
                total = self.studio.recommender.library.search(limit=1).total
                self._library_says = "" if total else "The library is empty."
            except Exception:
                log.exception("The library cannot be read")
                self._library_says = "The library cannot be read."
            finally:
                self._looking.release()

        threading.Thread(target=look, daemon=True, name="mrcmv-health").start()

    def routes(self) -> list[Route]:
        async def alive(request: Request) -> Response:
            return PlainTextResponse("ok")

        async def ready(request: Request) -> Response:
            told = await run_in_threadpool(self.told)
            return JSONResponse(told, status_code=200 if told["ready"] else 503)

        return [Route("/healthz", alive), Route("/readyz", ready)]
