"""``python -m benchmarks.suggest``: a suggestion for 32 s of 1080p, by stage, cold and warm.

Cold is the first suggestion of a new process, all loading included; warm is the median of three
more in the same process. Memory is the highest of the process and its children.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clips import full_hd_clip
from benchmarks.decoding import decode_alone
from benchmarks.measure import Ratio, machine, run_module, table

WARM_RUNS = 3


def child(clip: Path) -> None:
    """The measured process: one cold and several warm suggestions."""
    began = time.perf_counter()
    from mrcmv.recommender import Recommender

    recommender = Recommender()
    runs = []
    for _ in range(1 + WARM_RUNS):
        with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
            found = recommender.suggest(clip, Path(folder))
        runs.append(found.timings_s)
        if len(runs) == 1:
            cold = time.perf_counter() - began
    print(json.dumps({"cold_s": cold, "runs": runs, "has_voice": bool(found.speech)}))


def main() -> list[Ratio]:
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]))
        return []
    print(f"suggest, 32 s of 1080p with a voice-over; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as folder:
        clip = full_hd_clip(Path(folder))
        result = run_module("benchmarks.suggest", str(clip))
        limit = decode_alone(clip)
    cold, *warm = result.said["runs"]
    rows = [("stage", "cold s", "warm s")]
    medians = {stage: statistics.median(run[stage] for run in warm) for stage in cold}
    rows += [(stage, f"{cold[stage]:.2f}", f"{medians[stage]:.2f}") for stage in cold]
    rows.append(("with start of the process", f"{result.said['cold_s']:.2f}", ""))
    print(table(rows))
    print(f"peak memory {result.peak_mb:.0f} MB; voice found: {result.said['has_voice']}")
    print(f"decoding every picture of the clip alone, ffmpeg -f null: {limit.wall_s:.2f} s")
    return [Ratio("suggestion, warm: the limit, decoding alone", medians["total"], limit.wall_s, "s")]


if __name__ == "__main__":
    main()
