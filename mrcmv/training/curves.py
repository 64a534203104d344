"""One picture of a training run, drawn from its ``metrics.jsonl``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG = "metrics.jsonl"
PICTURE = "curves.png"
Row = dict[str, Any]
Series = dict[str, list[Row]]
STAGES = {"heads": "heads", "finetune": "end to end"}
COLOURS = ("#1f5fa8", "#c4501b", "#2f8a4c", "#7a4fa3", "#8a6d1d", "#14808c", "#b03060", "#555555")


class NoMatplotlib(UserError):
    """The library that draws is not installed."""


def read_log(run: Path) -> list[Row]:
    """The rows of a run's log; raises `UserError` when there is none."""
    try:
        return [json.loads(line) for line in (run / LOG).read_text(encoding="utf-8").splitlines()]
    except OSError:
        raise UserError(f"The folder {run.name} holds no {LOG}: name the folder of a training.") from None
    except ValueError:
        raise UserError(f"The {LOG} in {run.name} is damaged: it needs one JSON object a line.") from None


def series_of(rows: Iterable[Row]) -> Series:
    """Rows by stage, in order of their epochs; one that was run at several learning rates once per rate."""
    found: Series = {}
    for row in rows:
        rate = f", rate {row['rate']:g}" if "rate" in row else ""
        found.setdefault(f"{row['stage']}{rate}", []).append(row)
    return found


def draw_curves(run: Path, target: Path | None = None) -> Path:
    """Draw losses, active hinges, gate shares, validation results and the encoders' correlations.

    ``target`` is a PNG, by default ``curves.png`` in the run's folder; it appears whole or not at all.
    Raises `UserError` without a log, with an empty one, or when matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NoMatplotlib("Drawing needs matplotlib: pip install -r requirements-train.txt.") from error

    target = target or run / PICTURE
    series = series_of(read_log(run))
    if not series:
        raise UserError(f"The run in {run.name} has no finished epoch yet: let it train for longer.")
    figure = Figure(figsize=(14, 13), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(4, 2).ravel()
    encoders = {name: rows for name, rows in series.items() if name.startswith("pretrain-")}
    pairs = {name: rows for name, rows in series.items() if not name.startswith("pretrain-")}
    heads = {name: rows for name, rows in pairs.items() if name.startswith("heads")}
    whole = {name: rows for name, rows in pairs.items() if name.startswith("finetune")}
    _lines(panels[0], "Encoders on free labels: loss", _each(encoders, "loss"))
    _lines(
        panels[1], "Encoders: mean correlation with the labels of validation clips", _each(encoders, "score")
    )
    _lines(panels[2], "Loss on pairs, heads", _each(heads, "loss"))
    _lines(panels[3], "Loss on pairs, end to end", _each(whole, "loss"))
    _lines(panels[4], "Hinges that are active, and the triplet margin / 100", _hinges(pairs), (0, 1.05))
    _lines(panels[5], "Shares of the gate on validation clips", _shares(pairs), (0, 1))
    _lines(panels[6], "Validation R@10 in %", _each(pairs, "validation_R@10"), (0, 100))
    _lines(
        panels[7], "Validation score: mean relative rank, both ways (0.5 is chance)", _each(pairs, "score")
    )
    figure.suptitle(f"Training of {run.resolve().name}", fontsize=14)
    partial = target.with_name(target.name + ".partial")
    figure.savefig(partial, format="png")
    os.replace(partial, target)
    return target


Line = tuple[str, list[float], list[float]]


def values(rows: list[Row], say: Callable[[Row], float | None]) -> tuple[list[float], list[float]]:
    """Epochs (from 1; 0 is the start) and values of the rows that have one."""
    points = [(float(row["epoch"] + 1), say(row)) for row in rows]
    known = [(x, y) for x, y in points if y is not None]
    return [x for x, _ in known], [y for _, y in known]


def _each(series: Series, key: str) -> list[Line]:
    return [(_title(name), *values(rows, lambda row: row.get(key))) for name, rows in series.items()]


def _hinges(series: Series) -> list[Line]:
    lines = [(_title(name), *values(rows, lambda row: row.get("active"))) for name, rows in series.items()]
    for name, rows in series.items():
        x, margins = values(rows, lambda row: row.get("margin"))
        lines.append((f"margin / 100, {_title(name)}", x, [margin / 100 for margin in margins]))
    return lines


def _shares(series: Series) -> list[Line]:
    return [
        (f"{kind}, {_title(name)}", *values(rows, lambda row, kind=kind: row.get(f"{kind}_share")))  # type: ignore[misc]
        for name, rows in series.items()
        for kind in ("picture", "voice")
    ]


def _title(name: str) -> str:
    stage, _, rest = name.partition(",")
    stage = STAGES.get(stage, stage.removeprefix("pretrain-"))
    return f"{stage},{rest}" if rest else stage


def _lines(axes: Axes, title: str, lines: list[Line], limits: tuple[float, float] | None = None) -> None:
    """One panel; a line that has no points is left out, a panel without lines says so."""
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if limits:
        axes.set_ylim(*limits)
    shown = [line for line in lines if line[1]]
    for number, (name, x, y) in enumerate(shown):
        style = "-" if number < len(COLOURS) else "--"
        marker = "o" if len(x) < 12 else ""
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(x, y, style, color=colour, marker=marker, markersize=4, linewidth=1.6, label=name)
    if shown:
        axes.legend(fontsize=8, frameon=False)
    else:
        axes.text(0.5, 0.5, "not in this run", transform=axes.transAxes, ha="center", color="#777777")
