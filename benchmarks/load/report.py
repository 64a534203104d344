"""What the run says: Markdown for docs/load.md, JSON for everything else, and a plot."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load.server import Sample
from benchmarks.load.visitors import Ask

OUTCOMES = ("answered", "refused", "left", "failed")
PARTS = {"crowd": "at once", "burst": "burst", "row": "one after the other"}
COLUMNS = ("own_mb", "tree_mb", "threads", "files")
SETTLED = 0.25
"""The first share of the row is left out of the slope: allocators and caches fill up."""


def slope(memory: list[float]) -> tuple[float, float, float] | None:
    """MB per job with its 95% interval: least squares with Newey-West errors; None for a short row."""
    import statsmodels.api as sm

    settled = np.asarray(memory[int(SETTLED * len(memory)) :])
    if len(settled) < 12:
        return None
    jobs = sm.add_constant(np.arange(len(settled), dtype=float))
    fitted = sm.OLS(settled, jobs).fit(cov_type="HAC", cov_kwds={"maxlags": 5})
    low, high = fitted.conf_int()[1]
    return float(fitted.params[1]), float(low), float(high)


def markdown(run: dict[str, Any], asks: list[Ask], samples: list[Sample]) -> str:
    parts = [
        f"{run['machine']}.",
        run["what"],
        _outcomes(asks),
        _times(asks),
        _stages(run),
        _state(run, samples),
    ]
    return "\n\n".join(parts) + "\n"


def _outcomes(asks: list[Ask]) -> str:
    rows = [
        "| wishes | " + " | ".join(OUTCOMES) + " | told a place in line | furthest place |",
        "|---|" + "---|" * 6,
    ]
    for part, name in PARTS.items():
        mine = [ask for ask in asks if ask.part == part]
        if not mine:
            continue
        counts = Counter(ask.outcome for ask in mine)
        placed = [max(ask.positions) for ask in mine if ask.positions]
        cells = [str(counts[outcome]) for outcome in OUTCOMES]
        rows.append(f"| {name} | {' | '.join(cells)} | {len(placed)} | {max(placed) if placed else '–'} |")
    return "\n".join(rows)


def _times(asks: list[Ask]) -> str:
    rows = [
        "| seconds from the wish to the whole answer | count | p50 | p95 | most |",
        "|---|---|---|---|---|",
    ]
    for part, name in PARTS.items():
        for verb in ("suggest", "render"):
            took = [a.seconds for a in asks if (a.part, a.verb, a.outcome) == (part, verb, "answered")]
            if took:
                low, high = np.percentile(took, [50, 95])
                rows.append(f"| {name}: {verb} | {len(took)} | {low:.1f} | {high:.1f} | {max(took):.1f} |")
    refused = [ask.seconds for ask in asks if ask.outcome == "refused"]
    if refused:
        low, high = np.percentile(refused, [50, 95])
        rows.append(f"| refused | {len(refused)} | {low:.1f} | {high:.1f} | {max(refused):.1f} |")
    return "\n".join(rows)


def _stages(run: dict[str, Any]) -> str:
    rows = ["| seconds by the page's own clock | count | p50 | p95 |", "|---|---|---|---|"]
    for name, told in run["seconds"].items():
        rows.append(f"| {name} | {told['count']} | {told['p50']:.2f} | {told['p95']:.2f} |")
    return "\n".join(rows)


def _state(run: dict[str, Any], samples: list[Sample]) -> str:
    most = {name: max(getattr(sample, name) for sample in samples) for name in COLUMNS}
    first, last = samples[0], samples[-1]
    before, after, left = run["files_before"], run["files_after"], run["files_left"]
    answers = [sample.ready_s for sample in samples]
    p95 = float(np.percentile(answers, 95))
    lines = [
        f"* {run['finished_a_minute']:.1f} answers a minute while {run['users']} visitors were there.",
        f"* Memory: {most['tree_mb']:.0f} MB at most with all children, of which the page's own process "
        f"{most['own_mb']:.0f} MB; {first.own_mb:.0f} MB before, {last.own_mb:.0f} at the end.",
        f"* CPU: {run['cores']:.2f} cores busy on average while visitors were there, "
        f"{run['most_cores']:.2f} at most over ten seconds; the budget is {run['threads']}.",
        f"* Threads {first.threads} before, {most['threads']} at most, {last.threads} at the end; open "
        f"files {first.files}, {most['files']}, {last.files}.",
        f"* Temporary files {before[0]} ({before[1]:.0f} MB) before, {after[0]} ({after[1]:.0f} MB) at the "
        f"end (uploads go after ten minutes), {left[0]} after the page was stopped.",
        f"* `/readyz` took {p95:.3f} s at the 95th percentile, {max(answers):.3f} at most.",
        f"* Errors in the log: {run['log_failed']}.",
    ]
    if run["slope"]:
        mid, low, high = run["slope"]
        lines.append(
            f"* Memory per job, {run['jobs']} one after the other, the first quarter left out: {mid:+.3f} MB "
            f"(95% interval {low:+.3f} to {high:+.3f})."
        )
    return "\n".join(lines)


def plot(path: Path, asks: list[Ask], samples: list[Sample]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(9, 6), sharex=True, layout="constrained")
    minutes = [sample.at_s / 60 for sample in samples]
    upper.plot(minutes, [sample.tree_mb for sample in samples], label="with children", linewidth=0.7)
    upper.plot(minutes, [sample.own_mb for sample in samples], label="the page's own process")
    upper.set_ylabel("memory, MB")
    upper.set_ylim(bottom=0)
    upper.legend()
    marks = {"answered": "o", "refused": "x", "left": "+", "failed": "s"}
    for outcome, mark in marks.items():
        mine = [ask for ask in asks if ask.outcome == outcome]
        if mine:
            lower.scatter(
                [(ask.at_s + ask.seconds) / 60 for ask in mine],
                [ask.seconds for ask in mine],
                s=12,
                marker=mark,
                label=outcome,
            )
    lower.set_ylabel("seconds from wish to answer")
    lower.set_xlabel("minutes")
    lower.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
