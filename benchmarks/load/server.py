"""The page in a process of its own, and what the kernel says of it and its children meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

from benchmarks.measure import ROOT

EVERY_S = 0.5


@dataclass(frozen=True)
class Sample:
    """At ``at_s`` since the start of watching: memory in MB (10^6 bytes) of the page's own process and of
    all, CPU seconds of all so far, threads and open files of the page, and the answer of ``/readyz``."""

    at_s: float
    own_mb: float
    tree_mb: float
    cpu_s: float
    threads: int
    files: int
    waiting: int
    ready_s: float


class Page:
    """``python app.py`` with real networks and the shipped tracks, in folders of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.samples: list[Sample] = []
        self._log = (folder / "log").open("w")
        environment = {
            **os.environ,
            "GRADIO_SERVER_PORT": str(port),
            "MRCMV_HOME": str(folder / "home"),
            "MRCMV_LOG": "json",
            "TMPDIR": str(self.temporary),
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
        }
        for name in ("GRADIO_SERVER_NAME", "GRADIO_TEMP_DIR", "SPACE_ID"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        self._ended = threading.Event()
        self._cpu_of_gone = 0.0
        self._cpu: dict[int, float] = {}

    def __enter__(self) -> Page:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    self._began = time.monotonic()
                    threading.Thread(target=self._watch, daemon=True).start()
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.5)
        self.close()
        raise RuntimeError(f"The page did not become ready:\n{self.log()[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._ended.set()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def told(self) -> dict[str, Any]:
        """What ``/readyz`` tells."""
        answer: dict[str, Any] = httpx.get(f"{self.url}/readyz", timeout=30).json()
        return answer

    def clock(self) -> float:
        return time.monotonic() - self._began

    def files(self) -> tuple[int, float]:
        """How many files lie in the page's temporary folder, and their MB."""
        sizes = []
        for path in self.temporary.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file():
                    sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes) / 1e6

    def own_mb(self) -> float:
        return float(psutil.Process(self._process.pid).memory_info().rss / 1e6)

    def _watch(self) -> None:
        own = psutil.Process(self._process.pid)
        with httpx.Client(timeout=30) as http:
            while not self._ended.wait(EVERY_S):
                with contextlib.suppress(psutil.Error, httpx.HTTPError, KeyError, ValueError):
                    self.samples.append(self._sample(own, http))

    def _sample(self, own: psutil.Process, http: httpx.Client) -> Sample:
        total = 0
        there: dict[int, float] = {}
        for process in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                # of a child only what is its own: just forked, it shares all that the page has
                total += process.memory_info().rss if process == own else process.memory_full_info().uss
                times = process.cpu_times()
                there[process.pid] = times.user + times.system
        self._cpu_of_gone += sum(took for pid, took in self._cpu.items() if pid not in there)
        self._cpu = there
        asked = time.perf_counter()
        told = http.get(f"{self.url}/readyz").json()
        took = time.perf_counter() - asked
        return Sample(
            at_s=round(self.clock(), 2),
            own_mb=round(own.memory_info().rss / 1e6, 1),
            tree_mb=round(total / 1e6, 1),
            cpu_s=round(self._cpu_of_gone + sum(there.values()), 2),
            threads=own.num_threads(),
            files=own.num_fds(),
            waiting=int(told["waiting"]),
            ready_s=round(took, 4),
        )
