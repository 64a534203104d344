"""The tables as pictures: recalls with intervals, what each part gives, how ranks are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.training.results.summary import Figure, Line

INK, MUTED, OURS, CEILING, BASELINE = "#1b1f24", "#6b7280", "#0f766e", "#b45309", "#64748b"


def _figure(width: float, height: float) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(width, height), dpi=110, layout="constrained")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})  # the same numbers give the same file
    pyplot.close(figure)


def draw_recalls(lines: Sequence[tuple[str, Line, str]], path: Path, k: int = 10) -> None:
    """R@k of every row with its interval, best on top; lines: (title, line, colour)."""
    ordered = sorted(lines, key=lambda each: each[1].recall[k].mean)
    figure, axes = _figure(8.5, 0.36 * len(ordered) + 1.2)
    for place, (_, each, colour) in enumerate(ordered):
        said = each.recall[k]
        axes.barh(place, said.mean, color=colour, height=0.62, alpha=0.85)
        axes.plot([said.low, said.high], [place, place], color=INK, linewidth=1.4)
        axes.text(said.high + 0.8, place, f"{said.mean:.1f}", va="center", fontsize=8, color=INK)
    pool = ordered[0][1].pool
    axes.axvline(100 * k / pool, color=MUTED, linestyle=":", linewidth=1.2)
    axes.text(100 * k / pool, len(ordered) - 0.35, "chance", fontsize=8, color=MUTED, ha="center")
    axes.set_yticks(range(len(ordered)), [title for title, _, _ in ordered], fontsize=9)
    axes.set_xlabel(f"R@{k} in %, pool of {pool} clean tracks; line: 95 % interval over clips", fontsize=9)
    axes.set_xlim(left=0)
    _save(figure, path)


def draw_differences(rows: Sequence[tuple[str, Figure]], path: Path, label: str) -> None:
    """Paired differences with their intervals, in the order given, first on top."""
    figure, axes = _figure(8.5, 0.36 * len(rows) + 1.2)
    for place, (_, said) in enumerate(reversed(rows)):
        settled = said.low > 0 or said.high < 0
        colour = OURS if settled else MUTED
        axes.plot([said.low, said.high], [place, place], color=colour, linewidth=2)
        axes.plot(said.mean, place, "o", color=colour, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [title for title, _ in reversed(rows)], fontsize=9)
    axes.set_xlabel(label, fontsize=9)
    _save(figure, path)


def draw_ranks(found: Mapping[str, tuple[np.ndarray, str]], pool: int, path: Path) -> None:
    """Share of clips whose track is among the first k, over k; found: title -> (ranks, colour)."""
    figure, axes = _figure(7.5, 4.6)
    steps = np.arange(1, pool + 1)
    axes.plot(steps, 100 * steps / pool, color=MUTED, linestyle=":", label="chance")
    styles = ("-", "--", "-.")
    for number, (title, (ranks, colour)) in enumerate(found.items()):
        share = [100 * float((ranks <= step).mean()) for step in steps]
        axes.plot(steps, share, styles[number % 3], color=colour, label=title, linewidth=1.7)
    axes.set_xscale("log")
    ticks = [k for k in (1, 5, 10, 25, 50, 100) if k <= pool]
    axes.set_xticks(ticks, [str(k) for k in ticks])
    axes.set_xlabel(f"first k of {pool} tracks")
    axes.set_ylabel("clips whose track is among them, %")
    axes.set_ylim(0, 100)
    axes.legend(fontsize=8, frameon=False)
    _save(figure, path)
