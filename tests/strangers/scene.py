"""A served page and a served study, with visitors and with what they must not be told."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from mrcmv.web import serve
from mrcmv.web.arriving import Limits
from mrcmv.web.examples import find_examples
from mrcmv.web.gate import Gate, Rules
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.study.designs import small
from tests.study.stimuli import fake_manifest
from tests.web.clips import make_mp4
from tests.web.fakes import FakeRecommender

DESK_TOKEN = "desk-token-of-the-strangers"
LIMITS = Limits(
    upload_bytes=4_000_000, stall_s=3.0, patience_s=1.0, least_free_bytes=0, joins_a_second=1000.0
)
"""As of the page, but that an upload ends at 4 MB and its patience sooner: the attacks should be quick."""
INSIDE = ("Traceback", "site-packages", ".py", "Error(", "Exception", "sqlite", 'File "', "/usr/", "/etc/")


@dataclass(frozen=True)
class Came:
    """What an attack got: ``holds`` is whether that is nothing; ``said`` what came back, in few words."""

    holds: bool
    said: str


class Tab:
    """One browser tab, by hand."""

    def __init__(self, scene: Scene, **headers: str) -> None:
        self.scene = scene
        self.hash = secrets.token_hex(6)
        self.ticket = ""
        self.seen = ""
        self.http = httpx.Client(base_url=scene.url, timeout=90, headers=headers)

    def event(self, name: str) -> int:
        return next(number for number, fn in self.scene.page.fns.items() if fn.name == name)

    def join(self, name: str | int, data: Any, event_data: Any = None, **more: Any) -> httpx.Response:
        number = self.event(name) if isinstance(name, str) else name
        body = {"data": data, "fn_index": number, "session_hash": self.hash, "event_data": event_data, **more}
        return self.http.post("/gradio_api/queue/join", content=json.dumps(body), headers=JSON)

    def act(self, name: str | int, data: Any, event_data: Any = None, **more: Any) -> dict[str, Any] | None:
        """Send an event; its last message. All that came is kept in ``seen``."""
        joined = self.join(name, data, event_data, **more)
        self.seen += joined.text
        if joined.status_code != 200:
            return None
        params = {"session_hash": self.hash}
        with self.http.stream("GET", "/gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                self.seen += line
                message = json.loads(line[5:]) if line.startswith("data:") else {"msg": ""}
                if message["msg"] in ("process_completed", "close_stream", "unexpected_error"):
                    return message
        return None

    def many(self, wishes: list[tuple[int, Any, Any]]) -> int:
        """Send all of these (event, data, event's data) at once and read on until all are over; their number."""
        for number, data, event_data in wishes:
            while (joined := self.join(number, data, event_data)).status_code in (429, 503):
                time.sleep(0.2)
            self.seen += joined.text
        self.hear()
        return len(wishes)

    def hear(self) -> None:
        params = {"session_hash": self.hash}
        with self.http.stream("GET", "/gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                self.seen += line
                if "close_stream" in line or "unexpected_error" in line:
                    return

    def upload(self, content: bytes | None = None, name: str = "clip.mp4") -> dict[str, Any]:
        content = self.scene.clip.read_bytes() if content is None else content
        answer = self.http.post("/gradio_api/upload", files={"files": (name, content)})
        answer.raise_for_status()
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}, "orig_name": name}

    def with_clip(self, name: str = "clip.mp4", *, found: bool = True) -> Tab:
        """With a clip of its own, and suggestions with a mix unless not ``found``."""
        message = self.act("upload_clip", [self.upload(name=name), self.ticket])
        assert message is not None
        self.ticket = message["output"]["data"][0]
        if found:
            self.act("find", [self.ticket], {"start": 0, "end": 4})
        return self

    @property
    def session(self) -> Any:
        return self.scene.studio.sessions.find(self.ticket, self.hash)

    def close(self) -> None:
        self.http.close()


JSON = {"Content-Type": "application/json"}


@dataclass
class Scene:
    folder: Path
    clip: Path
    studio: Studio
    recommender: FakeRecommender
    page: Any
    url: str
    study: Any
    study_url: str
    trap: Trap
    tabs: list[Tab] = field(default_factory=list)

    def tab(self, **headers: str) -> Tab:
        self.tabs.append(Tab(self, **headers))
        return self.tabs[-1]

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def raw(self, content: bytes, wait_s: float = 5.0) -> str:
        """What a socket gets for these bytes until the server closes it or ``wait_s`` have passed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as line:
            line.sendall(content)
            return receive(line, wait_s)

    def get(self, path: str, *head: str) -> tuple[int, str]:
        """(status, all of the answer) for a path exactly as it stands here; no client tidies it up."""
        lines = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *head, "", "")
        answer = self.raw("\r\n".join(lines).encode("utf-8", "surrogateescape"))
        return int(answer.split(" ", 2)[1]) if answer.startswith("HTTP/") else 0, answer

    def leaks(self, text: str, *secrets_: str) -> list[str]:
        """What of the program's inside, or of these secrets, stands in an answer."""
        words = (*INSIDE, str(self.folder), *secrets_)
        return [word for word in words if word and word in text]

    def left_uploads(self) -> list[str]:
        """Parts of uploads that lie about. Gradio also makes an empty file for every event with an upload,
        which goes with the next one; it costs nothing and says nothing."""
        uploads = self.studio.sessions.uploads
        found = [path for path in uploads.iterdir() if path.is_file()] if uploads.is_dir() else []
        return sorted(path.name for path in found if path.stat().st_size)

    def left_parts(self) -> list[str]:
        """`left_uploads`, when what goes on has ended: an answer comes a moment before its end."""
        until = time.monotonic() + 10
        while (left := self.left_uploads()) and time.monotonic() < until:
            time.sleep(0.1)
        return left

    def gate(self) -> Gate:
        """The one behind the served page."""
        found: Any = self.page.app.middleware_stack
        while not isinstance(found, Gate):
            found = found.app
        return found

    def at_rest(self) -> None:
        """Nobody has a session, nothing is at work."""
        for tab in self.tabs:
            self.studio.leave(tab.hash)
            tab.close()
        self.tabs.clear()
        sessions = self.studio.sessions
        for session in list(sessions._by_ticket.values()):
            sessions.remove(session)
        self.recommender.step_s = 0.002
        until = time.monotonic() + 5
        while (self.recommender.at_work or len(self.gate().arrivals)) and time.monotonic() < until:
            time.sleep(0.02)
        self.trap.asked.clear()


def receive(line: socket.socket, wait_s: float) -> str:
    parts = []
    line.settimeout(wait_s)
    try:
        while piece := line.recv(65_536):
            parts.append(piece)
    except OSError:
        pass
    return b"".join(parts).decode("utf-8", "replace")


class Trap:
    """A server inside the network that nobody outside may reach through the page."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"inner secret")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Study:
    store: Any
    manifest: Any


@contextmanager
def study_served(folder: Path) -> Iterator[tuple[Study, str]]:
    import uvicorn

    from mrcmv.study.server import make_app
    from mrcmv.study.store import Store

    questions = [{"kind": "preference", "text": "Which?"}, {"kind": "text", "text": "Why?"}]
    design = small(questions=questions, session={"trials": 4, "watch_share": 0})
    manifest = fake_manifest(folder / "stimuli", design)
    store = Store(f"sqlite:///{folder / 'answers.sqlite'}", manifest)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        make_app(store, manifest, DESK_TOKEN), access_log=False, server_header=False, log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Study(store, manifest), f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        store.close()


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Everything served, on ports of this machine, out of an empty folder."""
    folder = folder.resolve()
    (folder / "examples").mkdir()
    clip = make_mp4(folder / "clip.mp4", seconds=4)
    shutil.copy(clip, folder / "examples" / "calm.mp4")
    recommender = FakeRecommender(folder / "fake", step_s=0.002)
    studio = Studio(
        recommender,  # type: ignore[arg-type]
        sessions=Sessions(parent=folder),
        examples=find_examples(folder / "examples"),
    )
    with ExitStack() as stack:
        study, study_url = stack.enter_context(study_served(folder))
        page = serve(studio, host="127.0.0.1", port=None, rules=Rules(studio.sessions.uploads, limits=LIMITS))
        trap = Trap()
        made = Scene(
            folder, clip, studio, recommender, page, page.local_url.rstrip("/"), study, study_url, trap
        )
        try:
            yield made
        finally:
            made.at_rest()
            trap.close()
            page.close()
            studio.sessions.close()
