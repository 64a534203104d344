"""Visitors through `gradio_client`: they bring a clip, wait, take a video home, or change their minds."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client, handle_file

from benchmarks.load.server import Page
from benchmarks.measure import ROOT
from mrcmv.web.texts import ENGLISH

PATIENCE_S = 600.0
POLITE = tuple(
    re.compile(re.sub(r"\\\{\w+\\\}", r"\\d+", re.escape(ENGLISH[key])))
    for key in ("full", "line_mine", "busy")
)
GATE = re.compile(r"Too many (open pages|uploads at once|requests)|There is no room for uploads")


def clips() -> list[Path]:
    """The shipped examples, and the videos of other kinds that the gradio package carries."""
    import gradio

    found = sorted((ROOT / "assets" / "examples").glob("*.mp4"))
    more = Path(gradio.__file__).parent / "media_assets" / "videos"
    return [*found, *sorted(path for path in more.glob("*.*") if path.suffix in (".mp4", ".avi"))]


@dataclass(frozen=True)
class Ask:
    """One wish: "answered", "refused", "left" (cancelled or gone) or "failed"; ``says`` is the sentence."""

    part: str
    verb: str
    clip: str
    at_s: float
    seconds: float
    outcome: str
    says: str = ""
    positions: tuple[int, ...] = ()


@dataclass
class Crowd:
    """All visitors of one page, and what came of their wishes."""

    page: Page
    seed: int = 1
    asks: list[Ask] = field(default_factory=list)

    def ask(self, client: Client, part: str, verb: str, clip: Path, leave_s: float = 0.0, **wish: Any) -> Any:
        """One wish to its end; after ``leave_s`` seconds the visitor cancels. Returns the answer or None."""
        began, at_s = time.perf_counter(), self.page.clock()
        positions: list[int] = []
        outcome, says, answer = "answered", "", None
        try:
            job = client.submit(clip=handle_file(clip), api_name=f"/{verb}", **wish)
            while not job.done() and time.perf_counter() - began < PATIENCE_S:
                for place in _positions(job.status()):
                    if not positions or positions[-1] != place:
                        positions.append(place)
                if leave_s and time.perf_counter() - began > leave_s:
                    job.cancel()
                    outcome = "left"
                    break
                time.sleep(0.1)
            if outcome != "left":
                answer = job.result(timeout=1.0)
        except Exception as error:  # counted by its sentence
            says = str(error) or type(error).__name__
            if isinstance(error, httpx.HTTPStatusError):
                says = error.response.text
            polite = any(each.search(says) for each in POLITE) or GATE.search(says)
            outcome = "refused" if polite else "failed"
        self.asks.append(
            Ask(
                part,
                verb,
                clip.name,
                round(at_s, 2),
                round(time.perf_counter() - began, 3),
                outcome,
                says[:300],
                tuple(positions),
            )
        )
        return answer

    @contextlib.contextmanager
    def client(self) -> Any:
        folder = tempfile.mkdtemp(prefix="mrcmv-visitor-")
        made = Client(
            self.page.url, verbose=False, analytics_enabled=False, download_files=folder, max_workers=4
        )
        try:
            yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stay(self, number: int, until_s: float, think_s: float = 4.0) -> None:
        """One visitor, who comes again and again until the page's clock says ``until_s``."""
        rng = random.Random(self.seed * 1000 + number)
        with self.client() as client:
            while self.page.clock() < until_s:
                clip, start = rng.choice(clips()), rng.choice([0.0, 0.0, 1.0, 3.0])
                leave = rng.uniform(0.3, 6.0) if rng.random() < 0.15 else 0.0
                end = start + rng.choice([4.0, 16.0, 32.0])
                found = self.ask(client, "crowd", "suggest", clip, leave, start_s=start, end_s=end)
                if found:
                    time.sleep(rng.expovariate(1 / think_s))
                    track = rng.choice(found["suggestions"])["track_id"]
                    level = rng.choice([10.0, 13.0, 20.0])
                    made = self.ask(client, "crowd", "render", clip, track_id=track, music_level=level)
                    if made:
                        video = Path(made[0])
                        if video.read_bytes()[4:8] != b"ftyp":
                            raise AssertionError("What was downloaded is no MP4.")
                        video.unlink()
                time.sleep(rng.expovariate(1 / think_s))

    def burst(self, count: int) -> None:
        """So many visitors within the same moment, each with one wish."""
        together = threading.Barrier(count)

        def one(number: int) -> None:
            clip = clips()[number % len(clips())]
            with self.client() as client:
                together.wait(300)
                self.ask(client, "burst", "suggest", clip)

        at_once([lambda number=number: one(number) for number in range(count)])  # type: ignore[misc]

    def one_after_the_other(self, count: int) -> list[float]:
        """``count`` suggestions; returns the page's memory in MB after each."""
        memory = []
        with self.client() as client:
            for number in range(count):
                self.ask(client, "row", "suggest", clips()[number % len(clips())])
                memory.append(self.page.own_mb())
        return memory


def at_once(tasks: list[Callable[[], None]]) -> None:
    """Run all in threads of their own; raises the first error."""
    errors: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _positions(status: Any) -> list[int]:
    """Places in line that a status tells."""
    words = [unit.desc or "" for unit in status.progress_data or ()]
    return [int(found[1]) for word in words if (found := re.match(r"Waiting: (\d+) ahead", word))]
