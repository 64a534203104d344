"""``make bench``: every measurement of speed, one after the other, and one table of ratios at the end."""

from __future__ import annotations

import time

from benchmarks import decoding, limits, model, preview, search, separation, startup, suggest
from benchmarks.measure import ratios


def main() -> None:
    began, found = time.perf_counter(), []
    model.main()
    for part in (suggest, startup, decoding, search, limits, preview, separation):
        print(flush=True)
        found += part.main()
    print(f"\nall of it, in {(time.perf_counter() - began) / 60:.0f} minutes")
    print(ratios(found), flush=True)


if __name__ == "__main__":
    main()
