"""What every request has to pass before Gradio sees it: closed routes, foreign sites, limits, headers.

Gradio has routes that this page does not use, reads bodies of any size, and lets one visitor keep as many
connections open as they like. What it has no switch for is decided here, in an ASGI middleware.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mrcmv.web.arriving import Limits, plain_body, upload_body
from mrcmv.web.crowd import Crowd, Pace, address_of

log = logging.getLogger("mrcmv.web")

API = "/gradio_api/"
NEEDED = frozenset(
    {
        *("queue", "call", "run", "cancel", "reset", "heartbeat", "upload", "upload_progress", "info"),
        *("startup-events", "app_id", "login_check", "user", "theme.css", "mcp"),
    }
)
"""First parts of Gradio's routes below `API` that a browser or gradio_client asks for; and ``file=``."""
CLOSED = frozenset(
    {
        *("login", "logout", "svelte", "monitoring", "pwa_icon", "dev", "token"),
        *("docs", "redoc", "openapi.json"),
    }
)
"""First parts of Gradio's other routes that nobody here needs."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HOSTS = "MRCMV_HOSTS"
FRAMES = "MRCMV_FRAMES"
SPACE_FRAMES = "https://huggingface.co"
_CACHED = re.compile(r"([0-9a-f]{64}|[\w-]{32})/[^/\x00]+")
_STREAM = re.compile(r"/gradio_api/(queue/data|upload_progress|heartbeat/[^/]+|call/.+/[^/]+)/?")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Rules:
    """What this page allows.

    Attributes
    ----------
    uploads
        Folder that Gradio writes uploads and answers to.
    local
        Only this machine's own browsers are meant to reach the page.
    hosts
        Other names by which a local page may be asked for, as behind a proxy on the same machine.
    frames
        Sites that may show the page in a frame.
    """

    uploads: Path
    local: bool = True
    hosts: frozenset[str] = frozenset()
    frames: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def decide(cls, uploads: Path, host: str, environment: Mapping[str, str] = os.environ) -> Rules:
        on_space = bool(environment.get("SPACE_ID"))
        frames = tuple(environment.get(FRAMES, "").split()) or ((SPACE_FRAMES,) if on_space else ())
        hosts = frozenset(environment.get(HOSTS, "").lower().replace(",", " ").split())
        return cls(uploads, host in LOOPBACK and not on_space, hosts, frames)


class Refused(Exception):
    """The request goes no further; ``str`` is the plain sentence of the answer."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status


class Gate:
    """The middleware. One for a page; its counts are those of all visitors."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules
        limits = rules.limits
        self.streams = Crowd(limits.streams, limits.streams_each)
        self.arrivals = Crowd(limits.uploads, limits.uploads_each)
        self.joins = Pace(limits.joins_a_second, limits.joins_a_second_each)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # there are no websockets here
        headers, path = Headers(scope=scope), get_route_path(scope)
        send, begun = self._with_headers(send), []

        async def beginning(message: Message) -> None:
            begun.append(True)
            await send(message)

        try:
            self._check(scope["method"], path, headers)
            with self._admitted(scope, path, headers):
                await self.app(scope, self._limited(scope["method"], path, headers, receive), beginning)
        except Refused as refused:
            whole = scope["method"] in SAFE_METHODS or await _read_off(receive, self.rules.limits.body_bytes)
            await _answer(send, refused, keep=whole)
        except Exception as error:
            if begun:
                raise
            log.error("Unexpected error before an answer", exc_info=error)
            await _answer(send, Refused(500, "Something went wrong on our side."), keep=False)

    def _check(self, method: str, path: str, headers: Headers) -> None:
        """Raise `Refused` for what is never allowed."""
        self._check_site(method, headers)
        parts = path.lstrip("/").split("/")
        if path.startswith(f"{API}file=") and method in SAFE_METHODS:
            self._check_file(path.removeprefix(f"{API}file="))
        elif path.startswith(API):
            if parts[1] not in NEEDED:
                raise Refused(404, "Not found")
        elif parts[0] in CLOSED:
            raise Refused(404, "Not found")

    def _check_site(self, method: str, headers: Headers) -> None:
        """Another site's page in the same browser may not act here, nor a name that was led here."""
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if self.rules.local and host not in LOOPBACK and host not in self.rules.hosts:
            raise Refused(421, f"This page is for this machine only: {HOSTS} names other addresses of it.")
        if method in SAFE_METHODS:
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None:
            foreign = site not in ("same-origin", "none")
        else:
            here = {headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower()}
            foreign = origin is not None and urlsplit(origin).netloc.lower() not in here - {""}
        if foreign:
            raise Refused(403, "Another site cannot act here: open the page itself.")

    def _check_file(self, asked: str) -> None:
        """Gradio serves what lies in its cache under a hash or an unguessable name, and nothing else."""
        for folder in {self.rules.uploads, self.rules.uploads.resolve()}:
            inside = asked.removeprefix(f"{folder}/")
            if inside != asked and _CACHED.fullmatch(inside) and not inside.endswith("/.."):
                if Path(asked).is_symlink() or Path(asked).parent.is_symlink():
                    break
                return
        raise Refused(404, "Not found")

    @contextmanager
    def _admitted(self, scope: Scope, path: str, headers: Headers) -> Iterator[None]:
        """Counts this request as long as it lasts; raises `Refused` where there are too many."""
        address, method = address_of(scope, headers), scope["method"]
        if method == "GET" and _STREAM.fullmatch(path):
            with self.streams.one_of(address) as admitted:
                if not admitted:
                    raise Refused(429, "Too many open pages: close some and try again.")
                yield
        elif method == "POST" and path.rstrip("/") == f"{API}upload":
            with self.arrivals.one_of(address) as admitted:
                if not admitted:
                    raise Refused(429, "Too many uploads at once: try again when one has arrived.")
                self._check_room(headers)
                try:
                    yield
                finally:
                    if len(self.arrivals) == 1:  # this one alone
                        self._tidy()
        elif method == "POST" and path.startswith(API) and not self.joins.next_of(address):
            raise Refused(429, "Too many requests: wait a moment and try again.")
        else:
            yield

    def _check_room(self, headers: Headers) -> None:
        claimed = headers.get("content-length", "0")
        size = int(claimed) if claimed.isascii() and claimed.isdigit() and len(claimed) < 16 else 0
        if size > self.rules.limits.upload_bytes:
            raise Refused(413, self.rules.limits.too_big)
        folder = self.rules.uploads
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if shutil.disk_usage(there).free - size < self.rules.limits.least_free_bytes:
            raise Refused(503, "There is no room for uploads right now: try again in some minutes.")

    def _tidy(self) -> None:
        """Gradio leaves parts of uploads that broke off; whole ones lie in folders of their own."""
        if self.rules.uploads.is_dir():
            for path in self.rules.uploads.iterdir():
                if path.is_file():
                    path.unlink(missing_ok=True)

    def _limited(self, method: str, path: str, headers: Headers, receive: Receive) -> Receive:
        if method in SAFE_METHODS:
            return receive
        if path.rstrip("/") == f"{API}upload":
            return upload_body(receive, headers, self.rules.limits)
        return plain_body(receive, self.rules.limits, measured=not path.startswith("/library/own/"))

    def _with_headers(self, send: Send) -> Send:
        framing = " ".join(("'self'", *self.rules.frames))
        policy = f"frame-ancestors {framing}; object-src 'none'"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.append("Content-Security-Policy", policy)  # all of them hold
            await send(message)

        return sending


async def _read_off(receive: Receive, most: int) -> bool:
    """Read what is small, so that its sender hears the answer; whether the body has ended."""
    size = 0
    try:
        async with asyncio.timeout(1.0):
            while size <= most:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return bool(message["type"] == "http.request")
    except TimeoutError:
        pass
    return False


async def _answer(send: Send, refused: Refused, *, keep: bool) -> None:
    """``keep``: the body was read, so the connection can be used again."""
    body = json.dumps({"error": str(refused), "detail": str(refused)}).encode()
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if not keep:
        head.append((b"connection", b"close"))
    if refused.status in (429, 503):
        head.append((b"retry-after", b"10"))
    await send({"type": "http.response.start", "status": refused.status, "headers": head})
    await send({"type": "http.response.body", "body": body})
