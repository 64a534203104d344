"""What a much larger catalogue would need, by arithmetic from what `benchmarks.scale` measured.

    python -m benchmarks.capacity --keep DIR [--tracks 100000000] [--memory-gb 64] [--cores 64]

DIR holds what `python -m benchmarks.scale --keep DIR` built and measured. Bytes and seconds of a window are
those of its largest size and of the hardest one (``full``); seconds of embedding are measured now, on one
thread. Everything is taken to grow in proportion to the windows.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.likeness import MEAN_WINDOWS
from benchmarks.measure import machine, table
from mrcmv.index.cells import MOST_CELLS, PROBES
from mrcmv.media import ANALYSIS_RATE, WINDOW_S

ID_BYTES = 8
QUANTISED = 32
"""Bytes of a window under product quantisation: two of 65 dimensions in each."""
FULL = 0.7
"""Share of a machine's memory that vectors may fill."""
COPIES = 2


def seconds_a_window(windows: int = 8) -> float:
    """CPU seconds of the shipped checkpoint for a window of 32 s, decoding aside."""
    import torch

    from mrcmv.model import load_model

    torch.set_num_threads(1)
    model = load_model("compact", device="cpu")
    sound = 0.1 * np.random.default_rng(0).standard_normal(round(WINDOW_S * ANALYSIS_RATE)).astype(np.float32)
    model.embed_music([sound])
    began = time.process_time()
    model.embed_music([sound] * windows)
    return (time.process_time() - began) / windows


def rows_of(keep: Path, windows: int, memory_gb: float) -> list[tuple[str, ...]]:
    """Space of every way to keep the windows."""
    kept: dict[str, dict[str, Any]] = json.loads((keep / "rows.json").read_text())
    largest = max((row for name, row in kept.items() if name[0].isdigit()), key=lambda row: row["windows"])
    ways = {
        f"as measured with {largest['windows']:,} windows": 1e6 * largest["disk_mb"] / largest["windows"],
        f"product quantisation, {QUANTISED} bytes": float(QUANTISED + ID_BYTES),
        "512 numbers of 32 bits, not searched": 512 * 4.0,
    }
    if "full" in kept:
        ways["vectors that fill 512 dimensions, 8 bits"] = (
            1e6 * kept["full"]["disk_mb"] / kept["full"]["windows"]
        )
    lines: list[tuple[str, ...]] = [("kept", "bytes a window", "GB", f"machines of {memory_gb:.0f} GB")]
    for name, each in ways.items():
        total = each * windows / 1e9
        lines.append((name, f"{each:.0f}", f"{total:,.0f}", f"{math.ceil(total / (FULL * memory_gb))}"))
    return lines


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=100_000_000)
    parser.add_argument("--memory-gb", type=float, default=64.0)
    parser.add_argument("--cores", type=int, default=64)
    asked = parser.parse_args()
    windows, cores = asked.tracks * MEAN_WINDOWS, asked.cores
    kept: dict[str, dict[str, Any]] = json.loads((asked.keep / "rows.json").read_text())
    largest = max((row for name, row in kept.items() if name[0].isdigit()), key=lambda row: row["windows"])
    print(machine())
    print(f"{asked.tracks:,} tracks of {MEAN_WINDOWS} windows: {windows:,} windows\n")
    print(table(rows_of(asked.keep, windows, asked.memory_gb)))
    window_s = seconds_a_window()
    hours = windows * window_s / 3600
    print(f"\nembedding: {window_s:.3f} s a window on one core; {hours:,.0f} core hours,", end=" ")
    print(f"{hours / cores / 24:,.1f} days on {cores} cores")
    each = largest["cpu_s"] / largest["windows"]
    cells = 2 ** round(math.log2(4 * math.sqrt(windows)))
    build = windows * each / 3600
    print(f"building: {1e6 * each:.0f} s of one core for a million windows: {build:,.0f} core hours,")
    print("  and more with more cells, as each window is compared with the middles of all of them")
    for count in (MOST_CELLS, cells):
        print(f"one query: {PROBES} of {count:,} cells are {PROBES * windows // count:,} windows to look at")
    print(
        f"a day's 100,000 new tracks: {100_000 * MEAN_WINDOWS * window_s / 3600:,.0f} core hours to embed,",
        end=" ",
    )
    print(f"{100_000 * MEAN_WINDOWS * each:,.0f} s to add")
    print(f"each part is kept {COPIES} times where one machine may fail: machines above times {COPIES}")


if __name__ == "__main__":
    main()
