"""How quick the page's ranking is with a library of 100,000 tracks. Run from the project's folder.

    python -m benchmarks.large_library [--tracks 100000] [--words]

Made-up tracks with vectors in the likeness of real ones (`benchmarks/likeness.py`), some five windows each.
The index as the page has it is compared with one over the vectors as they are, 512 numbers each: are the
tracks, their order and their best moments the same, and what does a ranking cost? With ``--words`` a text
is ranked by, too (the texts of the tracks are encoded first, which takes minutes).
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.browsing import FILTERS, make_track
from benchmarks.likeness import Likeness
from benchmarks.measure import machine, table
from mrcmv.index.types import Vectors
from mrcmv.library import Index, TrackVectors
from mrcmv.library import index as library_index
from mrcmv.ranking import rank
from mrcmv.suggestions import Wish
from mrcmv.words import Words
from mrcmv.words.describe import sentence

QUERIES, TOP = 30, 5


def make_vectors(tracks: int) -> list[TrackVectors]:
    likeness, made = Likeness(), []
    for first in range(0, tracks, 2000):
        vectors, counts = likeness.tracks(first, min(2000, tracks - first))
        made += [
            TrackVectors(part, 8.0 * np.arange(len(part), dtype=np.float32))
            for part in np.split(vectors, np.cumsum(counts)[:-1])
        ]
    return made


def times_ms(work: Callable[[Vectors], object], queries: Vectors) -> tuple[float, float]:
    """Median and largest of single calls, the first left out."""
    times = []
    for query in queries:
        began = time.perf_counter()
        work(query)
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times[1:]), max(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--words", action="store_true")
    asked = parser.parse_args()
    print(machine())
    chance = random.Random(0)
    tracks = [make_track(number, chance) for number in range(asked.tracks)]
    vectors, queries = make_vectors(asked.tracks), Likeness().queries(QUERIES)
    began = time.perf_counter()
    index = Index(tracks, vectors)
    built_s = time.perf_counter() - began
    library_index.TURNED_FROM = 10**9
    plain = Index(tracks, vectors)
    sizes = [4e-6 * len(each) * each.width for each in (index, plain)]
    print(
        f"{len(tracks):,} tracks, {len(index):,} windows of {index.width} numbers; {built_s:.1f} s to build"
    )
    print(f"vectors in memory: {sizes[0]:,.0f} MB, as they are {sizes[1]:,.0f} MB")
    wishes = {
        "clip alone": Wish(),
        "mood": Wish(filter=FILTERS["mood"]),
        "mood, tempo, licence": Wish(filter=FILTERS["mood, tempo, licence"]),
        "without 200 tracks": Wish(exclude=frozenset(track.id for track in tracks[:200])),
        "like a track": Wish(like=tracks[17].id),
    }
    words = None
    if asked.words:
        words = Words()
        began = time.perf_counter()
        words.prepare(tracks)
        texts, took_s = len({sentence(track) for track in tracks}), time.perf_counter() - began
        print(f"{texts:,} different texts of the tracks encoded in {took_s:.0f} s")
        wishes["slower, sad piano"] = Wish(text="slower, sad piano")
    rows: list[tuple[str, ...]] = [
        ("wish", "ms", "slowest", "as they are ms", "same tracks and moments", "off")
    ]
    for name, wish in wishes.items():
        same, off = 0, 0.0
        for query in queries[:10]:
            (found, _), (truth, _) = (rank(each, query, wish, TOP, words=words) for each in (index, plain))
            same += [(m.track.id, m.start_s) for m in found] == [(m.track.id, m.start_s) for m in truth]
            off = max(off, *(abs(a.similarity - b.similarity) for a, b in zip(found, truth, strict=True)))
        some = queries if not wish.text else queries[:5]
        middle, slowest = times_ms(lambda query, w=wish: rank(index, query, w, TOP, words=words), some)  # type: ignore[misc]
        before, _ = times_ms(lambda query, w=wish: rank(plain, query, w, TOP, words=words), some[:10])  # type: ignore[misc]
        rows.append((name, f"{middle:.1f}", f"{slowest:.1f}", f"{before:.0f}", f"{same} of 10", f"{off:.0e}"))
        print(table([rows[0], rows[-1]]), flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
