"""Linear pieces that several baselines share: scaling, ridge regression, Gaussian scores, chosen by folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.baselines.clipset import Table
from mrcmv.training.metrics import ranks

FloatArray = NDArray[np.float64]
Choice = TypeVar("Choice")
WITHIN = 3.0


@dataclass(frozen=True)
class Scaler:
    """Mean 0 and spread 1 over the training clips, held within +-3; unknown values become the mean."""

    names: tuple[str, ...]
    mean: FloatArray
    spread: FloatArray

    @classmethod
    def fit(cls, table: Table) -> Scaler:
        """Columns that are constant or unknown for all training clips are left out."""
        values = np.asarray(table.values, dtype=np.float64)
        known = np.isfinite(values)
        count = known.sum(0)
        mean = np.where(known, values, 0).sum(0) / np.maximum(count, 1)
        spread = np.sqrt(np.where(known, (values - mean) ** 2, 0).sum(0) / np.maximum(count, 1))
        keep = (count > 1) & (spread > 1e-6)
        names = tuple(name for name, kept in zip(table.names, keep, strict=True) if kept)
        return cls(names, mean[keep], spread[keep])

    def __call__(self, table: Table) -> FloatArray:
        """[n, k] of a table that has this scaler's columns in this scaler's order."""
        if table.names != self.names:
            raise ValueError("the table must have the columns of training: ask for them by `like`")
        values = (np.asarray(table.values, dtype=np.float64) - self.mean) / self.spread
        return np.clip(np.where(np.isfinite(values), values, 0.0), -WITHIN, WITHIN)


def ridge(inputs: FloatArray, outputs: FloatArray, strength: float) -> tuple[FloatArray, FloatArray]:
    """(weights [k, m], offset [m]) that minimise squared error + n * strength * squared weights."""
    centre, middle = inputs.mean(0), outputs.mean(0)
    shifted = inputs - centre
    # with more columns than clips the dual form is the smaller one
    if inputs.shape[1] > inputs.shape[0]:
        gram = shifted @ shifted.T + len(inputs) * strength * np.eye(len(inputs))
        weights = shifted.T @ np.linalg.solve(gram, outputs - middle)
    else:
        gram = shifted.T @ shifted + len(inputs) * strength * np.eye(inputs.shape[1])
        weights = np.linalg.solve(gram, shifted.T @ (outputs - middle))
    return weights, middle - centre @ weights


def gaussian_evidence(
    predicted: FloatArray, residual: FloatArray, prior: FloatArray, targets: FloatArray
) -> FloatArray:
    """log p(query | track) up to a constant per query, float64 [queries, tracks].

    A regression tells p(track's numbers | query) = N(predicted, residual); by Bayes the query's
    likelihood is that over the prior N(0, prior) of the numbers, without which an uncertain
    regression would favour average tracks.

    Parameters
    ----------
    predicted
        [queries, m], relative to the prior's mean as ``targets`` [tracks, m].
    residual, prior
        Covariances [m, m].
    """
    inverse = np.linalg.inv(residual)
    difference = predicted[:, None, :] - targets[None, :, :]
    fit = -0.5 * np.einsum("qtm,mk,qtk->qt", difference, inverse, difference)
    usual = -0.5 * np.einsum("tm,mk,tk->t", targets, np.linalg.inv(prior), targets)
    return np.asarray(fit - usual)


def standard_rows(similarity: NDArray[np.floating]) -> FloatArray:
    """Every query's scores with mean 0 and spread 1, so that scores of several sources may be added."""
    centred = similarity - similarity.mean(1, keepdims=True)
    return np.asarray(centred / (centred.std(1, keepdims=True) + 1e-9), dtype=np.float64)


def unit(values: NDArray[np.floating]) -> FloatArray:
    """Rows of length 1."""
    return np.asarray(values / (np.linalg.norm(values, axis=1, keepdims=True) + 1e-12), dtype=np.float64)


def folds(
    tracks: Sequence[str], parts: int, seed: int, once: bool = False
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(to learn, to judge) indices of clips; tracks are dealt to the folds, so no rendition is on both sides.

    ``once``: of the clips of a track only the first is judged, so that every query has one right track.
    """
    names = list(dict.fromkeys(tracks))
    order = np.random.default_rng([seed, 71]).permutation(len(names))
    fold = {names[name]: place % parts for place, name in enumerate(order)}
    dealt = np.array([fold[track] for track in tracks])
    first = np.array([tracks.index(track) == place for place, track in enumerate(tracks)])
    keep = first if once else np.ones(len(tracks), dtype=bool)
    return [(np.flatnonzero(dealt != part), np.flatnonzero((dealt == part) & keep)) for part in range(parts)]


@dataclass(frozen=True)
class Trial:
    """One round of choosing: (query, track) features to learn from and to judge by."""

    learn: tuple[FloatArray, FloatArray]
    judge: tuple[FloatArray, FloatArray]


def trials(
    train: tuple[FloatArray, FloatArray],
    validation: tuple[FloatArray, FloatArray],
    tracks: Sequence[str],
    seed: int,
    parts: int = 5,
) -> list[Trial]:
    """Folds of the training clips, and as one more round all of them judged by the validation clips.

    ``tracks`` names the track of every training clip.
    """
    rounds = [
        Trial((train[0][learn], train[1][learn]), (train[0][judge], train[1][judge]))
        for learn, judge in folds(tracks, parts, seed, once=True)
    ]
    return [*rounds, Trial(train, validation)] if len(validation[0]) > 1 else rounds


def mean_relative_rank(similarity: NDArray[np.floating]) -> float:
    """0 where every query finds its own first, about 0.5 by chance; less noisy on few clips than any R@K."""
    found = ranks(similarity)
    return float((found - 1).mean() / max(len(found) - 1, 1))


def choose(options: Sequence[Choice], judge: Callable[[Choice], float]) -> Choice:
    """The option with the lowest value; the first of equals."""
    return min(options, key=judge)
