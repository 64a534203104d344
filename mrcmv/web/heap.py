"""Memory that work is done with goes back to the machine, as far as glibc lets one ask for it.

Each piece of work comes in a thread of its own, and glibc gives threads heaps of their own, up to eight for
each core. What was freed stays in the heap of whoever freed it, torn into pieces by the next clip of another
length, so a page would grow to several times what it needs at once. Elsewhere than on glibc nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import sys

MOST_HEAPS = 2
_M_ARENA_MAX = -8
"""Of malloc.h."""


def few_heaps() -> None:
    """Let all threads share `MOST_HEAPS`, unless ``MALLOC_ARENA_MAX`` says otherwise; before they begin."""
    libc = _glibc()
    if libc is not None and "MALLOC_ARENA_MAX" not in os.environ:
        libc.mallopt(_M_ARENA_MAX, MOST_HEAPS)


def give_back() -> None:
    """Return what is free in all heaps; it takes some milliseconds."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
