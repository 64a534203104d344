"""Addresses instead of files. A server on this machine stands in for the public internet."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
import safehttpx
from gradio import processing_utils
from gradio.context import LocalContext

from mrcmv.web import fetching


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response(404 if self.path == "/nothing" else 200)
        self.end_headers()
        self.wfile.write(b"x" * 1000)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Site.asked.clear()
    yield f"http://public.example:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def public(monkeypatch):
    """The name of the site is taken for a public one that lies here; all others are what they are."""
    real = safehttpx.async_validate_url

    async def validate(host):
        return "127.0.0.1" if host == "public.example" else await real(host)

    monkeypatch.setattr(safehttpx, "async_validate_url", validate)


def fetch(url, folder, *, mcp=True):
    async def asked():
        LocalContext.blocks.set(SimpleNamespace(mcp_server=mcp))
        return await fetching.fetch(url, str(folder))

    return asyncio.run(asked())


def test_gradio_asks_us(monkeypatch):
    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", None)
    fetching.limit()
    assert processing_utils.async_ssrf_protected_download is fetching.fetch


def test_the_page_fetches_nothing(site, public, tmp_path):
    with pytest.raises(gr.Error, match="Send the file itself"):
        fetch(f"{site}/clip.mp4", tmp_path, mcp=False)
    assert (Site.asked, list(tmp_path.iterdir())) == ([], [])


def test_a_tool_gets_what_lies_there(site, public, tmp_path):
    path = fetch(f"{site}/to//clip.mp4", tmp_path)
    assert path.endswith("/clip.mp4")
    assert Path(path).read_bytes() == b"x" * 1000


@pytest.mark.parametrize(
    "place",
    ["{site}/to/http://127.0.0.1:9/x", "{site}/to/http://169.254.169.254/x", "http://127.0.0.1:9/x",
     "http://169.254.169.254/latest/meta-data", "http://[::1]/x", "{site}/nothing",
     "{site}/to//to//to//to//to//x"],
)  # fmt: skip
def test_what_is_not_public_is_not_fetched(site, public, tmp_path, place):
    with pytest.raises(gr.Error, match="Nothing could be fetched"):
        fetch(place.format(site=site), tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_too_large_is_broken_off(site, public, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 500)
    with pytest.raises(gr.Error, match="512 MB"):
        fetch(f"{site}/large.mp4", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
