"""The results as tables: the same cells go into the report and into CSV files."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mrcmv.study.analysis.results import Findings, Results, per_clip
from mrcmv.study.export import write_csv

Table = list[dict[str, Any]]


def tables(results: Results) -> dict[str, Table]:
    """Every table by name; columns are the keys of its rows, numbers are as they were computed."""
    plan, main = results.plan, results.main
    both = (("main", main), ("everyone", results.everyone))
    out: dict[str, Table] = {
        "preferences": [*_preferences("main", main), *_preferences("everyone", results.everyone)],
        "shares": [
            {"votes": name, "method": each.what, "chosen": each.count, "of": each.n, "share": each.share,
             "wilson_low": each.interval[0], "wilson_high": each.interval[1]}
            for name, found in both for each in found.shares
        ],
        "strengths": [
            {"votes": name, **asdict(each)}
            for name, found in both for each in found.strengths.methods
        ],
        "flow": [asdict(step) for step in results.kept.flow],
        "clips": [
            {"first": pair.a, "second": pair.b, **row}
            for pair in main.preferences
            for row in per_clip(results.kept.votes, pair.a, pair.b).to_dict("records")
        ],
        "agreement": [asdict(each) for each in (*main.agreement, results.within)],
        "checks": [
            {"what": each.what, "count": each.count, "of": each.n, "share": each.share,
             "wilson_low": each.interval[0], "wilson_high": each.interval[1], "p_against_half": each.p}
            for each in (results.attention, results.repeats, main.side)
        ],
        "times": [asdict(each) for each in main.times],
        "rating_means": [
            {"question": rated.question, "method": each.method, "n": each.n, "mean": each.mean, "sd": each.sd,
             "low": each.interval[0], "high": each.interval[1]}
            for rated in results.rated for each in rated.means
        ],
        "rating_differences": [
            {"question": rated.question, "a": each.a, "b": each.b, "difference": each.value,
             "low": each.interval[0], "high": each.interval[1], "p": each.p, "p_holm": each.p_holm}
            for rated in results.rated for each in rated.differences
        ],
    }  # fmt: skip
    out["table3" if plan.against else "table2"] = table3(main) if plan.against else table2(main)
    return {name: rows for name, rows in out.items() if rows}


def _preferences(name: str, found: Findings) -> Table:
    return [
        {"votes": name, "a": each.a, "b": each.b, "votes_a": each.votes_a, "votes_b": each.votes_b,
         "ties": each.ties, "participants": each.participants, "clips": each.clips, "share_a": each.share,
         "cluster_low": each.cluster[0], "cluster_high": each.cluster[1], "wilson_low": each.wilson[0],
         "wilson_high": each.wilson[1], "pigeonhole_low": each.cautious[0],
         "pigeonhole_high": each.cautious[1],
         "p_cluster": each.p_cluster, "p_cluster_holm": each.p_cluster_holm, "p_exact": each.p_exact,
         "p_exact_holm": each.p_exact_holm, "note": each.note}
        for each in found.preferences
    ]  # fmt: skip


def table2(found: Findings) -> Table:
    """Methods against each other: % of votes for the row's method against the column's, and over all."""
    share: dict[tuple[str, str], float] = {}
    for each in found.preferences:
        share[each.a, each.b], share[each.b, each.a] = each.share, 1 - each.share
    names = [each.what for each in found.shares]
    return [
        {"method": each.what}
        | {f"over {other}": _percent(share.get((each.what, other))) for other in names}
        | {"preferred": _percent(each.share), "votes": each.n}
        for each in found.shares
    ]


def table3(found: Findings) -> Table:
    """Every method against the one that all are compared with."""
    return [
        {"method": each.a, "preferred": _percent(each.share), "against": each.b,
         "against_preferred": _percent(1 - each.share), "low": _percent(each.interval[0]),
         "high": _percent(each.interval[1]), "decided": each.decided, "ties": each.ties, "clips": each.clips,
         "participants": each.participants, "p_holm": each.p_cluster_holm}
        for each in found.preferences
    ]  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None or math.isnan(share) else round(100 * share, 1)


def write_tables(found: dict[str, Table], folder: Path) -> list[Path]:
    """One CSV per table; a text that a spreadsheet would take for a formula gets an apostrophe."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name, rows in found.items():
        path = folder / f"{name}.csv"
        columns = list(dict.fromkeys(key for row in rows for key in row))
        write_csv(path, columns, ({key: _cell(value) for key, value in row.items()} for row in rows))
        out.append(path)
    return out


def _cell(value: Any) -> Any:
    if isinstance(value, bool | str) or value is None:
        return value
    number = float(value)
    return (
        None if not math.isfinite(number) else int(number) if number.is_integer() else float(f"{number:.6g}")
    )
