"""What runs below this process: tests ask whether something that they began is still there."""

from __future__ import annotations

import psutil


def children() -> set[psutil.Process]:
    """All processes below this one. Other tests leave some on purpose, as multiprocessing's tracker."""
    return set(psutil.Process().children(recursive=True))


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that ended and was not yet waited for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
