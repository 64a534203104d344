"""The application: its routes and its headers.

Plain JSON routes and a small page of its own, not Gradio: a Gradio page publishes its components, their
labels and files in ``/config`` and ``/gradio_api/info``, names uploads in addresses, and has no state
that outlives a reload. Here everything that is served is listed below, and all of it is searched by the
test of blinding.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mrcmv.diary import Work, tally
from mrcmv.media import trouble
from mrcmv.study.manifest import Manifest
from mrcmv.study.server import desk, page, sounds
from mrcmv.study.server.answers import clean, is_opaque, read_answer, read_watched
from mrcmv.study.server.media import CountedFile
from mrcmv.study.server.wording import check_text, study_facts
from mrcmv.study.store import Refused, Store, Told
from mrcmv.study.store.views import Where

log = logging.getLogger("mrcmv.study")
MAX_BODY = 64_000
LEAST_FREE_BYTES = 200_000_000
RETRY_AFTER_S = 30
DEVICES = ("phone", "tablet", "desktop")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

Handler = Callable[[Request], Awaitable[Response]]


class Headers:
    """Puts `HEADERS` on every answer, and no-store where nothing else is said."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                wanted = {**HEADERS, "Cache-Control": "no-store"}
                for name, value in wanted.items():
                    if name.lower().encode() not in there:
                        message["headers"].append((name.lower().encode(), value.encode()))
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def make_app(store: Store, manifest: Manifest, desk_token: str) -> Starlette:
    """The study as an ASGI application.

    Parameters
    ----------
    desk_token
        Opens the experimenter's desk at ``/desk``.
    """
    study = _Study(store, manifest)
    routes = [
        *page.routes(store.design),
        Route("/api/study", study.facts, methods=["GET"]),
        Route("/api/join", study.join, methods=["POST"]),
        Route("/api/enter", study.enter, methods=["POST"]),
        Route("/api/state", study.state, methods=["GET"]),
        Route("/api/checks", study.checks, methods=["POST"]),
        Route("/api/tones/{item:int}", study.tones, methods=["GET"]),
        Route("/api/trial/{trial}/watched", study.watched, methods=["POST"]),
        Route("/api/trial/{trial}/answer", study.answer, methods=["POST"]),
        Route("/api/withdraw", study.withdraw, methods=["POST"]),
        Route("/sound/noise.wav", study.noise, methods=["GET"]),
        Route("/media/{media}.mp4", study.media, methods=["GET", "HEAD"]),
        Route("/healthz", _alive, methods=["GET"]),
        Route("/readyz", study.ready, methods=["GET"]),
        *desk.routes(store, desk_token),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Headers)],
        exception_handlers={Refused: _refused, 404: _not_found, Exception: _failed},
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    again = {"Retry-After": str(RETRY_AFTER_S)} if error.status == 503 else None
    return JSONResponse({"error": error.code, "says": str(error)}, status_code=error.status, headers=again)


async def _alive(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("Not found", status_code=404)


async def _failed(request: Request, error: Exception) -> Response:
    """The page keeps an answer that got anything from 500 up, and sends it again."""
    if (told := trouble(error)) is not None:
        again = {"Retry-After": str(RETRY_AFTER_S)}
        return JSONResponse({"error": "machine", "says": str(told)}, status_code=503, headers=again)
    return JSONResponse({"error": "ours", "says": "Something went wrong here."}, status_code=500)


async def read_json(request: Request) -> dict[str, Any]:
    """The body as an object; refused when it is large or anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused("This is too much.", "body", 413)
    try:
        plain = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused("This cannot be read.", "body", 400) from None
    if not isinstance(plain, dict):
        raise Refused("This cannot be read.", "body", 400)
    return plain


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


class _Study:
    """The participant's routes. The store works in threads, so nobody waits for another one's disk."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self.store, self.manifest, self.design = store, manifest, store.design
        self._by_id = {stimulus.id: stimulus for stimulus in manifest.stimuli}
        loud = sorted(stimulus.lufs for stimulus in manifest.stimuli)
        self._lufs = round(loud[len(loud) // 2], 1) if loud else -14.0

    async def ready(self, request: Request) -> Response:
        """Whether answers can be kept, and how many came; nothing of what is compared."""
        reasons = []
        if shutil.disk_usage(self.manifest.folder).free < LEAST_FREE_BYTES:
            reasons.append("The disk is nearly full.")
        try:
            await run_in_threadpool(lambda: self.store.status)
        except Exception:
            log.exception("The database cannot be read")
            reasons.append("The database cannot be read.")
        told = {"ready": not reasons, "reasons": reasons, **tally()}
        return JSONResponse(told, status_code=503 if reasons else 200)

    async def facts(self, request: Request) -> Response:
        status = await run_in_threadpool(lambda: self.store.status)
        return JSONResponse(study_facts(self.design, status))

    async def join(self, request: Request) -> Response:
        body = await read_json(request)
        token = await run_in_threadpool(self.store.join, _told(body))
        return JSONResponse({"token": token})

    async def enter(self, request: Request) -> Response:
        await run_in_threadpool(self.store.enter, bearer(request))
        return JSONResponse({})

    async def state(self, request: Request) -> Response:
        found = await run_in_threadpool(self.store.where, bearer(request))
        return JSONResponse(self._state(found))

    def _state(self, found: Where) -> dict[str, Any]:
        session = self.design.session
        if found.stage == "done":
            return {"stage": "done", "url": session.completion_url, "code": session.completion_code}
        if found.trial is None:
            return {"stage": found.stage}
        shown = found.trial
        return {
            "stage": "trial",
            "trial": {
                "id": shown.trial,
                "practice": shown.kind == "practice",
                "number": shown.number,
                "total": shown.total,
                "says": check_text(self.design, shown),
                "videos": [
                    {
                        "src": f"/media/{slot.media}.mp4",
                        "length_s": self._by_id[slot.stimulus].duration_s,
                        "watched_s": slot.watched_s,
                    }
                    for slot in shown.slots
                ],
            },
        }

    async def checks(self, request: Request) -> Response:
        body = await read_json(request)
        token = bearer(request)
        said = body.get("headphones")
        asks = self.design.session.headphones
        if asks == "no":
            headphones = ""
        elif said not in ("yes", "no"):
            raise Refused("Please answer every question.", "answer", 422)
        elif asks == "test" and said == "yes":
            given = body.get("test")
            if not isinstance(given, list) or len(given) != sounds.ITEMS:
                raise Refused("Please answer every question.", "answer", 422)
            seed = (await run_in_threadpool(self.store.where, token)).order_seed
            headphones = "passed" if sounds.passed(seed, given) else "failed"
        else:
            headphones = said
        await run_in_threadpool(self.store.checks, token, headphones)
        return JSONResponse({})

    async def tones(self, request: Request) -> Response:
        item = request.path_params["item"]
        if not 0 <= item < sounds.ITEMS:
            raise Refused("This is not known here.", "unknown", 404)
        seed = (await run_in_threadpool(self.store.where, bearer(request))).order_seed
        return Response(await run_in_threadpool(sounds.tones, seed, item), media_type="audio/wav")

    async def noise(self, request: Request) -> Response:
        made = await run_in_threadpool(sounds.noise, self._lufs)
        return Response(made, media_type="audio/wav", headers={"Cache-Control": "max-age=3600"})

    async def watched(self, request: Request) -> Response:
        body = await read_json(request)
        seconds = read_watched(body.get("watched_s"))
        plays = body.get("plays")
        believed = await run_in_threadpool(
            self.store.watched,
            bearer(request),
            _trial(request),
            seconds,
            plays if isinstance(plays, int) and not isinstance(plays, bool) else 0,
        )
        return JSONResponse({"watched_s": believed})

    async def answer(self, request: Request) -> Response:
        body = await read_json(request)
        facts = study_facts(self.design, "")
        said = read_answer(self.design, facts["videos"], body)
        with Work("ballot"):
            new = await run_in_threadpool(self.store.vote, bearer(request), _trial(request), said)
        return JSONResponse({"counted": True, "new": new})

    async def withdraw(self, request: Request) -> Response:
        await run_in_threadpool(self.store.withdraw, bearer(request))
        return JSONResponse({})

    async def media(self, request: Request) -> Response:
        address = request.path_params["media"]
        found = await run_in_threadpool(self.store.stimulus, address) if is_opaque(address) else None
        path: Path | None = self.manifest.path(self._by_id[found]) if found in self._by_id else None
        if path is None or not path.is_file():
            return PlainTextResponse("Not found", status_code=404)
        return CountedFile(path, lambda end: self.store.sent(address, end))


def _trial(request: Request) -> str:
    name: str = request.path_params["trial"]
    if not is_opaque(name):
        raise Refused("This is not known here.", "unknown", 404)
    return name


def _told(body: dict[str, Any]) -> Told:
    """What the join request says; of the device its class, of a recruiter's link its three ids."""
    device = body.get("device")
    ids = [body.get(key) for key in ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")]
    recruiter = None
    if isinstance(ids[0], str) and clean(ids[0]) and len(ids[0]) <= 100:
        texts = [clean(each)[:100] if isinstance(each, str) else "" for each in ids]
        recruiter = (texts[0], texts[1], texts[2])
    return Told(
        consent_version=str(body.get("consent") or "")[:60],
        device_class=device if device in DEVICES else "desktop",
        recruiter=recruiter,
    )


def new_token() -> str:
    """A token for the desk."""
    return secrets.token_urlsafe(24)
