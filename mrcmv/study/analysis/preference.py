"""How often one method is preferred to another, with intervals and tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.resampling import Floats, spread
from mrcmv.study.analysis.votes import order_of

Ends = tuple[float, float]
NONE = (float("nan"), float("nan"))


@dataclass(frozen=True)
class Preference:
    """Votes between ``a`` and ``b``. ``share`` is that of ``a``, 0..1, NaN without votes.

    ``wilson`` takes votes as independent; ``cluster`` is the two-way cluster bootstrap (see `resampling`)
    and ``cautious`` its pigeonhole form. ``p_exact`` is the two-sided exact binomial test of the decided
    votes against one half, ``p_cluster`` the test that belongs to ``cluster``; ``*_holm`` are corrected
    over all pairs.
    """

    a: str
    b: str
    votes_a: int
    votes_b: int
    ties: int
    participants: int
    clips: int
    share: float
    wilson: Ends
    cluster: Ends
    cautious: Ends
    p_exact: float
    p_cluster: float
    p_exact_holm: float = float("nan")
    p_cluster_holm: float = float("nan")
    note: str = ""

    @property
    def decided(self) -> int:
        return self.votes_a + self.votes_b

    @property
    def interval(self) -> Ends:
        """The interval to report: that which knows of clusters where there is one, else Wilson's."""
        return self.wilson if np.isnan(self.cluster[0]) else self.cluster


def preferences(votes: pd.DataFrame, plan: Plan) -> list[Preference]:
    """All pairs that had votes, or, with ``plan.against``, all methods against that one; Holm over them."""
    order = {name: place for place, name in enumerate(order_of(votes, plan))}
    groups = {key: group for key, group in votes.groupby(["a", "b"], sort=False) if key[0] != key[1]}
    if plan.against is not None:
        groups = {key: group for key, group in groups.items() if plan.against in key}
    keys = sorted(groups, key=lambda key: (order[key[0]], order[key[1]]))
    return correct([prefer(groups[key], *_facing(key, plan), plan) for key in keys])


def _facing(key: tuple[str, str], plan: Plan) -> tuple[str, str]:
    """The method that all are compared with is always the second."""
    return (key[1], key[0]) if key[0] == plan.against else key


def prefer(votes: pd.DataFrame, a: str, b: str, plan: Plan) -> Preference:
    """Votes [n] between ``a`` and ``b`` alone; see `Preference`."""
    score = votes["score"].to_numpy(float)
    if len(votes) and votes["a"].iloc[0] != a:
        score = 1 - score
    wins, losses, ties = (int((score == value).sum()) for value in (1.0, 0.0, 0.5))
    counted = votes if plan.ties == "half" else votes[score != 0.5]
    scores = score if plan.ties == "half" else score[score != 0.5]
    n = len(scores)
    share = float(scores.mean()) if n else float("nan")
    cluster, cautious, p_cluster, note = (
        _clustered(scores, counted, plan) if n else (NONE, NONE, float("nan"), "No votes.")
    )
    return Preference(
        a, b, wins, losses, ties, votes["participant"].nunique(), votes["clip_id"].nunique(), share,
        wilson(float(scores.sum()), n, plan.level), cluster, cautious,
        exact_p(wins, wins + losses), p_cluster, note=note,
    )  # fmt: skip


def wilson(wins: float, n: int, level: float = 0.95) -> Ends:
    """Wilson's interval of a share; half votes are allowed."""
    if not n:
        return NONE
    low, high = proportion_confint(wins, n, alpha=1 - level, method="wilson")
    return float(low), float(high)


def exact_p(wins: int, n: int) -> float:
    """Two-sided exact binomial test against one half."""
    return float(binomtest(wins, n, 0.5).pvalue) if n else float("nan")


def _clustered(scores: Floats, votes: pd.DataFrame, plan: Plan) -> tuple[Ends, Ends, float, str]:
    share = float(scores.mean())
    if votes["participant"].nunique() < 2 or votes["clip_id"].nunique() < 2:
        return (
            NONE,
            NONE,
            float("nan"),
            "One participant or one clip: no interval can tell how others would vote.",
        )
    if share in (0.0, 1.0):
        return NONE, NONE, float("nan"), "All votes went the same way: resampling them shows no spread."

    def statistic(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((weights @ scores) / weights.sum(axis=1))[:, None]

    found = spread(
        statistic, votes["participant"], votes["clip_id"], draws=plan.draws, seed=plan.seed, level=plan.level
    )
    # on log-odds, so that the ends stay inside 0..1 and the test agrees with the interval
    middle, se = logit(share), found.se[0] / (share * (1 - share))
    reach = found.quantile(plan.level) * se
    p = replace(found, se=np.array([se])).p_value(np.array([middle]))[0]
    cluster = (float(expit(middle - reach)), float(expit(middle + reach)))
    return cluster, (float(found.low[0]), float(found.high[0])), float(p), ""


def correct(found: list[Preference]) -> list[Preference]:
    """Holm's correction over all pairs that were tested."""
    exact, cluster = (holm([getattr(each, name) for each in found]) for name in ("p_exact", "p_cluster"))
    return [
        replace(each, p_exact_holm=e, p_cluster_holm=c)
        for each, e, c in zip(found, exact, cluster, strict=True)
    ]


def holm(p_values: list[float]) -> list[float]:
    """Holm-corrected p values; those that are missing stay missing and count for nothing."""
    given = np.asarray(p_values, float)
    out, there = np.full(len(given), np.nan), ~np.isnan(given)
    if there.sum() == 1:
        out[there] = given[there]  # nothing to correct
    elif there.any():
        out[there] = multipletests(given[there], method="holm")[1]
    return [float(value) for value in out]
