"""One scale for more than two methods: Bradley-Terry by choix, Davidson's ties by statsmodels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.resampling import Floats, spread

HUGE = 15.0  # a log-strength beyond this is a method that never lost in a resample, not an estimate


@dataclass(frozen=True)
class Strength:
    """Log-strength of a method, centred: P(i preferred to j) = 1 / (1 + exp(-(value_i - value_j)))."""

    method: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Strengths:
    """Bradley-Terry of all methods, best first. ``note`` says why there is none."""

    methods: tuple[Strength, ...]
    note: str = ""


@dataclass(frozen=True)
class Davidson:
    """Davidson's model (JASA 65, 1970): P(tie) = ties / (2 + ties) between equals.

    Fitted as the log-linear Poisson model that has the same likelihood (statsmodels' GLM). ``values`` are
    centred log-strengths, ``se_ties`` the standard error of log ``ties``; both take votes as independent.
    """

    values: dict[str, float]
    ties: float
    se_log_ties: float


def bradley_terry(
    votes: pd.DataFrame, plan: Plan, methods: Sequence[str], *, both: bool = False
) -> Strengths:
    """Strengths with two-way cluster bootstrap intervals; ties are left out or half a win each."""
    votes = votes[votes["a"] != votes["b"]]
    votes = votes if plan.ties == "half" else votes[votes["score"] != 0.5]
    shown = [name for name in methods if name in set(votes["a"]) | set(votes["b"])]
    k = len(shown)
    if k < 2:
        return Strengths((), "Fewer than two methods were compared.")
    design = _design(votes, shown)
    values = fit(np.ones((1, len(votes))) @ design, k)[0]
    if np.isnan(values).any():
        return Strengths(
            (), "One method won or lost everything, or was never compared with the rest: no scale exists."
        )
    found = spread(
        lambda weights: fit(weights @ design, k, 1e-4), votes["participant"], votes["clip_id"],
        draws=plan.draws, seed=plan.seed, level=plan.level, both=both,
    )  # fmt: skip
    reach = found.quantile(plan.level) * found.se
    reach = np.where(np.isfinite(reach), reach, np.nan)
    order = np.argsort(-values, kind="stable")
    low, high = values - reach, values + reach
    return Strengths(
        tuple(Strength(shown[i], float(values[i]), float(low[i]), float(high[i])) for i in order),
        "" if np.isfinite(reach).all() else "Too few participants, clips or votes for intervals.",
    )  # fmt: skip


def _design(votes: pd.DataFrame, shown: Sequence[str]) -> Floats:
    """[n, k * k]: what a vote adds to the table of wins (row beats column)."""
    k, place = len(shown), {name: i for i, name in enumerate(shown)}
    a, b = votes["a"].map(place).to_numpy(int), votes["b"].map(place).to_numpy(int)
    score, rows = votes["score"].to_numpy(float), np.arange(len(votes))
    table = np.zeros((len(votes), k * k))
    table[rows, a * k + b] = score
    table[rows, b * k + a] = 1 - score
    return table


def fit(tables: Floats, k: int, tol: float = 1e-8) -> Floats:
    """Centred log-strengths [draws, k] of tables of wins [draws, k * k]; NaN where no finite ones exist."""
    import choix

    out = np.full((len(tables), k), np.nan)
    start, apart = None, ~np.eye(k, dtype=bool)
    for row, flat in enumerate(tables):
        wins = flat.reshape(k, k)
        if k == 2:
            if min(wins[0, 1], wins[1, 0]) > 0:
                half = 0.5 * np.log(wins[0, 1] / wins[1, 0])
                out[row] = half, -half
            continue
        if (wins[apart] <= 0).any() and connected_components(wins, connection="strong")[0] > 1:
            continue
        try:
            found = choix.ilsr_pairwise_dense(wins, initial_params=start, max_iter=200, tol=tol)
        except (RuntimeError, ValueError, np.linalg.LinAlgError):
            continue
        if np.abs(found).max() < HUGE:
            out[row] = found - found.mean()
            start = out[row] if start is None else start
    return out


def davidson(votes: pd.DataFrame, methods: Sequence[str]) -> Davidson | None:
    """Davidson's model of all answers, ties included; ``None`` without ties or without a finite fit."""
    import statsmodels.api as sm

    votes = votes[votes["a"] != votes["b"]]
    shown = [name for name in methods if name in set(votes["a"]) | set(votes["b"])]
    counts = votes.groupby(["a", "b"])["score"].value_counts().unstack(fill_value=0)
    if 0.5 not in counts or not {0.0, 1.0} <= set(counts.columns):
        return None
    place = {name: i for i, name in enumerate(shown)}
    k, rows, seen = len(shown), [], []
    for pair, ((a, b), row) in enumerate(counts.iterrows()):
        for outcome in (1.0, 0.5, 0.0):
            line = np.zeros(k + 1 + len(counts))
            line[place[a]], line[place[b]] = outcome, 1 - outcome
            line[k] = outcome == 0.5
            line[k + 1 + pair] = 1
            rows.append(line[1:])  # the first method's strength is 0 until all are centred
            seen.append(row[outcome])
    wins = np.zeros((k, k))
    for (a, b), row in counts.iterrows():
        wins[place[a], place[b]] += row[1.0] + row[0.5] / 2
        wins[place[b], place[a]] += row[0.0] + row[0.5] / 2
    if connected_components(wins, connection="strong")[0] > 1:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with two methods the model fits the counts exactly, as it should
        found = sm.GLM(np.array(seen, float), np.array(rows), family=sm.families.Poisson()).fit()
    values = np.concatenate([[0.0], found.params[: k - 1]])
    values -= values.mean()
    return Davidson(
        dict(zip(shown, map(float, values), strict=True)),
        float(np.exp(found.params[k - 1])),
        float(found.bse[k - 1]),
    )
