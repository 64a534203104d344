"""Finds the same recording under other bytes: another coding, level or trim.

Chromaprint's numbers are compared as its own service does: where enough numbers agree exactly the two
are laid over each other at the commonest shift, and the bits that differ are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Print = NDArray[np.uint32]

SAME_BITS = 0.15
"""Most bits that may differ in the part two recordings share; strangers differ in about half."""
OVERLAP = 0.5
"""Least part of the shorter print that has to lie over the other."""
_LEAST_EQUAL = 4
"""Exactly equal numbers without which two prints are not compared further."""


@dataclass(frozen=True)
class Twin:
    """Another print that is the same recording: its name, and the share of bits that differ."""

    name: str
    difference: float


def find_twin(own: Print, others: Iterable[tuple[str, Print]]) -> Twin | None:
    """The nearest of the prints that are the same recording, if any is."""
    if not len(own):
        return None
    best = None
    for name, other in others:
        difference = compare(own, other)
        if difference <= SAME_BITS and (best is None or difference < best.difference):
            best = Twin(name, difference)
    return best


def compare(first: Print, second: Print) -> float:
    """Share of differing bits, 0..1, where two prints overlap best; 1 when they have nothing in common."""
    shared, places, others = np.intersect1d(first, second, return_indices=True)
    places, others = places[shared != 0], others[shared != 0]  # 0 is silence, which all share
    if len(places) < _LEAST_EQUAL:
        return 1.0
    shifts, counts = np.unique(others.astype(np.int64) - places, return_counts=True)
    best = 1.0
    for shift in shifts[np.argsort(-counts)[:3]]:
        left = first[max(0, -shift) :]
        right = second[max(0, shift) :]
        length = min(len(left), len(right))
        if length >= OVERLAP * min(len(first), len(second)):
            bits = np.unpackbits((left[:length] ^ right[:length]).view(np.uint8))
            best = min(best, float(bits.mean()))
    return best
