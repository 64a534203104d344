"""What is let through to Gradio, by hand: one ASGI scope and messages as they come."""

import asyncio
import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from mrcmv.web.arriving import CUT_OFF, FILES_ONLY, TOO_SLOW, Limits
from mrcmv.web.gate import Gate, Rules

HASH = "0" * 64
USUAL = Limits()
BOUNDARY = "----WebKitFormBoundaryAbCdEfGhIjKlMnOp"


def form(*parts: tuple[str, bytes]) -> bytes:
    """Parts as ("name; filename", content)."""
    body = b""
    for head, content in parts:
        body += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


FILE = 'name="files"; filename="a.mp4"'


class Page:
    """A gate before an app with Gradio's own way of taking uploads."""

    def __init__(self, folder: Path, limits: Limits = USUAL, **rules) -> None:
        from gradio.route_utils import upload_fn

        self.folder = folder / "uploads"
        self.hold = asyncio.Event()

        async def upload(request: Request):
            try:
                files, _, _ = await upload_fn(request, str(self.folder), 512 * 1024**2, None)
            except MultiPartException as error:
                return PlainTextResponse(
                    error.message, 413 if "maximum allowed size" in error.message else 400
                )
            return JSONResponse(files)

        async def body(request: Request):
            return JSONResponse({"size": len(await request.body())})

        async def stream(request: Request):
            await self.hold.wait()
            return PlainTextResponse("over")

        app = Starlette(
            routes=[
                Route("/gradio_api/upload", upload, methods=["POST"]),
                Route("/gradio_api/queue/join", body, methods=["POST"]),
                Route("/gradio_api/queue/data", stream),
                Route("/{path:path}", lambda request: PlainTextResponse("there")),
            ]
        )
        self.gate = Gate(app, Rules(self.folder, limits=limits, **rules))

    async def ask(self, method, path, *pieces, client=("127.0.0.1", 1), wait_s=0.0, **headers):
        """(status, text, headers). A piece of None is a visitor who has gone."""
        left = list(pieces) or [b""]

        async def receive():
            if not left:
                await asyncio.sleep(60)
            await asyncio.sleep(wait_s)
            piece = left.pop(0)
            if piece is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": bool(left)}

        told = []

        async def send(message):
            told.append(message)

        named = {"host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http", "method": method, "path": path, "query_string": b"", "client": client,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()], "root_path": "",
        }  # fmt: skip
        await self.gate(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in told[1:]).decode()
        return told[0]["status"], text, {k.decode(): v.decode() for k, v in told[0]["headers"]}

    def upload(self, *pieces, **more):
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", "/gradio_api/upload", *pieces, content_type=kind, **more)

    def left(self):
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def page(tmp_path):
    return Page(tmp_path)


def run(awaitable):
    return asyncio.run(awaitable)


@pytest.mark.parametrize(
    ("path", "open_"),
    [
        ("/", True), ("/config", True), ("/library", True), ("/assets/index.js", True), ("/theme.css", True),
        ("/gradio_api/info", True), ("/gradio_api/heartbeat/x", True), ("/gradio_api/app_id", True),
        ("/gradio_api/proxy=https://x.hf.space/", False), ("/gradio_api/stream/a/b/1/playlist.m3u8", False),
        ("/gradio_api/dev/reload", False), ("/gradio_api/component_server", False), ("/login", False),
        ("/gradio_api/vibe-edit", False), ("/gradio_api/token", False), ("/monitoring/summary", False),
        ("/gradio_api/deep_link", False), ("/gradio_api/api/predict", False), ("/pwa_icon/99999", False),
        ("/gradio_api/run-history/records", False), ("/gradio_api/process_recording", False),
        ("/gradio_api/file/etc/passwd", False), ("/gradio_api/custom_component/1/a/b/c", False),
    ],
)  # fmt: skip
def test_routes_that_nobody_needs_are_closed(page, path, open_):
    status, text, headers = run(page.ask("GET", path))
    assert (status, "there" in text) == ((200, True) if open_ else (404, False))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("frame-ancestors 'self'")


def test_files_come_out_of_the_cache_by_their_hash_only(page):
    def asked(inside):
        return run(page.ask("GET", f"/gradio_api/file={inside}"))[0]

    assert asked(f"{page.folder}/{HASH}/clip.mp4") == 200
    for inside in (
        "/etc/passwd", f"{page.folder}/../secret", f"{page.folder}/{HASH}/../x", f"{page.folder}/{HASH}/..",
        f"{page.folder}/tmpabcd", f"{page.folder}/{HASH}/a/b", f"{page.folder}/{HASH}/a\0b",
        f"{HASH}/clip.mp4",
        "http://example.org/clip.mp4", "file:///etc/passwd", f"{page.folder}", f"{page.folder}x/{HASH}/clip",
    ):  # fmt: skip
        assert asked(inside) == 404, inside


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "https://proxied.example"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": ""}, 421),
        ({"host": "[::1]:7860"}, 200),
        ({"host": "music.example"}, 200),
    ],
)
def test_other_sites_cannot_act_here(tmp_path, headers, status):
    page = Page(tmp_path, hosts=frozenset({"music.example"}))
    assert run(page.ask("POST", "/gradio_api/queue/join", b"{}", **headers))[0] == status


def test_the_environment_names_hosts_and_frames(tmp_path):
    rules = Rules.decide(tmp_path, "127.0.0.1", {"MRCMV_HOSTS": "a.example, B.example"})
    assert (rules.local, rules.hosts, rules.frames) == (True, {"a.example", "b.example"}, ())
    space = Rules.decide(tmp_path, "0.0.0.0", {"SPACE_ID": "x/y"})
    assert (space.local, space.frames) == (False, ("https://huggingface.co",))
    page = Page(tmp_path, local=False, frames=space.frames)
    status, _, headers = run(page.ask("GET", "/", host="owner-name.hf.space"))
    assert status == 200
    assert "frame-ancestors 'self' https://huggingface.co;" in headers["content-security-policy"]


def test_a_good_upload_arrives_whole(page):
    body = form((FILE, b"x" * 70_000))
    status, text, _ = run(page.upload(body[:50], body[50:40_000], body[40_000:]))
    assert status == 200
    assert Path(json.loads(text)[0]).read_bytes() == b"x" * 70_000
    assert page.left() == ["a.mp4"]


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ([form((FILE, b"x" * 70_000))[:60_000], None], CUT_OFF),
        ([form((FILE, b""), ('name="more"', b"text"))], FILES_ONLY),
        ([form(('name="other"; filename="a"', b"x"))], FILES_ONLY),
        ([form(*[(FILE, b"")] * 9)], FILES_ONLY),
        ([form((f'name="files"; filename="{"a" * 2000}"', b"x"))], FILES_ONLY),
        ([b"no form at all", b""], FILES_ONLY),
    ],
)
def test_what_is_no_upload_leaves_nothing(page, pieces, says):
    status, text, _ = run(page.upload(*pieces))
    assert (status, text) == (400, says)
    assert page.left() == []


def test_too_large_is_refused_by_its_length_and_while_it_comes(tmp_path):
    page = Page(tmp_path, Limits(upload_bytes=5000))
    body = form((FILE, b"x" * 9000))
    status, text, headers = run(page.upload(None, content_length=str(len(body))))
    assert (status, headers["connection"]) == (413, "close")
    assert "512 MB" in json.loads(text)["error"]
    assert run(page.upload(body[:4000], body[4000:]))[0] == 413
    assert page.left() == []


def test_too_slow_ends(tmp_path):
    for limits, wait_s in ((Limits(stall_s=0.05), 0.2), (Limits(patience_s=0.0), 0.02)):
        page = Page(tmp_path, limits)
        status, text, _ = run(page.upload(*[b"-"] * 3, wait_s=wait_s))
        assert (status, text) == (400, TOO_SLOW)
        assert run(page.ask("POST", "/gradio_api/queue/join", b"{", b"}", wait_s=wait_s))[0] == 408
        assert page.left() == []


def test_no_room_no_upload(tmp_path):
    page = Page(tmp_path, Limits(least_free_bytes=10**18))
    status, text, headers = run(page.upload(form((FILE, b"x"))))
    assert (status, headers["retry-after"]) == (503, "10")
    assert "no room" in json.loads(text)["error"]


def test_large_bodies_are_not_read(page):
    assert run(page.ask("POST", "/gradio_api/queue/join", b"x" * 900_000))[1] == '{"size":900000}'
    status, text, _ = run(page.ask("POST", "/gradio_api/queue/join", *[b"x" * 600_000] * 3))
    assert (status, text) == (413, "This is too much.")


def test_as_many_streams_as_one_address_may_have(tmp_path):
    async def crowd():
        page = Page(tmp_path, Limits(streams=4, streams_each=2), local=False)

        def stream(address):
            asked = page.ask("GET", "/gradio_api/queue/data", client=(address, 1))
            return asyncio.create_task(asked)

        ann = [stream("8.8.8.8") for _ in range(5)]
        await asyncio.sleep(0.01)
        bob = [stream("9.9.9.9")]
        proxied = [stream("10.0.0.1") for _ in range(3)]
        await asyncio.sleep(0.01)
        page.hold.set()
        return [[status for status, _, _ in await asyncio.gather(*tasks)] for tasks in (ann, bob, proxied)]

    assert run(crowd()) == [[200, 200, 429, 429, 429], [200], [200, 429, 429]]


def test_as_many_wishes_as_one_address_may_have(tmp_path):
    page = Page(tmp_path, Limits(joins_a_second=1.2, joins_a_second_each=0.3), local=False)

    def asks(address, count):
        return [
            run(page.ask("POST", "/gradio_api/queue/join", b"{}", client=(address, 1)))[0]
            for _ in range(count)
        ]

    assert asks("8.8.8.8", 5) == [200, 200, 200, 429, 429]
    assert asks("9.9.9.9", 3) == [200, 200, 200]
