"""One piece of work as the log tells it, and the counts and times of all since the process began."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections import Counter, defaultdict, deque
from types import TracebackType
from typing import Any

from mrcmv.media import Cancelled, UserError

log = logging.getLogger("mrcmv.work")
MOST_TIMES = 1000
"""Of each kind and stage; the latest count."""


class Work:
    """One piece of work. `begin` when its turn has come, then `end`; or use it as a context manager.

    ``stages`` takes seconds by stage and ``clip`` facts of the clip: numbers and names of formats, nothing
    that could tell whose it is. ``kind`` is one word.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.job = secrets.token_hex(4)
        self.stages: dict[str, float] = {}
        self.clip: dict[str, Any] = {}
        self._came = time.perf_counter()
        self._began: float | None = None
        self.over = False

    def begin(self) -> None:
        self._began = time.perf_counter()

    def end(self, error: BaseException | None = None, *, gave_way: bool = False) -> None:
        """Write it down, once. ``gave_way`` is whether it was broken off for the sake of somebody's wish."""
        if self.over:
            return
        self.over = True
        now = time.perf_counter()
        began = now if self._began is None else self._began
        outcome = "gave way" if gave_way else outcome_of(error)
        facts: dict[str, Any] = {
            "job": self.job,
            "kind": self.kind,
            "outcome": outcome,
            "waited_s": round(began - self._came, 3),
            "seconds": round(now - began, 3),
            "stages_s": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "clip": self.clip,
            "peak_mb": peak_mb(),
        }
        if outcome == "refused":
            facts["sentence"] = _sentence(error)
        _TALLY.count(self, outcome, began - self._came, now - began)
        says = f"{self.kind} {outcome}: {now - began:.2f} s of work, {began - self._came:.2f} s in line"
        if outcome == "failed":
            with contextlib.suppress(AttributeError):
                error.in_log = True  # type: ignore[union-attr]
            log.error(says, extra={"facts": facts}, exc_info=error)
        else:
            log.info(says, extra={"facts": facts})

    def __enter__(self) -> Work:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)


def outcome_of(error: BaseException | None) -> str:
    """ "done", "refused" (the user can mend it), "cancelled" or "failed"."""
    if error is None:
        return "done"
    if isinstance(error, Cancelled | GeneratorExit | KeyboardInterrupt | SystemExit):
        return "cancelled"
    return "refused" if isinstance(error, UserError) else "failed"


def _sentence(error: BaseException | None) -> str:
    return str(getattr(error, "key", "") or getattr(error, "code", "") or type(error).__name__)


def peak_mb() -> float | None:
    """The most memory that this process has had at once, in MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


class _Tally:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._times: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_TIMES))

    def count(self, work: Work, outcome: str, waited_s: float, seconds: float) -> None:
        with self._lock:
            self._outcomes[work.kind, outcome] += 1
            if outcome != "done":
                return
            self._times[f"{work.kind}: in line"].append(waited_s)
            self._times[work.kind].append(seconds)
            for stage, took in work.stages.items():
                self._times[f"{work.kind}: {stage}"].append(took)

    def told(self) -> dict[str, Any]:
        import numpy as np

        with self._lock:
            outcomes, times = dict(self._outcomes), {name: list(each) for name, each in self._times.items()}
        work: dict[str, dict[str, int]] = defaultdict(dict)
        for (kind, outcome), count in sorted(outcomes.items()):
            work[kind][outcome] = count
        seconds = {
            name: {
                "count": len(each),
                "p50": round(float(np.percentile(each, 50)), 3),
                "p95": round(float(np.percentile(each, 95)), 3),
            }
            for name, each in sorted(times.items())
        }
        return {"work": dict(work), "seconds": seconds}


_TALLY = _Tally()


def tally() -> dict[str, Any]:
    """All work of this process: "work" counts by kind and outcome, "seconds" has count, p50 and p95 of what
    was done, by kind and stage, over the latest `MOST_TIMES` of each."""
    return _TALLY.told()
