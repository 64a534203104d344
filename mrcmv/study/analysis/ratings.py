"""Ratings of single videos: means and differences by statsmodels' OLS with two-way clustered errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import NONE, Ends, holm
from mrcmv.study.analysis.votes import read_table, truths

NEEDED = ("participant", "clip_id", "question", "method", "value")


@dataclass(frozen=True)
class Mean:
    """Ratings of one method; without ``interval`` where there are too few people or clips."""

    method: str
    n: int
    mean: float
    sd: float
    interval: Ends


@dataclass(frozen=True)
class Difference:
    """Mean of ``a`` less mean of ``b``, with the t test of its clustered error, corrected by Holm."""

    a: str
    b: str
    value: float
    interval: Ends
    p: float
    p_holm: float = float("nan")


@dataclass(frozen=True)
class Rated:
    """One question. ``note`` says why intervals are missing."""

    question: str
    participants: int
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]
    note: str = ""


def rate(source: Path | Iterable[Mapping[str, Any]], plan: Plan, people: set[str]) -> list[Rated]:
    """Every question of the export's ratings table that was asked of single videos, of the ``people`` kept.

    Attention items and repeats do not count. Raises `UserError` where a column lacks.
    """
    frame = read_table(source, NEEDED)
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce")
    for flag in ("is_attention", "is_repeat"):
        frame[flag] = truths(frame, flag).fillna(False).astype(bool)
    kept = frame[
        frame["participant"].isin(people) & frame["value"].notna() & (frame["method"].fillna("") != "")
        & ~frame["is_attention"] & ~frame["is_repeat"]
    ]  # fmt: skip
    return [_question(str(name), group, plan) for name, group in kept.groupby("question", sort=True)]


def _question(name: str, ratings: pd.DataFrame, plan: Plan) -> Rated:
    seen = set(ratings["method"])
    methods = [each for each in plan.methods if each in seen] + sorted(seen - set(plan.methods))
    described = ratings.groupby("method")["value"].agg(["size", "mean", "std"])
    plain = [
        Mean(name, int(row["size"]), float(row["mean"]), float(row["std"]), NONE)
        for name, row in described.loc[methods].iterrows()
    ]
    people = ratings["participant"].nunique()
    if min(people, ratings["clip_id"].nunique()) < 2 or len(methods) < 2 or ratings["value"].nunique() < 2:
        return Rated(
            name, people, tuple(plain), (), "Too few people, clips or methods, or all ratings are equal."
        )
    fits, means, found = _fits(ratings, methods), [], []
    for i, each in enumerate(plain):
        _, ends, _ = _contrast(fits, np.eye(len(methods))[i], plan.alpha)
        means.append(replace(each, interval=ends))
    for i, j in combinations(range(len(methods)), 2):
        one, other = np.eye(len(methods))[[i, j]]
        value, ends, p = _contrast(fits, one - other, plan.alpha)
        found.append(Difference(methods[i], methods[j], value, ends, p))
    corrected = holm([each.p for each in found])
    return Rated(
        name, people, tuple(means),
        tuple(replace(each, p_holm=p) for each, p in zip(found, corrected, strict=True)),
    )  # fmt: skip


def _fits(ratings: pd.DataFrame, methods: list[str]) -> list[Any]:
    """The same means with errors clustered both ways, by participant alone, and by clip alone."""
    import statsmodels.api as sm

    groups = np.column_stack([pd.factorize(ratings[name])[0] for name in ("participant", "clip_id")])
    dummies = np.column_stack([(ratings["method"] == name).to_numpy(float) for name in methods])
    model = sm.OLS(ratings["value"].to_numpy(float), dummies)
    # Student's t at the (smaller) number of clusters less one
    return [
        model.fit(cov_type="cluster", cov_kwds={"groups": of}, use_t=True)
        for of in (groups, groups[:, 0], groups[:, 1])
    ]


def _contrast(fits: list[Any], contrast: Any, alpha: float) -> tuple[float, Ends, float]:
    """(value, interval, p) with the largest of the errors: that of both ways is a difference of estimates
    and can come out below what one way alone gives, even below zero."""
    variances = [float(contrast @ fit.cov_params() @ contrast) for fit in fits]
    test = fits[int(np.argmax(variances))].t_test(contrast)
    low, high = test.conf_int(alpha=alpha)[0]
    return float(test.effect[0]), (float(low), float(high)), float(np.squeeze(test.pvalue))
