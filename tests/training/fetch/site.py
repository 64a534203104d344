"""A site on this machine with tiny clips, which remembers what it was asked for."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
