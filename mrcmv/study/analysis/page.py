"""What the report's page says: every cell as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from mrcmv.study.analysis.preference import Ends, Preference
from mrcmv.study.analysis.reliability import Share
from mrcmv.study.analysis.results import Results
from mrcmv.study.analysis.tables import table2, table3

LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "choix", "krippendorff", "matplotlib")
METHODS = (
    "The share of a pair is of its decided votes, or with half ties, as the rules say.",
    "Cluster bootstrap over participants and clips: three one-way bootstraps (of participants, of clips, of "
    "cells where both meet), variances combined as V(participants) + V(clips) − V(cells) (Cameron, Gelbach "
    "and Miller, JBES 2011), on log-odds, with Student's t at the smaller number of clusters less one. This "
    "interval and its p are the ones to report. It is the only resampling here that no library does.",
    "Wilson's interval (statsmodels) and the exact two-sided binomial test (scipy) take votes as "
    "independent: too narrow and too small wherever people or clips differ.",
    "The pigeonhole bootstrap (Owen, Annals of Applied Statistics 2007) resamples both at once. It is too "
    "wide where few people judged each clip, and stands in tables/preferences.csv as the cautious bound.",
    "Holm's correction over all pairs (statsmodels).",
    "Bradley-Terry by choix, on decided votes or with half ties; Davidson's model with ties as a log-linear "
    "Poisson model (statsmodels). On decided votes both have the same strengths.",
    "Krippendorff's alpha (krippendorff) on the interval scale first method, tie, second method.",
    "Ratings: ordinary least squares with errors clustered by participant and clip (statsmodels).",
)


def facts(results: Results) -> dict[str, Any]:
    """Everything the template names, but the pictures."""
    plan, main = results.plan, results.main
    interval = f"{plan.level:.0%} interval"
    chosen = table3(main) if plan.against else table2(main)
    columns = list(dict.fromkeys(key for row in chosen for key in row))
    return {
        "study": results.study,
        "design_hash": results.design_hash,
        "main": main,
        "interval": interval,
        "headline": [_headline(each) for each in main.preferences] if len(main.preferences) <= 3 else [],
        "preference_head": ["Pair", "For", "Against", "Ties", "Preferred", interval, "p", "p (Holm)",
                            "Wilson", "exact p", "exact p (Holm)"],
        "preference_rows": [_preference_row(each) for each in main.preferences],
        "notes": sorted({f"{each.a} / {each.b}: {each.note}" for each in main.preferences if each.note}),
        "table_title": f"Against {plan.against}" if plan.against else "Methods against each other",
        "table_note": _table_note(results),
        "table_head": [column.replace("_", " ") for column in columns],
        "table_rows": [[_number(row.get(column), column) for column in columns] for row in chosen],
        "rules": plan.rules(),
        "flow_rows": [
            (step.what, step.participants_out, step.votes_out, step.participants, step.votes)
            for step in results.kept.flow
        ],
        "side_rows": _side_by_side(main.preferences, results.everyone.preferences),
        "check_rows": [_check(results.attention), _check(results.repeats), _check(main.side, test=True)],
        "times_rows": [
            (each.what, each.n, f"{each.quarter:.1f}", f"{each.median:.1f}", f"{each.three_quarters:.1f}")
            for each in main.times
        ],
        "methods": METHODS,
        "versions": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        **_scale(results),
        **_agreement(results),
        **_ratings(results),
    }  # fmt: skip


def _scale(results: Results) -> dict[str, Any]:
    """Strengths say something new only for more than two methods."""
    found, ties = results.main.strengths, results.main.davidson
    many = len(results.main.shares) > 2
    rows = [
        (each.method, f"{each.value:+.3f}", _ends((each.low, each.high), signed=True))
        for each in found.methods
    ]
    said = ""
    if ties is not None:
        ranked = sorted(ties.values.items(), key=lambda each: -each[1])
        even = ties.ties / (2 + ties.ties)
        said = f"Davidson's model: two equal methods tie in {even:.1%} of votes; strengths "
        said += ", ".join(f"{name} {value:+.3f}" for name, value in ranked) + "."
    return {
        "strengths_rows": rows if many else [],
        "strengths_note": found.note if many else "",
        "davidson": said,
    }


def _agreement(results: Results) -> dict[str, Any]:
    rows = [("Between people: " + each.what, each) for each in results.main.agreement]
    rows.append(("Within a person, when repeated", results.within))
    return {"agreement_rows": [(what, _alpha(each.alpha), each.units, each.votes) for what, each in rows]}


def _ratings(results: Results) -> dict[str, Any]:
    out = []
    for rated in results.rated:
        means = [(m.method, m.n, f"{m.mean:.2f}", f"{m.sd:.2f}", _ends(m.interval)) for m in rated.means]
        differences = [
            (
                f"{d.a} − {d.b}",
                f"{d.value:+.2f}",
                _ends(d.interval, signed=True),
                p_text(d.p),
                p_text(d.p_holm),
            )
            for d in rated.differences
        ]
        out.append(
            {"question": rated.question, "note": rated.note, "means": means, "differences": differences}
        )
    return {"ratings": out}


def _headline(each: Preference) -> str:
    if math.isnan(each.share):
        return f"Nobody decided between {each.a} and {each.b}."
    p = p_text(each.p_exact if math.isnan(each.p_cluster) else each.p_cluster)
    said = p if p.startswith("<") else f"= {p}"
    share, ends = f"{100 * each.share:.1f} %", _percents(each.interval)
    return f"{each.a} was preferred to {each.b} in {share} of votes {ends}, p {said}."


def _preference_row(each: Preference) -> tuple[Any, ...]:
    return (
        f"{each.a} over {each.b}", each.votes_a, each.votes_b, each.ties, _share(each.share),
        _percents(each.cluster), p_text(each.p_cluster), p_text(each.p_cluster_holm),
        _percents(each.wilson), p_text(each.p_exact), p_text(each.p_exact_holm),
    )  # fmt: skip


def _check(each: Share, *, test: bool = False) -> tuple[Any, ...]:
    p = p_text(each.p) if test else "–"
    return each.what, each.count, each.n, _share(each.share), _percents(each.interval), p


def _table_note(results: Results) -> str:
    if results.plan.against:
        return "In % of votes, ties as the rules say; interval by cluster bootstrap, p corrected by Holm."
    if results.plan.best_of:
        return "In %. Preferred: of all trials. The columns: of trials where one of the two was chosen."
    return "In % of votes for the row's method. Preferred: over all its decided votes."


def _side_by_side(main: Sequence[Preference], everyone: Sequence[Preference]) -> list[tuple[Any, ...]]:
    kept = {(each.a, each.b): each for each in main}
    rows = []
    for other in everyone:
        own = kept.get((other.a, other.b))
        with_rules = (
            ("–", 0) if own is None else (f"{_share(own.share)} {_percents(own.interval)}", own.decided)
        )
        without = (f"{_share(other.share)} {_percents(other.interval)}", other.decided)
        rows.append((f"{other.a} over {other.b}", *with_rules, *without))
    return rows


def p_text(p: float) -> str:
    return "–" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _alpha(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def _percents(ends: Ends) -> str:
    return "–" if math.isnan(ends[0]) else f"[{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]"


def _ends(ends: Ends, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return "–" if math.isnan(ends[0]) else f"[{ends[0]:{sign}.2f}, {ends[1]:{sign}.2f}]"


def _number(value: Any, column: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if column.startswith("p_"):
        return p_text(value)
    return f"{value:.1f}" if isinstance(value, float) else str(value)
