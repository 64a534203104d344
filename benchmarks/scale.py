"""Finding tracks among 1,000 to 1,000,000: `mrcmv.index` against all windows one by one.

    python -m benchmarks.scale --keep DIR [--only NAME ...]     builds what is not there yet, measures all
    python -m benchmarks.scale --keep DIR --build-only          may be stopped; goes on with the next size
    python -m benchmarks.scale --keep DIR --measure-only [--plot docs/scale.png]

Tracks have five windows on average and are made up in the likeness of real ones under the shipped
checkpoint (`benchmarks/likeness.py`). The size called ``full`` has vectors that fill all 512 dimensions.
The truth is the exact nearest ten tracks of the same set, found while building.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.likeness import Likeness
from benchmarks.measure import machine, run_module, table
from mrcmv.index import Entry, Hit, open_index
from mrcmv.index.types import Vectors

QUERIES, WARM = 1000, 100
PORTION = 2000
"""Tracks that are made at once."""
NEW_WINDOWS, GONE_TRACKS = 10_000, 1_000
FIRST_NEW = 10_000_000
"""Number of the first track that is added later."""


@dataclass(frozen=True)
class Size:
    name: str
    tracks: int
    milvus: bool = False
    spread_out: bool = False

    @property
    def likeness(self) -> Likeness:
        return Likeness(spread_out=self.spread_out)

    def address(self, keep: Path) -> str:
        return str(keep / self.name / ("index.db" if self.milvus else "index"))


SIZES = (
    Size("1k", 1_000),
    Size("10k", 10_000),
    Size("100k", 100_000),
    Size("200k", 200_000),
    Size("full", 200_000, spread_out=True),
    Size("1m", 1_000_000),
    Size("milvus-2k", 2_000, milvus=True),
    Size("milvus-20k", 20_000, milvus=True),
)


def portions(size: Size, tracks: int, first: int = 0) -> Iterator[tuple[int, Vectors, NDArray[np.int64]]]:
    """(number of the first track, its and the following tracks' windows, their counts)."""
    likeness = size.likeness
    for at in range(first, first + tracks, PORTION):
        yield at, *likeness.tracks(at, min(PORTION, first + tracks - at))


def entries(size: Size, tracks: int, first: int = 0) -> Iterator[Entry]:
    for at, vectors, counts in portions(size, tracks, first):
        for number, windows in enumerate(np.split(vectors, np.cumsum(counts)[:-1])):
            yield Entry(f"track-{at + number}", windows, 8.0 * np.arange(len(windows), dtype=np.float32))


class Nearest:
    """The exact nearest ``k`` tracks of some queries, kept while tracks pass by."""

    def __init__(self, queries: Vectors, k: int = 10) -> None:
        self.queries, self.k = queries, k
        self.numbers = np.full((len(queries), k), -1)
        self.cosines = np.full((len(queries), k), -2.0, np.float32)

    def see(self, first: int, vectors: Vectors, counts: NDArray[np.int64]) -> None:
        edges = np.cumsum(counts) - counts
        best = np.maximum.reduceat(self.queries @ vectors.T, edges, axis=1)
        numbers = np.broadcast_to(first + np.arange(len(counts)), best.shape)
        cosines, numbers = np.hstack([self.cosines, best]), np.hstack([self.numbers, numbers])
        order = np.argsort(-cosines, axis=1, kind="stable")[:, : self.k]
        self.cosines = np.take_along_axis(cosines, order, axis=1)
        self.numbers = np.take_along_axis(numbers, order, axis=1)


def build(size: Size, keep: Path) -> None:
    """One size, into its own folder; ``built.json`` is written last."""
    folder = keep / size.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    likeness = size.likeness
    began = time.perf_counter()
    truth = Nearest(likeness.queries(QUERIES))
    windows = 0
    for at, vectors, counts in portions(size, size.tracks):
        truth.see(at, vectors, counts)
        windows += len(vectors)
    making_s = time.perf_counter() - began
    np.savez(folder / "truth.npz", numbers=truth.numbers, cosines=truth.cosines)
    index = open_index(size.address(keep), likeness.dimension)
    began, cpu = time.perf_counter(), time.process_time()
    made_s = 0.0

    def counted() -> Iterator[Entry]:
        """The tracks, with the seconds that making them up took apart."""
        nonlocal made_s
        stream = entries(size, size.tracks)
        while True:
            start = time.process_time()
            entry = next(stream, None)
            made_s += time.process_time() - start
            if entry is None:
                return
            yield entry

    added = index.add(counted())
    index.save()
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    assert added == windows == len(index)
    index.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    told: dict[str, Any] = {
        "tracks": size.tracks,
        "windows": windows,
        "wall_s": wall_s,
        "cpu_s": cpu_s - made_s,
    }
    told |= {"making_cpu_s": made_s, "truth_s": making_s, "peak_mb": peak_mb, "machine": machine()}
    (folder / "built.json").write_text(json.dumps(told, indent=1))


def resident_mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


def each_ms(search: Callable[[Vectors], object], queries: Vectors) -> list[float]:
    times = []
    for query in queries:
        began = time.perf_counter()
        search(query)
        times.append(1e3 * (time.perf_counter() - began))
    return times


def recall(truth: NDArray[np.int64], found: list[list[Hit]], gone: frozenset[str] = frozenset()) -> float:
    """Share of the true nearest tracks that were found, those left aside that are gone."""
    shares = []
    for numbers, hits in zip(truth.tolist(), found, strict=True):
        wanted = {f"track-{number}" for number in numbers} - gone
        if wanted:
            shares.append(len(wanted & {hit.track_id for hit in hits}) / len(wanted))
    return float(np.mean(shares))


def measure(size: Size, keep: Path) -> dict[str, float]:
    """Searching, in a fresh process: opening from the disk first, changes last; nothing is saved."""
    folder, likeness = keep / size.name, size.likeness
    with np.load(folder / "truth.npz") as kept:
        numbers, cosines = kept["numbers"], kept["cosines"]
    queries = likeness.queries(QUERIES)
    open_index(str(keep / "nothing"), likeness.dimension).close()  # libraries are loaded now
    before, began = resident_mb(), time.perf_counter()
    index = open_index(size.address(keep), likeness.dimension)
    told = {"open_ms": 1e3 * (time.perf_counter() - began), "opened_mb": resident_mb() - before}
    told["first_ms"] = each_ms(lambda query: index.search(query, 10), queries[:1])[0]
    for query in queries[:WARM]:
        index.search(query, 10)
    found: list[list[Hit]] = []
    cpu = time.process_time()
    times = each_ms(lambda query: found.append(index.search(query, 10)), queries)
    told["cpu_ms"] = 1e3 * (time.process_time() - cpu) / len(queries)
    told |= {f"p{share}_ms": float(np.percentile(times, share)) for share in (50, 99)}
    told |= {"recall": recall(numbers, found), "searched_mb": resident_mb() - before}
    off = [abs(hits[0].similarity - best) for hits, best in zip(found, cosines[:, 0], strict=True) if hits]
    told["off"] = float(np.median(off))
    if size.milvus:
        index.close()
        return told
    stored = sum(path.stat().st_size for path in (keep / size.name / "index").iterdir())
    told["disk_mb"] = stored / 1e6
    told |= changes(size, index, numbers, cosines, queries)
    told["changed_mb"] = resident_mb() - before
    index.close()
    return told


def changes(
    size: Size, index: Any, numbers: NDArray[np.int64], cosines: Vectors, queries: Vectors
) -> dict[str, float]:
    """10,000 windows more, 1,000 tracks less (those that queries find first too); what is found then."""
    told = {}
    began = time.perf_counter()
    index.add(entries(size, 1, FIRST_NEW - 1))
    told["read_in_ms"] = 1e3 * (time.perf_counter() - began)
    new = size.likeness.counts(FIRST_NEW, PORTION)
    tracks = int(np.searchsorted(np.cumsum(new), NEW_WINDOWS)) + 1
    portion = list(entries(size, PORTION, FIRST_NEW))[:tracks]
    began = time.perf_counter()
    index.add(portion)
    told["add_s"] = time.perf_counter() - began
    first_found = np.unique(numbers[:, 0])
    others = np.setdiff1d(np.arange(size.tracks), numbers)[: GONE_TRACKS - len(first_found)]
    gone = frozenset(f"track-{number}" for number in (*first_found, *others))
    began = time.perf_counter()
    index.remove(sorted(gone))
    told |= {"remove_s": time.perf_counter() - began, "removed": len(gone)}
    truth = Nearest(queries)
    truth.numbers, truth.cosines = numbers.copy(), cosines.copy()
    windows = np.concatenate([entry.vectors for entry in portion])
    truth.see(FIRST_NEW, windows, np.array([len(entry.vectors) for entry in portion]))
    found = [index.search(query, 10) for query in queries]
    told["changed_recall"] = recall(truth.numbers, found, gone)
    told["ghosts"] = sum(hit.track_id in gone for hits in found for hit in hits)
    return told


def measure_exact(size: Size) -> dict[str, float]:
    """One query over all windows: FAISS's flat index, and `numpy`, 512 dimensions each."""
    import faiss

    from mrcmv.media import thread_budget

    faiss.omp_set_num_threads(thread_budget())
    likeness = size.likeness
    flat = faiss.IndexFlatIP(likeness.dimension)
    for _, vectors, _ in portions(size, size.tracks):
        flat.add(vectors)
    queries = likeness.queries(20)
    flat.search(queries[:1], 160)
    times = each_ms(lambda query: flat.search(query[None], 160), queries)
    return {"exact_ms": float(np.median(times)), "exact_mb": 4e-6 * flat.ntotal * flat.d}


COLUMNS = (
    ("name", ""), ("tracks", "tracks"), ("windows", "windows"), ("recall", "recall@10"),
    ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"), ("cpu_ms", "CPU ms"), ("exact_ms", "all ms"),
    ("exact_mb", "all MB"), ("disk_mb", "disk MB"), ("open_ms", "open ms"), ("first_ms", "first ms"),
    ("opened_mb", "opened MB"), ("searched_mb", "searched MB"),
)  # fmt: skip
BUILDING = (
    ("name", ""), ("wall_s", "build s"), ("cpu_s", "CPU s"), ("peak_mb", "peak MB"),
    ("read_in_ms", "read in ms"), ("add_s", "add s"), ("remove_s", "remove s"), ("removed", "removed"),
    ("changed_recall", "recall@10 then"), ("ghosts", "removed ones found"), ("changed_mb", "changed MB"),
)  # fmt: skip


def shown(rows: list[dict[str, Any]], columns: tuple[tuple[str, str], ...]) -> str:
    def figure(value: Any) -> str:
        if isinstance(value, str | None):
            return value or "-"
        return f"{value:,.3g}" if abs(value) < 100 and value != int(value) else f"{value:,.0f}"

    lines = [tuple(title for _, title in columns)]
    lines += [tuple(figure(row.get(key)) for key, _ in columns) for row in rows]
    return table(lines)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """How a query, building, memory and disk grow with the catalogue."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    def draw(axes: Any, some: list[dict[str, Any]], key: str, style: str, color: str, label: str) -> None:
        at = [row["windows"] for row in some]
        axes.loglog(at, [max(0.01, row[key]) for row in some], style, color=color, label=label)

    grey, blue, green = "#6a737d", "#1f6feb", "#2da44e"
    rows = [row for row in rows if not row["name"].startswith(("full", "milvus"))]
    exact = [row for row in rows if "exact_ms" in row]
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    draw(left, exact, "exact_ms", "o-", grey, "all windows")
    draw(left, rows, "p50_ms", "o-", blue, "index, median")
    draw(left, rows, "p99_ms", "o--", blue, "index, 99 of 100")
    left.set(xlabel="windows", ylabel="ms", title="One query")
    draw(middle, rows, "wall_s", "o-", blue, "by the clock, machine shared")
    draw(middle, rows, "cpu_s", "o--", green, "of one core")
    middle.set(xlabel="windows", ylabel="seconds", title="Building")
    draw(right, exact, "exact_mb", "o-", grey, "float vectors in memory")
    draw(right, rows, "disk_mb", "o-", blue, "index on disk")
    draw(right, rows, "searched_mb", "o--", green, "index in memory, searched")
    right.set(xlabel="windows", ylabel="MB", title="Space")
    for axes in (left, middle, right):
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.2)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="folder of the indexes; some 5 GB")
    parser.add_argument("--only", nargs="*", choices=[size.name for size in SIZES], help="sizes")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--plot", type=Path, help="PNG or SVG to draw the growth into")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "SIZE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    keep: Path = asked.keep
    if asked.step:
        size = next(size for size in SIZES if size.name == asked.step[1])
        steps: dict[str, Callable[[], object]] = {
            "build": lambda: build(size, keep),
            "measure": lambda: measure(size, keep),
            "exact": lambda: measure_exact(size),
        }
        print(json.dumps(steps[asked.step[0]]()))
        return
    sizes = [size for size in SIZES if not asked.only or size.name in asked.only]
    print(f"vectors of 512 numbers; {QUERIES} queries, one after the other; {machine()}", flush=True)
    common = ("--keep", str(keep))
    for size in sizes:
        if not asked.measure_only and not (keep / size.name / "built.json").exists():
            print(f"building {size.name} ...", flush=True)
            run_module("benchmarks.scale", *common, "--step", "build", size.name, timeout_s=7200)
    if asked.build_only:
        return
    rows = []
    for size in sizes:
        built = keep / size.name / "built.json"
        if not built.exists():
            continue
        row = {"name": size.name, **json.loads(built.read_text())}
        row |= run_module("benchmarks.scale", *common, "--step", "measure", size.name).said
        if not size.milvus and not size.spread_out and size.tracks <= 200_000:
            row |= run_module("benchmarks.scale", *common, "--step", "exact", size.name).said
        rows.append(row)
        print(json.dumps(row), flush=True)
        kept = keep / "rows.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        kept.write_text(json.dumps({**known, size.name: row}, indent=1))
    print(f"\n{shown(rows, COLUMNS)}\n\n{shown(rows, BUILDING)}")
    if asked.plot:
        known = json.loads((keep / "rows.json").read_text())
        rows = [known[size.name] for size in SIZES if size.name in known]
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
