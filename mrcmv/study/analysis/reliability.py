"""Whether answers can be relied on: agreement, repeats, sides, times."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrcmv.study.analysis.exclusions import repeats
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import NONE, Ends, exact_p, wilson

VALUES = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha (interval, a tie half way) on ``units`` that had two votes or more."""

    what: str
    alpha: float
    units: int
    votes: int


@dataclass(frozen=True)
class Share:
    """A share 0..1 of ``n`` with Wilson's interval, and the exact test against one half."""

    what: str
    n: int
    count: int
    share: float
    interval: Ends
    p: float


@dataclass(frozen=True)
class Times:
    """Of numbers: how many, and their quartiles."""

    what: str
    n: int
    quarter: float
    median: float
    three_quarters: float


def share_of(what: str, count: int, n: int, level: float) -> Share:
    return Share(
        what,
        n,
        count,
        count / n if n else float("nan"),
        wilson(count, n, level) if n else NONE,
        exact_p(count, n),
    )


def alpha(units: pd.Series, score: pd.Series, what: str) -> Agreement:
    """Agreement on ``score`` [n] about ``units`` [n]; NaN without units voted on twice or with one value."""
    import krippendorff

    counts = pd.crosstab(units, score).reindex(columns=list(VALUES), fill_value=0).to_numpy()
    counts = counts[counts.sum(axis=1) >= 2]
    used = counts.any(axis=0).sum()
    value = float("nan")
    if used > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = float(
                krippendorff.alpha(
                    value_counts=counts, value_domain=list(VALUES), level_of_measurement="interval"
                )
            )
    return Agreement(what, value, len(counts), int(counts.sum()))


def agreements(votes: pd.DataFrame, methods: Sequence[str]) -> list[Agreement]:
    """Between people, for every pair of methods: do they prefer the same on the same clip?"""
    place = {name: number for number, name in enumerate(methods)}
    groups = dict(list(votes[votes["a"] != votes["b"]].groupby(["a", "b"])))
    ordered = sorted(groups, key=lambda pair: (place[pair[0]], place[pair[1]]))
    return [alpha(groups[a, b]["clip_id"], groups[a, b]["score"], f"{a} / {b}") for a, b in ordered]


def repeated(frame: pd.DataFrame, people: set[str], plan: Plan) -> tuple[Share, Agreement]:
    """How often the same person answered the same when a pair came again with its sides swapped.

    ``frame`` is that of `read_votes`; only the ``people`` that are kept count.
    """
    both = repeats(frame[frame["participant"].isin(people)])
    same = int((both["score"] == both["score_again"]).sum())
    score = pd.concat([both["score"], both["score_again"]], ignore_index=True)
    units = pd.Series(np.tile(np.arange(len(both)), 2))
    return share_of("Same answer when repeated", same, len(both), plan.level), alpha(
        units, score, "Within a person"
    )


def sides(votes: pd.DataFrame, plan: Plan) -> Share:
    """Whether the left side was preferred for being left, of decided votes."""
    decided = votes[votes["choice"].isin(["left", "right"])]
    return share_of("Left side preferred", int((decided["choice"] == "left").sum()), len(decided), plan.level)


def times(votes: pd.DataFrame) -> list[Times]:
    """Quartiles of the times that were measured."""
    named = {
        "rt_ms": "Response time in s", "watched_left_s": "Left side watched in s",
        "watched_right_s": "Right side watched in s", "plays": "Times played", "confidence": "Confidence",
    }  # fmt: skip
    out = []
    for column, what in named.items():
        given = votes[column].dropna() / (1000 if column == "rt_ms" else 1)
        if len(given):
            out.append(Times(what, len(given), *(float(q) for q in given.quantile([0.25, 0.5, 0.75]))))
    return out
