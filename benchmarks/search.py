"""``python -m benchmarks.search``: five tracks out of many, beside numpy and a loop over tracks.

All three have the same unit vectors and must find the same tracks.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Ratio, least_seconds, machine, table

TRACKS, WINDOWS, DEPTH, TOP = 2000, 25, 512, 5
RUNS = 20


def main() -> list[Ratio]:
    from mrcmv.library import Index, Library
    from mrcmv.library.embeddings import TrackVectors, unit

    generator = np.random.default_rng(0)
    some = Library.open().tracks()[0]
    tracks = [dataclasses.replace(some, id=f"track-{number:05d}") for number in range(TRACKS)]
    whole = unit(generator.normal(size=(TRACKS, WINDOWS, DEPTH)).astype(np.float32))
    starts = np.arange(WINDOWS, dtype=np.float32) * 8
    index = Index(tracks, [TrackVectors(part, starts) for part in whole])
    query = unit(generator.normal(size=DEPTH).astype(np.float32))
    matrix = whole.reshape(-1, DEPTH)

    def faiss() -> list[int]:
        return [int(match.track.id[6:]) for match in index.search(query, TOP)]

    def brute() -> list[int]:
        best = (matrix @ query).reshape(TRACKS, WINDOWS).max(axis=1)
        return [int(place) for place in np.argsort(-best)[:TOP]]

    def loop() -> list[int]:
        best: list[tuple[float, int]] = []
        parts: NDArray[np.float32]
        for number, parts in enumerate(whole):
            best.append((float(max(parts @ query)), number))
        return [number for _, number in sorted(best, reverse=True)[:TOP]]

    assert faiss() == brute() == loop()
    print(f"search, {TRACKS} tracks of {WINDOWS} windows, {DEPTH} numbers each; {machine()}")
    found = {"Index.search (FAISS)": faiss, "numpy, one product": brute, "a loop over tracks": loop}
    times = {name: 1000 * least_seconds(work, RUNS) for name, work in found.items()}
    print(table([("", "ms"), *((name, f"{ms:.2f}") for name, ms in times.items())]))
    mine, numpy_ms, loop_ms = times.values()
    return [
        Ratio("search: numpy, one product", mine, numpy_ms, "ms"),
        Ratio("search: a loop over tracks", mine, loop_ms, "ms"),
    ]


if __name__ == "__main__":
    main()
