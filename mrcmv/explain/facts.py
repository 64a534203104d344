"""Plain facts about a suggestion: only what was measured, stated, or counted.

A fact is a key with values; the sentence, in either language, belongs to whoever shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_WORDS = 2
"""Words in common that are told."""


@dataclass(frozen=True)
class Fact:
    """One of

    ``without_voice`` (rank), ``without_picture`` (rank)
        Where the track would stand if the voice, or the picture, were not there.
    ``same_word`` (word, count, others)
        So many of the other suggestions share this word (mood, genre, tag).
    ``faster``, ``slower`` (bpm, percent)
        Faster, or slower, than so much of the library's tracks whose tempo is known.
    ``wished`` (moved, because)
        Moved up because of what was asked for.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"fact": self.key, **self.values}


def gather_facts(
    *,
    words: Sequence[str],
    other_words: Sequence[Sequence[str]],
    bpm: float | None = None,
    library_bpm: Sequence[float] = (),
    rank: int | None = None,
    rank_without_voice: int | None = None,
    rank_without_picture: int | None = None,
    moved: int = 0,
    because: str = "",
) -> tuple[Fact, ...]:
    """All that can be said.

    Parameters
    ----------
    words, other_words
        Words of this track (the mood first, if any) and of each other suggestion.
    bpm, library_bpm
        Tempo of this track, and of all tracks where it is known, this one included.
    rank_without_voice, rank_without_picture
        None where the clip has no such part, or where it is not known.
    moved, because
        What a wish did; see `mrcmv.suggestions.Lift`.
    """
    facts = []
    if moved > 0 and because:
        facts.append(Fact("wished", {"moved": moved, "because": because}))
    for name, other in (("voice", rank_without_voice), ("picture", rank_without_picture)):
        if rank is not None and other is not None and other > rank:
            facts.append(Fact(f"without_{name}", {"rank": other}))
    facts += _common(words, other_words)
    facts += _tempo(bpm, library_bpm)
    return tuple(facts)


def _common(words: Sequence[str], other_words: Sequence[Sequence[str]]) -> list[Fact]:
    """Words shared with other suggestions; words that all share first."""
    if not other_words:
        return []
    counts = Counter(word for others in other_words for word in set(others))
    shared = sorted((word for word in words if counts[word]), key=lambda word: -counts[word])
    return [
        Fact("same_word", {"word": word, "count": counts[word], "others": len(other_words)})
        for word in shared[:MOST_WORDS]
    ]


def _tempo(bpm: float | None, library_bpm: Sequence[float]) -> list[Fact]:
    """Where the tempo lies in the library, when it lies clearly on one side."""
    if bpm is None or len(library_bpm) < 10:
        return []
    below = 100 * sum(other < bpm for other in library_bpm) / len(library_bpm)
    above = 100 * sum(other > bpm for other in library_bpm) / len(library_bpm)
    if below >= 66:
        return [Fact("faster", {"bpm": round(bpm), "percent": round(below)})]
    return [Fact("slower", {"bpm": round(bpm), "percent": round(above)})] if above >= 66 else []
