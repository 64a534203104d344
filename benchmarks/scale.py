"""Finding tracks among up to a million windows: `mrcmv.index` against all windows one by one.

    python -m benchmarks.scale [--most 1000000] [--plot docs/scale.png]

The vectors are made up, in the likeness of the shipped ones: their spread in every direction and how
near the windows of one track lie together are those of the starter library under the shipped
checkpoint, but spread over `DIRECTIONS` directions, since 28 tracks of one kind span only a few.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import machine, table
from mrcmv.index import Entry, open_index
from mrcmv.index.types import Vectors, unit

DIMENSION, DIRECTIONS, WINDOWS = 512, 64, 10
WITHIN = 0.984
"""Mean cosine between two windows of a track in the starter library."""
QUERIES = 300
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)


@dataclass(frozen=True)
class Row:
    """What one size costs. Milliseconds are of single queries, one after the other."""

    windows: int
    recall: float
    p50_ms: float
    p99_ms: float
    exact_ms: float
    build_s: float
    open_ms: float
    mapped_mb: float
    disk_mb: float
    add_ms: float
    remove_ms: float


class Catalogue:
    """Made-up tracks of ten windows each, the same for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._axes = np.linalg.qr(rng.standard_normal((DIMENSION, DIRECTIONS)))[0].T.astype(np.float32)
        self._spread: Vectors = (np.arange(1, DIRECTIONS + 1) ** -0.5).astype(np.float32)
        self._away = float(np.sqrt(1 / WITHIN - 1))

    def tracks(self, first: int, count: int) -> Vectors:
        """Windows [count * 10, 512] of tracks from number ``first`` on, unit vectors."""
        rng = np.random.default_rng([1, first])
        middles = unit(self._random(rng, count))
        windows = np.repeat(middles, WINDOWS, axis=0)
        return unit(windows + self._away * unit(self._random(rng, count * WINDOWS)))

    def queries(self, count: int) -> Vectors:
        return unit(self._random(np.random.default_rng(2), count))

    def _random(self, rng: np.random.Generator, count: int) -> Vectors:
        values = rng.standard_normal((count, DIRECTIONS), dtype=np.float32) * self._spread
        return np.asarray(values @ self._axes, np.float32)


def entries(catalogue: Catalogue, first: int, count: int) -> Iterator[Entry]:
    starts = 8.0 * np.arange(WINDOWS, dtype=np.float32)
    for at in range(first, first + count, 1000):
        some = min(1000, first + count - at)
        vectors = catalogue.tracks(at, some).reshape(some, WINDOWS, DIMENSION)
        for number in range(some):
            yield Entry(f"track-{at + number}", vectors[number], starts)


def nearest_tracks(
    catalogue: Catalogue, tracks: int, queries: Vectors, k: int
) -> tuple[NDArray[np.int64], float]:
    """The true ``k`` nearest tracks of every query, and milliseconds of one query over all windows."""
    import faiss

    flat = faiss.IndexFlatIP(DIMENSION)
    for at in range(0, tracks, 1000):
        flat.add(catalogue.tracks(at, min(1000, tracks - at)))
    _, windows = flat.search(queries, k * WINDOWS)
    truth = [list(dict.fromkeys(row.tolist()))[:k] for row in windows // WINDOWS]
    ms = _each_ms(lambda query: flat.search(query[None], k * WINDOWS), queries[:10])
    return np.array(truth), float(np.median(ms))


def _each_ms(search: Callable[[Vectors], object], queries: Vectors) -> list[float]:
    times = []
    for query in queries:
        began = time.perf_counter()
        search(query)
        times.append(1e3 * (time.perf_counter() - began))
    return times


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _resident_mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


def measure(windows: int, folder: Path) -> Row:
    """One size, in an empty folder."""
    catalogue, tracks = Catalogue(), windows // WINDOWS
    queries = catalogue.queries(QUERIES)
    truth, exact_ms = nearest_tracks(catalogue, tracks, queries, 10)
    index = open_index(str(folder), DIMENSION)
    build_s = _timed(lambda: index.add(entries(catalogue, 0, tracks))) + _timed(index.save)
    index.close()
    disk_mb = sum(path.stat().st_size for path in folder.iterdir()) / 1e6

    before = _resident_mb()
    began = time.perf_counter()
    index = open_index(str(folder), DIMENSION)
    open_ms = 1e3 * (time.perf_counter() - began)
    found = []
    for query in queries[:20]:
        index.search(query, 10)  # pages come in from the disk
    times = _each_ms(lambda query: found.append(index.search(query, 10)), queries)
    mapped_mb = _resident_mb() - before
    shares = [
        len({f"track-{number}" for number in wanted} & {hit.track_id for hit in hits}) / 10
        for wanted, hits in zip(truth.tolist(), found, strict=True)
    ]
    index.add(entries(catalogue, tracks, 1))  # what was mapped is read in for the first change
    add_ms = 1e3 * _timed(lambda: index.add(entries(catalogue, tracks + 1000, 1000))) / 1000
    remove_ms = 1e3 * _timed(lambda: index.remove(["track-7"]))
    index.close()
    return Row(
        windows, float(np.mean(shares)), float(np.percentile(times, 50)), float(np.percentile(times, 99)),
        exact_ms, build_s, open_ms, mapped_mb, disk_mb, add_ms, remove_ms,
    )  # fmt: skip


HEADINGS = (
    "windows", "recall@10", "p50 ms", "p99 ms", "all ms", "build s", "open ms", "memory MB", "disk MB",
    "add ms", "remove ms",
)  # fmt: skip


def _figure(value: float) -> str:
    return f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"


def plot(rows: list[Row], path: Path) -> None:
    """How a query and the disk grow with the catalogue."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    at = [row.windows for row in rows]
    left.loglog(at, [row.exact_ms for row in rows], "o-", color="#6a737d", label="all windows")
    left.loglog(at, [row.p50_ms for row in rows], "o-", color="#1f6feb", label="index, median")
    left.loglog(at, [row.p99_ms for row in rows], "o--", color="#1f6feb", label="index, 99 of 100")
    left.set(xlabel="windows", ylabel="ms for one query", title="Time")
    left.legend(frameon=False)
    right.loglog(at, [4e-6 * DIMENSION * n for n in at], "o-", color="#6a737d", label="float vectors")
    right.loglog(at, [row.disk_mb for row in rows], "o-", color="#1f6feb", label="index on disk")
    right.set(xlabel="windows", ylabel="MB", title="Space")
    right.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="windows of the largest catalogue")
    parser.add_argument("--plot", type=Path, help="PNG to draw the growth into")
    asked = parser.parse_args()
    print(f"tracks of {WINDOWS} windows of {DIMENSION} numbers; {QUERIES} queries; {machine()}")
    rows = []
    for size in (size for size in SIZES if size <= asked.most):
        folder = Path(tempfile.mkdtemp(prefix="mrcmv-scale-"))
        try:
            rows.append(measure(size, folder))
        finally:
            shutil.rmtree(folder)
        shown: list[tuple[str, ...]] = [HEADINGS]
        shown += [tuple(map(_figure, asdict(row).values())) for row in rows]
        print(table(shown), flush=True)
    last = rows[-1]
    times = last.exact_ms / last.p50_ms
    print(f"with {last.windows:,} windows one query over all of them takes {times:.0f} times as long")
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
