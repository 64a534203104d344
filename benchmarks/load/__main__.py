"""``python -m benchmarks.load``: 20 visitors for 10 minutes, 100 at once, then 200 jobs in a row.

Prints Markdown; ``--json FILE`` keeps every wish and sample, ``--docs docs/load.md`` writes the tables
between its marker lines and the plot beside it. Ends with 1 when a wish failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.load import report
from benchmarks.load.server import Page, Sample
from benchmarks.load.visitors import Crowd, at_once
from benchmarks.measure import machine
from mrcmv.media import thread_budget

BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--burst", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mrcmv-load-"))
    about = machine()
    try:
        with Page(folder) as page:
            crowd = Crowd(page, asked.seed)
            before = page.files()
            until = 60 * asked.minutes
            at_once([_visitor(crowd, number, until) for number in range(asked.users)])
            crowd_s = page.clock()
            if asked.burst:
                crowd.burst(asked.burst)
            memory = crowd.one_after_the_other(asked.jobs)
            told, after, samples = page.told(), page.files(), list(page.samples)
        answered = [a for a in crowd.asks if a.part == "crowd" and a.outcome == "answered"]
        cores, most_cores = _cores([s for s in samples if s.at_s <= crowd_s])
        run = {
            "machine": about,
            "what": f"{asked.users} visitors for {asked.minutes:g} min, {asked.burst} at once, "
            f"{asked.jobs} in a row.",
            "users": asked.users,
            "jobs": asked.jobs,
            "threads": thread_budget(),
            "finished_a_minute": 60 * len(answered) / crowd_s,
            "cores": cores,
            "most_cores": most_cores,
            "work": told["work"],
            "seconds": told["seconds"],
            "files_before": before,
            "files_after": after,
            "files_left": page.files(),
            "log_failed": sum('"level": "error"' in line for line in page.log().splitlines()),
            "memory_after_each": memory,
            "slope": report.slope(memory),
        }
        text = report.markdown(run, crowd.asks, samples)
        print(text)
        for ask in crowd.asks:
            if ask.outcome == "failed":
                print(f"failed: {ask.part} {ask.verb} {ask.clip}: {ask.says}", file=sys.stderr)
        if asked.json:
            everything = {
                **run,
                "asks": [dataclasses.asdict(ask) for ask in crowd.asks],
                "samples": [dataclasses.asdict(sample) for sample in samples],
            }
            asked.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
        if asked.docs:
            _write(asked.docs, text)
            report.plot(asked.docs.with_suffix(".png"), crowd.asks, samples)
        return int(any(ask.outcome == "failed" for ask in crowd.asks) or run["log_failed"] > 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _visitor(crowd: Crowd, number: int, until_s: float) -> Callable[[], None]:
    return lambda: crowd.stay(number, until_s)


def _cores(samples: list[Sample]) -> tuple[float, float]:
    """Busy cores on average, and the most over ten seconds."""
    if len(samples) < 2:
        return 0.0, 0.0
    first, last = samples[0], samples[-1]
    most = 0.0
    for start in samples:
        later = next((s for s in samples if s.at_s >= start.at_s + 10), None)
        if later:
            most = max(most, (later.cpu_s - start.cpu_s) / (later.at_s - start.at_s))
    return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s), most


def _write(page: Path, text: str) -> None:
    old = page.read_text(encoding="utf-8")
    head, _, rest = old.partition(BEGIN)
    _, _, tail = rest.partition(END)
    picture = f"![Memory of the page, and seconds from wish to answer, over the run]({page.stem}.png)"
    page.write_text(f"{head}{BEGIN}\n\n{text}\n{picture}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
