"""The two pages and their script and style; sentences are put into the page as data."""

from __future__ import annotations

import html
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mrcmv.study.design import Design
from mrcmv.study.server.texts import DESK, TEXTS

STATIC = Path(__file__).with_name("static")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FILES = ("study.js", "desk.js", "study.css")


def fill(name: str, design: Design, texts: dict[str, tuple[str, str]]) -> str:
    """One of the pages with title, key of the browser's memory and sentences in their places."""
    data = json.dumps({key: list(both) for key, both in texts.items()}, ensure_ascii=False)
    return (
        (STATIC / name)
        .read_text(encoding="utf-8")
        .replace("{{title}}", html.escape(design.title))
        .replace("{{key}}", design.hash[:12])
        .replace("{{texts}}", data.replace("<", "\\u003c"))
    )


def routes(design: Design) -> list[Route]:
    pages = {"/": fill("index.html", design, TEXTS), "/desk": fill("desk.html", design, DESK)}
    files = {name: (STATIC / name).read_bytes() for name in FILES}

    async def shown(request: Request) -> Response:
        return Response(pages[request.url.path], media_type="text/html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return Response("Not found", status_code=404, media_type="text/plain")
        return Response(
            files[name],
            media_type=TYPES[Path(name).suffix],
            headers={"Cache-Control": "no-cache"},
        )

    return [
        Route("/", shown, methods=["GET"]),
        Route("/desk", shown, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
