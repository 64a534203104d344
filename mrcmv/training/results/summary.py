"""Means over seeds with intervals over clips, and paired differences between rows.

A clip's hit is averaged over the seeds first; the interval then comes from resampling clips (the pool
held fixed). How far seeds lie apart is stated beside it, as a standard deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError
from mrcmv.training.metrics import KS, mean_interval
from mrcmv.training.results.outcome import Outcome


@dataclass(frozen=True)
class Figure:
    """A mean with its 95 % interval over clips and its standard deviation over seeds (0 for one)."""

    mean: float
    low: float
    high: float
    seeds_sd: float = 0.0

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Figure:
        """values: [seeds, clips]."""
        low, high = mean_interval(values.mean(axis=0))
        spread = float(values.mean(axis=1).std(ddof=1)) if len(values) > 1 else 0.0
        return cls(float(values.mean()), low, high, spread)


@dataclass(frozen=True)
class Line:
    """What a table says of one row: recalls in per cent by K, both directions and both pools."""

    row: str
    seeds: int
    pool: int
    recall: dict[int, Figure]
    median_rank: float
    reverse: dict[int, Figure]
    separated: dict[int, Figure] | None


def hits(outcomes: Sequence[Outcome], name: str, k: int, *, reverse: bool = False) -> NDArray[np.float64]:
    """[seeds, clips]: 100 where the right one is among the first k, else 0."""
    ids = {outcome.ids for outcome in outcomes}
    if len(ids) != 1:
        raise UserError("These results are of different clips: run their rows again on one data set.")
    found = [getattr(each.judged[name], "reverse" if reverse else "ranks") for each in outcomes]
    return np.asarray(100.0 * (np.asarray(found) <= k), dtype=np.float64)


def line(outcomes: Sequence[Outcome], name: str) -> Line:
    """Summarise the seeds of one row; ``name`` is the judged matrix, e.g. "clean/both"."""
    other = name.replace("clean/", "separated/")
    there = other != name and all(other in each.judged for each in outcomes)
    ranks = np.asarray([each.judged[name].ranks for each in outcomes])
    return Line(
        row=outcomes[0].row,
        seeds=len(outcomes),
        pool=len(outcomes[0].ids),
        recall={k: Figure.of(hits(outcomes, name, k)) for k in KS},
        median_rank=float(np.median(ranks, axis=1).mean()),
        reverse={k: Figure.of(hits(outcomes, name, k, reverse=True)) for k in KS},
        separated={k: Figure.of(hits(outcomes, other, k)) for k in KS} if there else None,
    )


def difference(
    first: Sequence[Outcome], first_name: str, second: Sequence[Outcome], second_name: str, k: int
) -> Figure:
    """R@k of ``first`` minus R@k of ``second`` in points, on the same clips, seeds averaged on each side."""
    a, b = hits(first, first_name, k), hits(second, second_name, k)
    if first[0].ids != second[0].ids:
        raise UserError("These results are of different clips: run their rows again on one data set.")
    gain = a.mean(axis=0) - b.mean(axis=0)
    low, high = mean_interval(gain)
    return Figure(float(gain.mean()), low, high)


def by_seed(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Outcomes by row, seeds in order."""
    rows: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda each: each.seed):
        rows.setdefault(outcome.row, []).append(outcome)
    return rows
