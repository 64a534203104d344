"""The addresses under ``studio/``: files of sessions, and the examples. Nothing else is served.

Gradio's own file route knows these files not at all: they lie outside its cache and are in no
``allowed_paths``.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from mrcmv.web.examples import Example
from mrcmv.web.session import StoredFile
from mrcmv.web.sessions import Sessions

log = logging.getLogger("mrcmv.web")

SOUND_TYPES = {
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
}

PRIVATE_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def clip_type(path: Path) -> str:
    """Media type of a clip by its first bytes; the browser is told nothing that a name claims."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm"  # Matroska as well: browsers play it when they know the codecs
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    return "application/octet-stream"


def download_name(clip_name: str, title: str) -> str:
    """A harmless file name out of a clip's name and a track's title."""
    stem = re.sub(r"[^\w\- ]+", " ", f"{Path(clip_name).stem} - {title}", flags=re.UNICODE)
    return re.sub(r"\s+", " ", stem).strip()[:80] + ".mp4"


def routes(sessions: Sessions, examples: list[Example]) -> list[Route]:
    """Routes for the app; a wrong address and somebody else's address look the same: 404."""
    by_name = {example.name: example for example in examples}

    def answer(stored: StoredFile | None) -> Response:
        if stored is None or not stored.path.is_file():
            return PlainTextResponse("Not found", status_code=404)
        return FileResponse(
            stored.path,
            media_type=stored.media_type,
            filename=stored.download_as,
            headers=PRIVATE_HEADERS,
        )

    async def session_file(request: Request) -> Response:
        stored = sessions.stored(request.path_params["shelf"], request.path_params["name"])
        if stored is not None and stored.make is not None and not stored.path.is_file():
            try:
                await run_in_threadpool(stored.make)
            except Exception:
                log.exception("A file could not be made when it was asked for")
                return PlainTextResponse("Not made", status_code=503, headers=PRIVATE_HEADERS)
        return answer(stored)

    async def example_file(request: Request) -> Response:
        example = by_name.get(request.path_params["name"])
        return answer(StoredFile(example.path, "video/mp4") if example else None)

    async def example_poster(request: Request) -> Response:
        example = by_name.get(request.path_params["name"])
        return answer(StoredFile(example.poster, "image/jpeg") if example and example.poster else None)

    return [
        Route("/studio/files/{shelf}/{name}", session_file, methods=["GET", "HEAD"]),
        Route("/studio/examples/{name}.mp4", example_file, methods=["GET", "HEAD"]),
        Route("/studio/examples/{name}.jpg", example_poster, methods=["GET", "HEAD"]),
    ]
