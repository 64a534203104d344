"""How quick the library's list is with 10,000 tracks. Run from the project's folder.

    python -m benchmarks.browsing [--tracks 10000] [--repeats 20]

Tracks are made up, their facts as long as real ones. Each way is timed over the same filters, the
median of the repeats is printed: `Library.search`, judging every track in a Python list that is in
memory already, and the same list read from the catalog first.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mrcmv.library import Index, Library, Rights, Track, TrackFilter
from mrcmv.library.catalog import Catalog
from mrcmv.library.embeddings import TrackVectors, unit
from mrcmv.library.filters import sort_key
from mrcmv.library.starter import load_starter

WORDS = ("battle", "sad", "victory", "night", "river", "steel", "dance", "forest", "dream", "storm", "wing")
MOODS = ("calm", "dark", "happy", "epic", "sad")
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "GPL-2.0-or-later")
FILTERS = {
    "everything": TrackFilter(),
    "text": TrackFilter(text="dre storm"),
    "mood": TrackFilter(moods=frozenset({"calm", "sad"})),
    "mood, tempo, licence": TrackFilter(
        moods=frozenset({"dark"}), tempo_min=100, tempo_max=130, share_alike_free=True
    ),
}


def make_track(number: int, chance: random.Random) -> Track:
    return Track(
        id=f"own-{number:012d}",
        title=" ".join(chance.choices(WORDS, k=3)),
        artist=f"Artist {chance.randrange(500)}",
        album=" ".join(chance.choices(WORDS, k=2)),
        sha256=f"{number:064d}",
        pack="own",
        rights=Rights.state(chance.choice(LICENCES), source="https://example.org"),
        duration_s=float(chance.randrange(30, 400)),
        tempo_bpm=float(chance.randrange(60, 180)),
        mood=chance.choice(MOODS),
        heard_moods=tuple(chance.sample(MOODS, 2)),
        instruments=("piano",),
        tagged=dict.fromkeys(WORDS, 0.1),
        peaks=tuple(round(chance.random(), 3) for _ in range(200)),
    )


def median_ms(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        tracks = [make_track(number, chance) for number in range(arguments.tracks)]
        library = Library(Path(folder), load_starter(), Path(folder))
        catalog = Catalog(Path(folder) / "catalog.sqlite")
        with catalog.writing() as database:
            for track in tracks:
                catalog.insert(database, track, track.sha256)
        measure(library, arguments.repeats)
        measure_index(tracks, arguments.repeats)


def measure(indexed: Library, repeats: int) -> None:
    count = len(indexed.tracks())
    print(f"{count} tracks, ms (times slower than Library.search)\n")
    print("| filter | passing | Library.search | list in memory | list read anew | counts by word |")
    print("|---|---|---|---|---|---|")

    def by_hand(library: Library, wanted: TrackFilter) -> object:
        passing = [track for track in library.tracks() if wanted(track)]
        return sorted(passing, key=lambda track: sort_key(track, "title"))[:50]

    def read_anew(wanted: TrackFilter) -> object:
        return by_hand(Library(indexed.folder, indexed.starter, indexed.folder), wanted)

    for name, wanted in FILTERS.items():
        ours = median_ms(lambda wanted=wanted: indexed.search(wanted), repeats)  # type: ignore[misc]
        others = [
            median_ms(lambda wanted=wanted: by_hand(indexed, wanted), repeats),  # type: ignore[misc]
            median_ms(lambda wanted=wanted: read_anew(wanted), 3),  # type: ignore[misc]
        ]
        facets = median_ms(lambda wanted=wanted: indexed.facets(wanted), repeats)  # type: ignore[misc]
        cells = " | ".join(f"{other:.1f} ({other / ours:.1f}x)" for other in others)
        print(f"| {name} | {indexed.search(wanted).total} | {ours:.1f} | {cells} | {facets:.1f} |")
    track_id = indexed.tracks()[-1].id
    ours = median_ms(lambda: indexed.get(track_id), repeats)
    walk = median_ms(lambda: next(t for t in indexed.tracks() if t.id == track_id), repeats)
    print(f"\nOne track by its id: {ours:.2f} ms; walking a list in memory: {walk:.2f} ms")


def measure_index(tracks: list[Track], repeats: int) -> None:
    generator = np.random.default_rng(0)
    starts = np.arange(20, dtype=np.float32) * 8
    vectors = [
        TrackVectors(unit(generator.standard_normal((20, 512)).astype(np.float32)), starts) for _ in tracks
    ]
    index = Index(tracks, vectors)
    query = generator.standard_normal(512).astype(np.float32)
    plain = median_ms(lambda: index.search(query, 5), repeats)
    print(f"\nNearest 5 of {len(index)} windows: {plain:.0f} ms", end="")
    for name, wanted in list(FILTERS.items())[1:]:
        fresh = median_ms(lambda wanted=wanted: index.search(query, 5, lambda t: wanted(t)), 3)  # type: ignore[misc]
        known = median_ms(lambda wanted=wanted: index.search(query, 5, wanted), repeats)  # type: ignore[misc]
        print(f"; {name}: {fresh:.0f} ms, the same filter again {known:.0f} ms", end="")
    print()


if __name__ == "__main__":
    main()
