"""A site on this machine with tiny clips, which remembers what it was asked for."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mrcmv.media import ffmpeg_exe, read_sound, write_sound
from mrcmv.training.fetch.clips import Separate

STALL_AFTER = 100_000
"""Bytes after which ``/slow/...`` stops, when it is not asked for the rest; more than files are buffered."""


class Site:
    """``files`` by path; a path in ``codes`` is answered by that status. ``asked``: (path, first byte)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.codes: dict[str, int] = {}
        self.asked: list[tuple[str, int]] = []
        self.go_on = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        asked = handler.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0] or 0)
        self.asked.append((path, start))
        body = self.files.get(path)
        if body is None or path in self.codes:
            handler.send_error(self.codes.get(path, 404))
            return
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Type", "video/mp4" if path.endswith(".mp4") else "text/plain")
        handler.send_header("Content-Length", str(len(body) - start))
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        handler.end_headers()
        try:
            if path.startswith("/slow/") and not start:
                handler.wfile.write(body[:STALL_AFTER])
                handler.wfile.flush()
                self.go_on.wait(280)
                start = STALL_AFTER
            handler.wfile.write(body[start:])
        except OSError:  # who asked is gone
            handler.close_connection = True

    def count(self, path: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == path)

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for all of training, but without torch, which most of these tests never need."""
    monkeypatch.setenv("MRCMV_THREADS", "1")


@pytest.fixture
def site(clip_bytes: bytes) -> Iterator[Site]:
    """A site with ``/one.mp4``; the tests add to it."""
    site = Site()
    site.files["/one.mp4"] = clip_bytes
    yield site
    site.close()


def film(path: Path, tone_hz: int, *, sound: bool = True, seconds: float = 2.0) -> Path:
    """A clip of a few kilobytes with a tone."""
    tone = ["-f", "lavfi", "-i", f"sine=f={tone_hz}:r=44100:d={seconds}", "-c:a", "aac"] if sound else []
    picture = ["-f", "lavfi", "-i", f"testsrc=s=96x64:r=10:d={seconds}"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg_exe(), "-v", "error", *picture, *tone, *encode], check=True)
    return path


def padded(data: bytes) -> bytes:
    """The same clip, larger by a box that every reader skips."""
    return data + (3 * STALL_AFTER).to_bytes(4, "big") + b"free" + bytes(3 * STALL_AFTER - 8)


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("clip") / "one.mp4", 440)


@pytest.fixture(scope="session")
def clip_bytes(clip_file: Path) -> bytes:
    return clip_file.read_bytes()


@pytest.fixture
def half() -> Callable[[], Separate]:
    """In place of Spleeter: the voice is a third of the sound, the rest is the accompaniment."""

    def separate(sound: Path, folder: Path) -> SimpleNamespace:
        folder.mkdir(parents=True)
        samples = read_sound(sound)
        files = SimpleNamespace(voice=folder / "voice.wav", accompaniment=folder / "accompaniment.wav")
        write_sound(files.voice, samples / np.float32(3))
        write_sound(files.accompaniment, samples * np.float32(2 / 3))
        return files

    return lambda: separate


@pytest.fixture
def write_lists(tmp_path: Path) -> Callable[[list[str], list[str]], str]:
    """Write the two lists of hok400 with these lines; gives their folder."""

    def write(train: list[str], test: list[str]) -> str:
        folder = tmp_path / "lists"
        folder.mkdir(exist_ok=True)
        (folder / "training_part_HoK400.txt").write_text("".join(f"{line}\n" for line in train))
        (folder / "test_part_HoK400.txt").write_text("".join(f"{line}\n" for line in test))
        return str(folder)

    return write
