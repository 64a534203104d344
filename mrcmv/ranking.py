"""Ranks the library for a clip and what its creator wishes beside it.

Similarities of different kinds lie on different scales, so each is standardised over the whole
library (mean 0, spread 1) before they are added: (1 - strength) * clip + strength * wish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError
from mrcmv.suggestions import Lift, Steering, Wish

if TYPE_CHECKING:
    from mrcmv.library import Index, Match

Scores = NDArray[np.float64]


def rank(
    index: Index, query: NDArray[np.float32], wish: Wish, top_k: int
) -> tuple[list[Match], Steering | None]:
    """The best ``top_k`` tracks for a query [d], best first, and how far the wish steered.

    Raises
    ------
    mrcmv.media.UserError
        The example is not in the library.
    """
    allowed = wish.allows if wish.filter or wish.exclude else None
    if not wish.steers:
        return index.search(query, top_k, allowed), None
    return _steered(index, query, wish, top_k)


def _steered(
    index: Index, query: NDArray[np.float32], wish: Wish, top_k: int
) -> tuple[list[Match], Steering]:
    from mrcmv.library import Match

    similarities, starts = index.best_windows(query)
    clip = (1 - wish.strength) * standardise(similarities)
    wished = wish.strength * standardise(example_scores(index, wish))
    places = np.array([i for i, track in enumerate(index.tracks) if wish.allows(track)], int)
    ids = [index.tracks[i].id for i in places]
    before = {int(place): rank for rank, place in enumerate(_order(places, clip, ids), start=1)}
    best = _order(places, clip + wished, ids)[:top_k]
    matches = [Match(index.tracks[i], float(similarities[i]), float(starts[i])) for i in best]
    lifts = tuple(
        Lift(index.tracks[i].id, before[int(i)], rank, float(clip[i]), float(wished[i]))
        for rank, i in enumerate(best, start=1)
    )
    return matches, Steering(wish.strength, lifts)


def example_scores(index: Index, wish: Wish) -> Scores:
    """Cosine of every track's best window to the example; the example itself is one of them."""
    assert wish.like is not None
    vector = index.track_vector(wish.like)
    if vector is None:
        raise UserError("The track that was given as an example is not in the library: choose another one.")
    return index.best_windows(vector)[0].astype(np.float64)


def standardise(values: NDArray[np.floating]) -> Scores:
    """Mean 0 and spread 1 over all tracks; zeros when all are alike."""
    numbers = np.asarray(values, np.float64)
    spread = float(numbers.std()) if numbers.size else 0.0
    return (numbers - numbers.mean()) / spread if spread > 1e-9 else np.zeros_like(numbers)


def _order(places: NDArray[np.int_], scores: Scores, ids: list[str]) -> list[int]:
    """Places by score, best first; equal scores by track id."""
    return [int(places[i]) for i in np.lexsort((np.array(ids), -scores[places]))]
