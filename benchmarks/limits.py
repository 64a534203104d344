"""``python -m benchmarks.limits``: how near the networks come to what this machine can multiply.

The multiply-adds of each network are counted by torch; the machine's peak is the best of large products of
matrices (float32, all threads) in the same run. A share of 100 % would be a network that is nothing but one
large product; convolutions of few channels, activations and transforms lie far below it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Ratio, least_seconds, machine, table

SIDES = (1024, 2048)


def main() -> list[Ratio]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from mrcmv.media import SAMPLE_RATE, thread_budget
    from mrcmv.model import load_model
    from mrcmv.separation import Separator

    torch.set_num_threads(thread_budget())
    peak = 0.0
    for side in SIDES:
        left, right = torch.randn(side, side), torch.randn(side, side)
        peak = max(peak, 2 * side**3 / least_seconds(lambda a=left, b=right: a @ b))  # type: ignore[misc]

    generator = np.random.default_rng(0)
    model, separator = load_model("compact", "cpu"), Separator.load("cpu")
    frames = generator.integers(0, 256, (64, 224, 224, 3), np.uint8)
    voice = generator.normal(0, 0.1, 32 * 16_000).astype(np.float32)
    sound = generator.normal(0, 0.1, (32 * SAMPLE_RATE, 2)).astype(np.float32)
    works: dict[str, Callable[[], Any]] = {
        "separating 32 s": lambda: separator.separate(sound),
        "understanding 32 s": lambda: model.embed_query(frames, voice),
    }
    rows = [("", "10^9 operations", "s", "s at the peak", "share of the peak")]
    found = []
    for name, work in works.items():
        with FlopCounterMode(display=False) as counter:
            work()
        operations, took = counter.get_total_flops(), least_seconds(work)
        least = operations / peak
        cells = f"{operations / 1e9:.1f}", f"{took:.3f}", f"{least:.3f}", f"{100 * least / took:.0f} %"
        rows.append((name, *cells))
        found.append(Ratio(f"{name}: the limit, products at the machine's peak", took, least, "s"))
    print(f"limits, peak {peak / 1e9:.0f} * 10^9 operations per second; {machine()}")
    print(table(rows))
    return found


if __name__ == "__main__":
    main()
