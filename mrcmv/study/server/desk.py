"""The experimenter's desk: how it goes (blind), pause, close, download. Behind a token."""

from __future__ import annotations

import csv
import hmac
import io
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mrcmv.media import work_folder
from mrcmv.study.export import cell, export
from mrcmv.study.store import Refused, Store

Handler = Callable[[Request], Awaitable[Response]]


def routes(store: Store, token: str) -> list[Route]:
    """Routes under ``/desk/api``; the page itself is static and knows nothing."""

    def guarded(handler: Handler) -> Handler:
        async def guard(request: Request) -> Response:
            kind, _, given = request.headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
                raise Refused("This is not known here.", "unknown", 404)
            return await handler(request)

        return guard

    async def counts(request: Request) -> Response:
        found = asdict(await run_in_threadpool(store.counts))
        found["last_answer_at"] = found["last_answer_at"] and found["last_answer_at"].isoformat()
        return JSONResponse({"title": store.design.title, "hash": store.design.hash, **found})

    async def set_status(request: Request) -> Response:
        status = request.path_params["status"]
        if status not in ("open", "paused", "closed"):
            raise Refused("A study is open, paused or closed.", "status", 422)
        await run_in_threadpool(store.set_status, status)
        return JSONResponse({"status": status})

    async def answers(request: Request) -> Response:
        made = await run_in_threadpool(zipped, store)
        name = f"{store.design.study}-answers.zip"
        return Response(
            made,
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def recruiter(request: Request) -> Response:
        made = await run_in_threadpool(recruiter_csv, store)
        return Response(
            made,
            media_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="recruiter-ids.csv"'},
        )

    return [
        Route("/desk/api/counts", guarded(counts), methods=["GET"]),
        Route("/desk/api/status/{status}", guarded(set_status), methods=["POST"]),
        Route("/desk/api/answers.zip", guarded(answers), methods=["GET"]),
        Route("/desk/api/recruiter-ids.csv", guarded(recruiter), methods=["GET"]),
    ]


def zipped(store: Store) -> bytes:
    """The export as one ZIP."""
    target = io.BytesIO()
    with work_folder("mrcmv-") as folder:
        export(store, Path(folder))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)
    return target.getvalue()


def recruiter_csv(store: Store) -> str:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, ["participant", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "state"])
    writer.writeheader()
    for row in store.recruiter_ids():
        writer.writerow({key: cell(value) for key, value in row.items()})
    return target.getvalue()
