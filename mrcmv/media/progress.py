"""A step of long work tells its own 0..1; the whole work sees the share that the step has of it."""

from __future__ import annotations

from mrcmv.media.types import Progress


def part_of(progress: Progress | None, begin: float, end: float) -> Progress:
    """The share [begin, end] of a longer work's progress; nobody is told when that is None."""

    def inner(done: float) -> None:
        if progress is not None:
            progress(begin + (end - begin) * min(max(done, 0.0), 1.0))

    return inner
