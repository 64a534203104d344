"""The addresses of the Library page and of About. Every handler that changes something asks `Access`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mrcmv.library import Page, UnknownTrack
from mrcmv.media import UserError
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.files import PRIVATE_HEADERS, SOUND_TYPES
from mrcmv.web.shelf import about, filters, own, packs, pages, rows
from mrcmv.web.shelf.access import Forbidden
from mrcmv.web.shelf.bookcase import Bookcase
from mrcmv.web.shelf.document import document
from mrcmv.web.shelf.inbox import MOST_BYTES
from mrcmv.web.shelf.wanted import read

Handler = Callable[[Request], Awaitable[Response]]
MOST_JSON = 64 * 1024
STEP = 1024 * 1024
"""Bytes of an upload that are written at once."""
FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes(bookcase: Bookcase) -> list[Route]:
    """All addresses, bound to one library."""

    async def page(request: Request) -> Response:
        return await run_in_threadpool(view, bookcase, request)

    async def about_page(_: Request) -> Response:
        return document("shelf_about", "about", await run_in_threadpool(about.body))

    async def list_part(request: Request) -> Response:
        wanted = read(request.query_params)
        offset, limit = whole(request, "offset", 0), whole(request, "limit", pages.FIRST_ROWS)
        part = await run_in_threadpool(bookcase.page, wanted, offset, limit)
        html = [rows.row(track, offset + number, part.total) for number, track in enumerate(part.tracks)]
        return JSONResponse({"total": part.total, "rows": html}, headers=FRESH)

    async def facets(request: Request) -> Response:
        wanted = read(request.query_params)
        return fragment(filters.groups(wanted, await run_in_threadpool(bookcase.facets, wanted)))

    async def track(request: Request) -> Response:
        found = await run_in_threadpool(bookcase.get, request.path_params["id"])
        twins = await run_in_threadpool(bookcase.twins_of, found.id)
        return fragment(rows.window(found, twins, editable=bookcase.access.editable))

    async def sound(request: Request) -> Response:
        path = await run_in_threadpool(bookcase.sound, request.path_params["id"])
        if not path.is_file():
            raise UnknownTrack("The sound of this track is missing: remove the track and add it again.")
        kind = SOUND_TYPES.get(path.suffix.lower(), "application/octet-stream")
        return FileResponse(path, media_type=kind, headers=PRIVATE_HEADERS)

    async def state(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(telling, bookcase), headers=FRESH)

    async def act(request: Request) -> Response:
        body = await plain_body(request)
        await run_in_threadpool(
            change, bookcase, request.path_params["act"], str(body.get("name") or "")[:200]
        )
        return JSONResponse(await run_in_threadpool(telling, bookcase), headers=FRESH)

    async def batch(request: Request) -> Response:
        rights, said = own.state_rights(await plain_body(request))
        name = await run_in_threadpool(bookcase.inbox.open_batch, rights, said)
        return JSONResponse({"batch": name}, headers=FRESH)

    async def upload(request: Request) -> Response:
        await receive(bookcase, request)
        return JSONResponse(await run_in_threadpool(telling, bookcase), headers=FRESH)

    def changing(handler: Handler) -> Handler:
        async def checked(request: Request) -> Response:
            bookcase.access.check(request)
            return await handler(request)

        return checked

    get, post = ["GET", "HEAD"], ["POST"]
    return [
        Route("/library", safe(page), methods=get),
        Route("/about", safe(about_page), methods=get),
        Route("/library/rows", safe(list_part), methods=get),
        Route("/library/facets", safe(facets), methods=get),
        Route("/library/state", safe(state), methods=get),
        Route("/library/track/{id}", safe(track), methods=get),
        Route("/library/sound/{id}", safe(sound), methods=get),
        Route("/library/do/{act}", safe(changing(act)), methods=post),
        Route("/library/own", safe(changing(batch)), methods=post),
        Route("/library/own/{batch}", safe(changing(upload)), methods=post),
    ]


def view(bookcase: Bookcase, request: Request) -> Response:
    """The Library page in one of its views."""
    editable = bookcase.access.editable
    show = request.query_params.get("show", "")
    if show == "packs":
        body = pages.packs_view(bookcase.offers(), editable=editable)
    elif show == "own" and editable:
        body = pages.own_view(bookcase.inbox.entries())
    elif show == "twins" and editable:
        body = pages.twins_view(bookcase.twins(), bookcase.search.shown)
    else:
        wanted = read(request.query_params)
        said, like, part = "", None, Page(0, ())
        try:
            like = bookcase.get(wanted.like) if wanted.like else None
            part = bookcase.page(wanted, 0, pages.FIRST_ROWS)
        except UserError as error:
            said = notice(sentence(error))
        body = pages.browse(wanted, part, bookcase.facets(wanted), like, said, editable=editable)
    return document("shelf_library", "library", body)


def telling(bookcase: Bookcase) -> dict[str, Any]:
    """How everything at work stands, drawn; a library that cannot be changed has nothing to tell."""
    editable = bookcase.access.editable
    if not editable:
        return {"busy": False, "packs": None, "arrivals": None, "twins": None}
    return {
        "busy": bookcase.busy,
        "packs": packs.cards(bookcase.offers(), editable=True),
        "arrivals": own.list_of(bookcase.inbox.entries()),
        "twins": pages.twin_list(bookcase.twins(), bookcase.search.shown),
    }


def change(bookcase: Bookcase, act: str, name: str) -> None:
    """One of the buttons."""
    acts: dict[str, Callable[[], object]] = {
        "install": lambda: bookcase.install(name),
        "cancel": lambda: bookcase.jobs.stop(name),
        "remove-pack": lambda: bookcase.remove_pack(name),
        "remove": lambda: bookcase.remove(name),
        "stop-file": lambda: bookcase.inbox.stop(name),
        "clear": bookcase.inbox.clear,
        "look": bookcase.search.start,
    }
    if act not in acts:
        raise PageError("bad_request")
    acts[act]()


async def receive(bookcase: Bookcase, request: Request) -> None:
    """Write one file's bytes as they come; what does not arrive whole is thrown away."""
    name = unquote(request.headers.get("x-file-name", ""))[:300]
    entry, path = await run_in_threadpool(bookcase.inbox.expect, request.path_params["batch"], name)
    said = sentence(PageError("shelf_cut_off"))
    try:
        size, waiting = 0, bytearray()
        with path.open("xb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    said = sentence(PageError("shelf_too_big"))
                    raise PageError("shelf_too_big")
                waiting += chunk
                if len(waiting) >= STEP:
                    await run_in_threadpool(file.write, bytes(waiting))
                    waiting.clear()
            await run_in_threadpool(file.write, bytes(waiting))
        claimed = request.headers.get("content-length")
        if claimed is not None and claimed.isdigit() and int(claimed) != size:
            raise ClientDisconnect
    except (OSError, PageError, ClientDisconnect, asyncio.CancelledError):
        bookcase.inbox.lost(entry, said)
        raise
    await run_in_threadpool(bookcase.inbox.arrived, entry, path)


async def plain_body(request: Request) -> dict[str, Any]:
    """A small JSON object; anything else is refused."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise PageError("bad_request")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_JSON:
            raise PageError("bad_request")
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        raise PageError("bad_request") from None
    if not isinstance(plain, dict):
        raise PageError("bad_request")
    return plain


def safe(handler: Handler) -> Handler:
    """A mistake becomes one sentence; nothing else gets out."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except Forbidden as error:
            return told(error, 403)
        except UnknownTrack as error:
            return told(error, 404)
        except UserError as error:
            return told(error, 400)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            return told(error, 500)

    return guarded


def told(error: Exception, status: int) -> Response:
    said = sentence(error) if isinstance(error, UserError) else _ours(error)
    return JSONResponse({"error": said}, status_code=status, headers=FRESH)


def _ours(error: Exception) -> str:
    sentence(error)  # logs it
    return sentence(PageError("shelf_ours"))


def fragment(html: str) -> HTMLResponse:
    return HTMLResponse(html, headers=FRESH)


def whole(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return min(int(text), 10_000_000) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
