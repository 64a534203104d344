"""``make bench``: every measurement, one after the other."""

from __future__ import annotations

from benchmarks import preview, separation, suggest


def main() -> None:
    for part in (suggest, preview, separation):
        part.main()
        print(flush=True)


main()
