"""Heavy work for one visitor: waits its turn in a thread of its own, reports, can be stopped.

The thread holds the place in the line, not the generator that watches it: a visitor who goes away
in the middle can neither block the others nor leave work running.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from mrcmv.diary import Work
from mrcmv.media import Cancelled, share_threads
from mrcmv.recommender import Stage, StageEvent
from mrcmv.suggestions import TIMING_NAMES
from mrcmv.web.heap import give_back
from mrcmv.web.line import Line, LineFull, Place

T = TypeVar("T")
TICK_S = 0.25


@dataclass(frozen=True)
class StageState:
    """``seconds`` counts up while the stage runs and stays when it is ``finished``."""

    done: float
    seconds: float
    finished: bool


@dataclass(frozen=True)
class Report:
    """What a watcher sees: ``ahead`` is None once the work has begun, else who is before it."""

    ahead: int | None
    stages: dict[Stage, StageState]
    done: float
    voice: Path | None
    stopping: bool


class Job(Generic[T]):
    """One piece of work. Make it, `start` it, iterate `watch`, then ask for the `result`.

    ``kind`` is what the log calls it; ``work`` takes what else the log may know.
    """

    def __init__(self, kind: str = "work") -> None:
        self.work = Work(kind)
        self._stop = threading.Event()
        self._over = threading.Event()
        self._stages: dict[Stage, StageState] = {}
        self._began: dict[Stage, float] = {}
        self._done = 0.0
        self._voice: Path | None = None
        self._place: Place | None = None
        self._at_work = False
        self.gave_way = False
        self._result: T | None = None
        self._error: BaseException | None = None

    def start(
        self,
        line: Line,
        task: Callable[[Job[T]], T],
        finally_: Callable[[], None] | None = None,
        *,
        urgent: bool = True,
        whose: Mapping[str, int] = MappingProxyType({}),
        alone: str = "",
    ) -> None:
        """Queue up and return at once; raises `LineFull`. ``finally_`` is called when all is over.

        What is not ``urgent`` works when nobody waits, and ends as `Cancelled` when somebody does. For
        ``whose`` and ``alone`` see `Line.enter`.
        """
        try:
            self._place = line.enter(urgent=urgent, whose=whose, alone=alone)
        except LineFull as error:
            self.work.end(error)
            raise
        context = contextvars.copy_context()  # ZeroGPU finds the visitor's quota there
        thread = threading.Thread(
            target=context.run, args=(self._work, self._place, task, finally_), daemon=True, name="mrcmv-job"
        )
        thread.start()

    def _work(self, place: Place, task: Callable[[Job[T]], T], finally_: Callable[[], None] | None) -> None:
        try:
            with place:
                while not place.wait(TICK_S):
                    self.check()
                self.check()
                self._at_work = True
                self.work.begin()
                share_threads(place.neighbours)
                self._result = task(self)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error
        finally:
            done = {stage: state.seconds for stage, state in self._stages.items() if state.finished}
            self.work.stages.update({TIMING_NAMES.get(stage, stage): took for stage, took in done.items()})
            self.work.end(self._error, gave_way=self.gave_way)
            self._over.set()
            if finally_:
                finally_()
            give_back()

    def check(self) -> None:
        """Raise `Cancelled` when the work was stopped. Called from inside the work."""
        if self._stop.is_set():
            raise Cancelled
        if self._place is not None and self._place.gives_way():
            self.gave_way = True
            raise Cancelled

    def on_stage(self, event: StageEvent) -> None:
        """A `StageListener` for the recommender."""
        self.check()
        now = time.perf_counter()
        began = self._began.setdefault(event.stage, now)
        finished = event.seconds is not None
        seconds = now - began if event.seconds is None else event.seconds
        self._stages[event.stage] = StageState(event.done, seconds, finished)
        if event.voice is not None:
            self._voice = event.voice

    def progress(self, done: float) -> None:
        """A `Progress` for the rooms."""
        self.check()
        self._done = done

    def hurry(self) -> None:
        """Somebody waits for it now."""
        if self._place is not None:
            self._place.hurry()

    def stop(self) -> None:
        """Ask the work to end; it does at its next report."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def report(self) -> Report:
        stages = dict(self._stages)
        for stage, state in stages.items():
            if not state.finished:
                running = time.perf_counter() - self._began[stage]
                stages[stage] = StageState(state.done, running, False)
        waiting = self._place is not None and not self._at_work and not self._over.is_set()
        ahead = self._place.ahead() if waiting and self._place else None
        return Report(ahead, stages, self._done, self._voice, self._stop.is_set())

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the end without stopping anything; whether it is over."""
        return self._over.wait(timeout)

    def watch(self) -> Iterator[Report]:
        """Reports until the work is over; whoever stops watching stops the work."""
        try:
            while not self._over.is_set():
                yield self.report()
                self._over.wait(TICK_S)
            yield self.report()
        finally:
            self._stop.set()

    def result(self) -> T:
        """What the task returned; raises what it raised."""
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]
