"""Ranks the library for a clip and what its creator wishes beside it.

Similarities of different kinds lie on different scales, so each is standardised over the whole
library (mean 0, spread 1) before they are added: (1 - strength) * clip + strength * wish.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError
from mrcmv.suggestions import EXAMPLE, Lift, Steering, Wish

if TYPE_CHECKING:
    from mrcmv.explain import Fact
    from mrcmv.library import Index, Match, Track
    from mrcmv.model import Attribution
    from mrcmv.suggestions import Suggestions
    from mrcmv.words import Steered, Words

Scores = NDArray[np.float64]
PRESENT = 5
"""Of how many tracks that the clip alone suggests “slower” means slower than their middle."""
COMMON = 0.75
"""A word that more of the library has than this says nothing about a suggestion."""
BEHIND = 1000.0
"""Taken off the score of what surely has what is not wanted: it comes after everything else."""


def rank(
    index: Index,
    query: NDArray[np.float32],
    wish: Wish,
    top_k: int,
    *,
    words: Words | None = None,
    example: NDArray[np.float32] | None = None,
) -> tuple[list[Match], Steering | None]:
    """The best ``top_k`` tracks for a query [d], best first, and how far the wish steered.

    Parameters
    ----------
    words
        Needed when the wish has a text.
    example
        Vector [d] of the wish's sound file, needed when it has one.

    Raises
    ------
    mrcmv.media.UserError
        The wish's example is not in the library.
    """
    if not wish.steers:
        return index.search(query, top_k, wish.filter, wish.exclude), None
    similarities, starts = index.best_windows(query)
    places = np.flatnonzero(index.allows(wish.filter, wish.exclude))
    ids = index.id_order[places]
    clip = (1 - wish.strength) * standardise(similarities)
    alone = _order(places, standardise(similarities), ids)
    names, parts, steered = _parts(index, wish, alone[:PRESENT].tolist(), words, example)
    wished = wish.strength * standardise(parts.sum(axis=0))
    score = clip + wished - (BEHIND * steered.refused if steered else 0.0)
    best = _order(places, score, ids)[:top_k].tolist()

    from mrcmv.library import Match

    matches = [Match(index.tracks[i], float(similarities[i]), float(starts[i])) for i in best]
    before = np.zeros(len(index.tracks), int)
    before[alone] = np.arange(1, len(alone) + 1)
    lifts = tuple(
        Lift(
            index.tracks[i].id,
            int(before[i]),
            rank,
            float(clip[i]),
            float(wished[i]),
            _because(names, parts[:, i]),
        )
        for rank, i in enumerate(best, start=1)
    )
    understood = words.understand(wish.text) if words and wish.text else None
    refused = int(steered.refused[places].sum()) if steered else 0
    steering = Steering(
        wish.strength,
        lifts,
        steered.judged if steered else (),
        understood.unknown if understood else (),
        refused,
    )
    return matches, steering


def _parts(
    index: Index, wish: Wish, present: list[int], words: Words | None, example: NDArray[np.float32] | None
) -> tuple[list[str], Scores, Steered | None]:
    """Names and scores [parts, tracks] of what the wish holds: each ask of its text, and its examples."""
    names: list[str] = []
    rows: list[Scores] = []
    steered = None
    if words and wish.text.strip():
        steered = words.score(words.understand(wish.text).asks, index.tracks, present)
        names += [judged.ask.said for judged in steered.judged]
        rows += list(steered.parts)
    for vector in (example, _example(index, wish.like)):
        if vector is not None:
            names.append(EXAMPLE)
            rows.append(standardise(index.best_windows(vector)[0]))
    return names, np.array(rows).reshape(len(rows), len(index.tracks)), steered


def _example(index: Index, track_id: str | None) -> NDArray[np.float32] | None:
    if track_id is None:
        return None
    vector = index.track_vector(track_id)
    if vector is None:
        raise UserError("The track that was given as an example is not in the library: choose another one.")
    return vector


def _because(names: list[str], parts: Scores) -> str:
    """The part [parts] that spoke most for a track; empty when none spoke for it."""
    return names[int(parts.argmax())] if parts.size and parts.max() > 0 else ""


def standardise(values: NDArray[np.floating]) -> Scores:
    """Mean 0 and spread 1 over all tracks; zeros when all are alike."""
    numbers = np.asarray(values, np.float64)
    spread = float(numbers.std()) if numbers.size else 0.0
    return (numbers - numbers.mean()) / spread if spread > 1e-9 else np.zeros_like(numbers)


def _order(places: NDArray[np.int_], scores: Scores, ids: NDArray[np.int_]) -> NDArray[np.int_]:
    """Places by score, best first; equal scores in the order of ``ids``."""
    found: NDArray[np.int_] = places[np.lexsort((ids, -scores[places]))]
    return found


def track_words(track: Track) -> list[str]:
    """Mood, genre, instruments and tags, stated ones and measured ones; the mood first."""
    from mrcmv.words import said_words

    return list(said_words(track))


def ranking_facts(
    index: Index, suggestions: Suggestions, track: Track, blanked: Attribution
) -> tuple[Fact, ...]:
    """What can be said of a suggestion beside the others: words in common, tempo, the ranks without
    the clip's voice or picture, and what the wish did."""
    from mrcmv.explain import gather_facts

    counts = Counter(word for each in index.tracks for word in set(track_words(each)))
    common = {word for word, count in counts.items() if count > COMMON * len(index.tracks)}
    wish, others = suggestions.wish, [m.track for m in suggestions.matches if m.track.id != track.id]
    places = np.flatnonzero(index.allows(wish.filter, wish.exclude))
    ids = index.id_order[places]

    def place(query: NDArray[np.float32] | None) -> int | None:
        if query is None:
            return None
        order = [index.tracks[i].id for i in _order(places, standardise(index.best_windows(query)[0]), ids)]
        return order.index(track.id) + 1 if track.id in order else None

    lift = suggestions.steering.lift(track.id) if suggestions.steering else None
    return gather_facts(
        words=[word for word in track_words(track) if word not in common],
        other_words=[track_words(other) for other in others],
        bpm=track.tempo_bpm,
        library_bpm=[each.tempo_bpm for each in index.tracks if each.tempo_bpm],
        rank=place(suggestions.query),
        rank_without_voice=place(blanked.picture_only) if blanked.voice_only is not None else None,
        rank_without_picture=place(blanked.voice_only),
        moved=lift.moved if lift else 0,
        because=lift.because if lift else "",
    )
