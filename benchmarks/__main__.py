"""``make bench``: every measurement, one after the other."""

from __future__ import annotations

import benchmarks.model
import benchmarks.preview
import benchmarks.separation
import benchmarks.suggest


def main() -> None:
    for part in (benchmarks.suggest, benchmarks.model, benchmarks.preview, benchmarks.separation):
        part.main()
        print(flush=True)


if __name__ == "__main__":
    main()
