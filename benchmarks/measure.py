"""How the benchmarks measure: each contender in a process of its own, by the kernel's accounting."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Run:
    """One finished process with its children.

    ``wall_s`` and ``cpu_s`` (user + system) in seconds; ``peak_mb`` is the highest sum of resident
    memory of the process and its children, sampled every 20 ms, in MB (10^6 bytes).
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: Any


def run(command: list[str], *, timeout_s: float = 900.0, env: dict[str, str] | None = None) -> Run:
    """Run a command to its end; ``said`` is the JSON of the last line it printed, if any."""
    before = os.times()
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        parent = psutil.Process(process.pid)
        while not done.wait(0.02):
            total = 0
            try:
                for each in (parent, *parent.children(recursive=True)):
                    total += each.memory_info().rss
            except psutil.Error:  # it ended between two looks
                continue
            peak = max(peak, total / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        out, _ = process.communicate(timeout=timeout_s)
    finally:
        process.kill()
        done.set()
        watcher.join()
    wall = time.perf_counter() - began
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    lines = out.strip().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith(("{", "[")) else None
    return Run(wall, cpu, peak, said)


def run_module(module: str, *args: str, **options: Any) -> Run:
    """Run ``python -m module args`` with this interpreter."""
    return run([sys.executable, "-m", module, *args], **options)


def least_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Least time of so many calls after a first one."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def machine() -> str:
    """One line that names the machine."""
    from mrcmv.media import thread_budget

    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    memory = psutil.virtual_memory().total / 1e9
    threads, load = thread_budget(), os.getloadavg()[0]
    return f"{name}, {threads} threads, {memory:.0f} GB, load {load:.1f}, Python {platform.python_version()}"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of text as aligned columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


@dataclass(frozen=True)
class Ratio:
    """One line of the closing table: ours beside what one would use instead, in the same unit."""

    what: str
    ours: float
    other: float
    unit: str

    def row(self) -> tuple[str, ...]:
        return (
            self.what,
            f"{self.ours:.3g} {self.unit}",
            f"{self.other:.3g} {self.unit}",
            f"{self.other / self.ours:.2f}",
        )


def ratios(rows: Sequence[Ratio]) -> str:
    """The closing table: how many times as much the other one takes."""
    return table([("", "ours", "the other", "other / ours"), *(ratio.row() for ratio in rows)])
