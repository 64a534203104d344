"""The report's pictures, as SVG: each a function from numbers to the picture's bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mrcmv.study.analysis.exclusions import Step
from mrcmv.study.analysis.preference import Preference
from mrcmv.study.analysis.strengths import Strength

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, LINE, ACCENT, PALE, OUT = "#16191d", "#545d66", "#d9dde1", "#0b57c9", "#a9c6ef", "#7d4b00"
DIVERGING = "RdBu"
LOOK = {
    "font.family": "sans-serif", "font.size": 10, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": MUTED, "xtick.color": MUTED, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "svg.fonttype": "path", "svg.hashsalt": "study",
    "text.parse_math": False,  # a name with two dollars is a name, no formula
}  # fmt: skip


def _picture(width: float, height: float, draw: Callable[[Axes], None]) -> bytes:
    """SVG of one pair of axes; the same numbers give the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def preference_plot(found: Sequence[Preference], level: float) -> bytes:
    """Share of every pair: the clustered interval thick, Wilson's thin below it, the line at one half."""

    def draw(axes: Axes) -> None:
        for place, each in enumerate(reversed(found)):
            if each.wilson == each.wilson and np.isfinite(each.share):
                axes.plot([100 * end for end in each.wilson], [place - 0.17] * 2, color=MUTED, linewidth=1.2)
                thick = each.interval
                axes.plot(
                    [100 * end for end in thick],
                    [place] * 2,
                    color=ACCENT,
                    linewidth=3,
                    solid_capstyle="butt",
                )
                axes.plot(100 * each.share, place, "o", color=ACCENT, markersize=7, markeredgecolor="white")
                low, high = (100 * end for end in thick)
                said = f"{100 * each.share:.1f} % [{low:.1f}, {high:.1f}], n = {each.decided}"
            else:
                said = "no decided votes"
            axes.text(102, place, said, va="center", fontsize=9)
        axes.axvline(50, color=MUTED, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(found)), [f"{each.a}  over  {each.b}" for each in reversed(found)])
        axes.set_xlim(0, 100)
        axes.set_ylim(-0.6, len(found) - 0.4)
        axes.set_xlabel(
            f"preferred in % of votes; thick: {level:.0%} interval by cluster bootstrap, thin: Wilson",
            fontsize=9,
        )
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)

    return _picture(9.5, 0.48 * max(1, len(found)) + 0.9, draw)


def strengths_plot(found: Sequence[Strength], level: float) -> bytes:
    """Bradley-Terry log-strengths with their intervals, best on top."""

    def draw(axes: Axes) -> None:
        for place, each in enumerate(reversed(found)):
            if np.isfinite(each.low):
                axes.plot(
                    [each.low, each.high], [place] * 2, color=ACCENT, linewidth=3, solid_capstyle="butt"
                )
            axes.plot(each.value, place, "o", color=ACCENT, markersize=7, markeredgecolor="white")
        axes.axvline(0, color=MUTED, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(found)), [each.method for each in reversed(found)])
        axes.set_ylim(-0.6, len(found) - 0.4)
        axes.set_xlabel(
            f"log-strength (0: the mean of all), {level:.0%} interval by cluster bootstrap", fontsize=9
        )
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)

    return _picture(9.5, 0.48 * max(1, len(found)) + 0.9, draw)


def flow_plot(flow: Sequence[Step]) -> bytes:
    """The way from everybody who began to the votes that count; what was left out stands on the right."""

    def box(
        axes: Axes, x: float, y: float, text: str, edge: str, face: str = "white", ha: str = "center"
    ) -> None:
        style = {"boxstyle": "round,pad=0.5,rounding_size=0.2", "facecolor": face, "edgecolor": edge}
        axes.text(x, y, text, ha=ha, va="center", fontsize=9.5, bbox=style)

    outs = [step for step in flow[1:] if step.participants_out or step.votes_out]
    last = flow[-1]

    def draw(axes: Axes) -> None:
        axes.axis("off")
        axes.set_xlim(0, 10)
        axes.set_ylim(-len(outs) - 1.4, 0.5)
        bottom = -len(outs) - 1.0
        axes.annotate("", (2.6, bottom + 0.3), (2.6, -0.25), arrowprops={"arrowstyle": "-|>", "color": MUTED})
        box(axes, 2.6, 0, f"{flow[0].what}: {flow[0].participants} participants, {flow[0].votes} trials", INK)
        for place, step in enumerate(outs, 1):
            axes.annotate("", (4.7, -place), (2.6, -place), arrowprops={"arrowstyle": "-|>", "color": MUTED})
            who = "participant" if step.participants_out == 1 else "participants"
            out = [(step.participants_out, who), (step.votes_out, "trials")]
            said = ", ".join(f"{number} {what}" for number, what in out if number)
            box(axes, 4.9, -place, f"{step.what}: {said}", OUT, "#fdf0d5", "left")
        box(axes, 2.6, bottom, f"Analysed: {last.participants} participants, {last.votes} votes", ACCENT)

    return _picture(8.5, 0.55 * (len(outs) + 2) + 0.2, draw)


def clips_plot(tables: Sequence[tuple[str, pd.DataFrame]]) -> bytes:
    """A strip per pair: how often the first was preferred on each clip, by colour; grey: no decided vote."""
    clips = sorted({str(clip) for _, table in tables for clip in table["clip"]})
    share = np.full((len(tables), len(clips)), np.nan)
    for row, (_, table) in enumerate(tables):
        for clip, value in zip(table["clip"], table["share"], strict=True):
            share[row, clips.index(str(clip))] = value
    order = np.argsort(
        -np.nan_to_num(np.nanmean(np.vstack([share, np.full(len(clips), 0.5)]), axis=0)), kind="stable"
    )

    def draw(axes: Axes) -> None:
        from matplotlib import colormaps

        colours = colormaps[DIVERGING].with_extremes(bad="#c9ced4")
        image = axes.imshow(
            np.ma.masked_invalid(100 * share[:, order]), cmap=colours, vmin=0, vmax=100, aspect="auto"
        )
        axes.set_yticks(range(len(tables)), [name for name, _ in tables])
        axes.set_xticks(
            range(len(clips)), [clips[i] for i in order], rotation=90, fontsize=7 if len(clips) > 30 else 8
        )
        axes.set_xticks(np.arange(-0.5, len(clips)), minor=True)
        axes.set_yticks(np.arange(-0.5, len(tables)), minor=True)
        axes.grid(which="minor", color="white", linewidth=1.2)
        axes.tick_params(which="both", length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        bar = axes.figure.colorbar(image, ax=axes, pad=0.01, shrink=0.9)
        bar.set_label("first preferred, %", fontsize=8)
        bar.outline.set_visible(False)

    return _picture(9.5, 0.34 * len(tables) + 1.7, draw)


def times_plot(seconds: Any, limit_s: float | None) -> bytes:
    """How long answers took, on a logarithmic axis, with the limit below which they do not count."""
    from matplotlib.ticker import LogLocator, NullFormatter

    given = np.asarray(seconds, float)
    given = given[np.isfinite(given) & (given > 0)]

    def draw(axes: Axes) -> None:
        if len(given):
            low, high = np.floor(np.log10(given.min()) * 4) / 4, np.ceil(np.log10(given.max()) * 4 + 1e-9) / 4
            axes.hist(
                given,
                bins=[float(edge) for edge in np.logspace(low, max(high, low + 0.25), 36)],
                color=PALE,
                edgecolor=ACCENT,
                linewidth=0.6,
            )
            axes.set_xscale("log")
            axes.margins(y=0.16)
            axes.axvline(np.median(given), color=ACCENT, linewidth=1.5)
            axes.text(
                np.median(given),
                axes.get_ylim()[1],
                f" median {np.median(given):.1f} s",
                va="top",
                fontsize=9,
            )
        if limit_s is not None:
            axes.axvline(limit_s, color=OUT, linestyle="--", linewidth=1.5)
            axes.text(
                limit_s,
                axes.get_ylim()[1] * 0.85,
                f" too fast: under {limit_s:g} s",
                va="top",
                fontsize=9,
                color=OUT,
            )
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("response time in s (logarithmic)", fontsize=9)
        axes.set_ylabel("answers", fontsize=9)

    return _picture(9.5, 2.8, draw)
