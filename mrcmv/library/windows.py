"""Cuts a track into the windows that the network hears: 32 s every 8 s.

A window that runs over the end of the track goes on from its start (the repeat rule of section 4.1:
what is shorter than 32 s is repeated), and begins only where at least 16 s of the track remain. So
every moment that a suggestion may name leaves something to play before the track loops.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mrcmv.media import ANALYSIS_RATE, WINDOW_S, Samples

WINDOW_RULE = 1
"""Version of this rule; a part of the key of every cached embedding."""
HOP_S = 8.0
REMAINDER_S = 16.0
"""Seconds of the track that remain after the start of every window but the first."""
WINDOW_SAMPLES = round(WINDOW_S * ANALYSIS_RATE)


def window_starts(duration_s: float) -> list[float]:
    """Starts of all windows in seconds; always the beginning of the track, however short."""
    further = max(0, int((duration_s - REMAINDER_S) // HOP_S))
    return [HOP_S * number for number in range(further + 1)]


def cut_window(mono: Samples, start_s: float) -> Samples:
    """The window [512000] of a whole track [n], mono 16 kHz, that begins at ``start_s``."""
    begin = round(start_s * ANALYSIS_RATE)
    if begin + WINDOW_SAMPLES <= len(mono):
        return mono[begin : begin + WINDOW_SAMPLES]
    return np.resize(np.roll(mono, -begin), WINDOW_SAMPLES)


def cut_windows(mono: Samples) -> Iterator[tuple[float, Samples]]:
    """All windows of a whole track [n], mono 16 kHz, with their starts in seconds."""
    for start_s in window_starts(len(mono) / ANALYSIS_RATE):
        yield start_s, cut_window(mono, start_s)
