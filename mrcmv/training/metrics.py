"""How well queries find their own music: ranks, recalls and their uncertainty.

Every query has exactly one right track in the pool (one-to-one, as in the paper).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

KS = (1, 5, 10, 25)
RESAMPLES = 2000


def ranks(similarity: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rank of the right track of every query, 1 the best.

    ``similarity`` is [n, n]: rows are queries, columns tracks, the right one on the diagonal.
    Ties count against the query, so a network that says the same about all tracks scores nothing.
    """
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1]:
        raise ValueError("one right track per query: the matrix must be square")
    if not np.isfinite(similarity).all():
        raise ValueError("similarities must be finite")
    own = np.diagonal(similarity)[:, None]
    return np.asarray((similarity >= own).sum(axis=1), dtype=np.int64)


def summary(found: NDArray[np.int64], pool: int) -> dict[str, float]:
    """R@K in per cent, median and mean rank, MRR of the ranks ``found`` in a pool of tracks."""
    result = {f"R@{k}": 100.0 * float((found <= k).mean()) for k in KS}
    result["median_rank"] = float(np.median(found))
    result["mean_rank"] = float(found.mean())
    result["MRR"] = float((1.0 / found).mean())
    result["pool"] = float(pool)
    return result


def chance(pool: int) -> dict[str, float]:
    """What a random order scores on average."""
    result = {f"R@{k}": 100.0 * min(k, pool) / pool for k in KS}
    result["median_rank"] = result["mean_rank"] = (pool + 1) / 2
    result["MRR"] = float((1.0 / np.arange(1, pool + 1)).mean())
    result["pool"] = float(pool)
    return result


def mean_interval(values: Sequence[float] | NDArray[np.floating], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean, by resampling clips with replacement."""
    return _interval(np.asarray(values, dtype=np.float64), np.mean, seed)


def intervals(found: NDArray[np.int64], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % intervals (clip bootstrap, the pool held fixed) of what `summary` says."""
    result = {f"R@{k}": mean_interval(100.0 * (found <= k), seed) for k in KS}
    result["median_rank"] = _interval(found.astype(np.float64), np.median, seed)
    result["MRR"] = mean_interval(1.0 / found, seed)
    return result


def paired_difference(
    first: NDArray[np.int64], second: NDArray[np.int64], k: int, seed: int = 0
) -> dict[str, float | list[float]]:
    """R@K of ``first`` minus R@K of ``second`` on the same clips, in points, with its 95 % interval."""
    if first.shape != second.shape:
        raise ValueError("a paired difference needs the same clips on both sides")
    gain = 100.0 * ((first <= k).astype(np.float64) - (second <= k).astype(np.float64))
    return {"difference": float(gain.mean()), "interval": list(mean_interval(gain, seed))}


def _interval(values: NDArray[np.float64], statistic: object, seed: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    if len(values) < 2 or np.ptp(values) == 0:  # nothing varies: the bootstrap has nothing to say
        centre = float(statistic(values))  # type: ignore[operator]
        return centre, centre
    result = bootstrap(
        (values,), statistic, n_resamples=RESAMPLES, method="percentile", rng=np.random.default_rng(seed)
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
