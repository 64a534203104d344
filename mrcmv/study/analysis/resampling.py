"""The cluster bootstrap over participants and clips: the one resampling that no library at hand does.

Votes of one participant are alike, and so are votes on one clip; `scipy.stats.bootstrap` resamples along one
axis only. Three one-way bootstraps are drawn: of participants, of clips, and of the cells where the two meet.
Their variances combine as those of two-way clustered errors do, V = V_participants + V_clips - V_cells
(Cameron, Gelbach and Miller, *Robust inference with multiway clustering*, JBES 29, 2011), with quantiles of
Student's t at min(participants, clips) - 1 degrees of freedom. Resampling both at once and taking percentiles
(Owen, *The pigeonhole bootstrap*, Annals of Applied Statistics 1, 2007) counts the variance inside cells
three times: it is kept beside it as the cautious bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Weights of the votes [draws, n] -> statistics [draws, k]; a weight says how often a vote was drawn."""
BLOCK = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True)
class Spread:
    """How far statistics [k] vary with people and clips.

    ``se`` is the combined standard error, ``df`` its degrees of freedom; ``low`` and ``high`` are percentiles
    of the bootstrap of both at once. All are NaN where a resample rarely has a value.
    """

    se: Floats
    df: int
    low: Floats
    high: Floats

    def quantile(self, level: float) -> float:
        """Half width of an interval in standard errors; infinite with one participant or one clip."""
        return float(stats.t.ppf((1 + level) / 2, self.df)) if self.df > 0 else float("inf")

    def p_value(self, estimate: Floats) -> Floats:
        """Two-sided p of statistics whose value is 0 when nothing is preferred."""
        if self.df < 1:
            return np.full_like(self.se, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * stats.t.sf(np.abs(estimate) / self.se, self.df))


def spread(
    statistic: Statistic,
    participants: ArrayLike,
    clips: ArrayLike,
    *,
    draws: int,
    seed: int,
    level: float = 0.95,
    both: bool = True,
) -> Spread:
    """Bootstrap over participants [n] and clips [n] of n votes; ``both``: the pigeonhole's ends, too."""
    rng = np.random.default_rng(seed)
    people = np.unique(np.asarray(participants), return_inverse=True)[1]
    films = np.unique(np.asarray(clips), return_inverse=True)[1]
    cells = np.unique(people * (films.max(initial=0) + 1) + films, return_inverse=True)[1]
    of_people, of_films, of_cells = (
        _draw(statistic, [group], rng, draws) for group in (people, films, cells)
    )
    pigeonhole = _draw(statistic, [people, films], rng, draws) if both else np.full_like(of_people, np.nan)
    one, two, shared = (_variance(each) for each in (of_people, of_films, of_cells))
    # a difference of estimates can fall below what one source alone gives; then that source is taken
    variance = np.maximum(one + two - shared, np.maximum(one, two))
    tail = 50 * (1 - level)
    low, high = _percentiles(pigeonhole, tail)
    return Spread(np.sqrt(variance), min(people.max(initial=-1), films.max(initial=-1)), low, high)


def _draw(
    statistic: Statistic, groups: list[NDArray[np.intp]], rng: np.random.Generator, draws: int
) -> Floats:
    """Statistics [draws, k] when each grouping [n] is resampled, independently of the others."""
    block = max(1, BLOCK // max(1, len(groups[0])))
    found = []
    for start in range(0, draws, block):
        weights = np.ones((min(block, draws - start), len(groups[0])))
        for group in groups:
            size = int(group.max(initial=-1)) + 1
            drawn = rng.multinomial(size, np.full(size, 1 / max(1, size)), len(weights))
            weights *= drawn[:, group]
        found.append(statistic(weights))
    return np.concatenate(found)


def _enough(drawn: Floats) -> NDArray[np.bool_]:
    return np.isfinite(drawn).mean(axis=0) > 0.9


def _variance(drawn: Floats) -> Floats:
    kept = np.where(np.isfinite(drawn), drawn, np.nan)
    out = np.full(drawn.shape[1], np.nan)
    enough = _enough(drawn)
    out[enough] = np.nanvar(kept[:, enough], axis=0, ddof=1)
    return out


def _percentiles(drawn: Floats, tail: float) -> tuple[Floats, Floats]:
    kept = np.where(np.isfinite(drawn), drawn, np.nan)
    out = np.full((2, drawn.shape[1]), np.nan)
    enough = _enough(drawn)
    if enough.any():
        out[:, enough] = np.nanpercentile(kept[:, enough], [tail, 100 - tail], axis=0)
    return out[0], out[1]
