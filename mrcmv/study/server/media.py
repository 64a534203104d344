"""Videos by opaque addresses, with ranges, counting what really left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

LENGTH = 24 * 3600


class CountedFile(FileResponse):
    """A file answer that tells ``sent`` how far into the file it came, also when it is broken off."""

    def __init__(self, path: Path, sent: Callable[[int], Any]) -> None:
        super().__init__(
            path,
            media_type="video/mp4",
            headers={"Cache-Control": f"private, max-age={LENGTH}", "Content-Disposition": "inline"},
        )
        self.sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin, count = 0, 0

        async def counting(message: Message) -> None:
            nonlocal begin, count
            if message["type"] == "http.response.start":
                begin = _begin(message)
            await send(message)
            if message["type"] == "http.response.body":
                count += len(message.get("body", b""))

        try:
            await super().__call__(scope, receive, counting)
        finally:
            if count:
                await run_in_threadpool(self.sent, begin + count)


def _begin(message: Message) -> int:
    """First byte of a 206 answer, out of ``content-range: bytes 5-9/10``."""
    for name, value in message.get("headers", ()):
        if name == b"content-range":
            first = value.decode("latin-1").removeprefix("bytes ").split("-")[0]
            return int(first) if first.isdigit() else 0
    return 0
