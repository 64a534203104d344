"""Loudness of what lies where somebody speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import HOPS_PER_S, SILENCE_LUFS, Energies, Speech, to_lufs


def on_speech(energies: Energies, speech: Speech) -> float:
    """Loudness in LUFS of the time in which somebody speaks.

    Not gated: the voice activity is the gate already, and a gate of its own for each of two
    signals would compare different moments of them.
    """
    share = speech_share(speech, len(energies))
    total = float(share.sum())
    return to_lufs(float((energies * share).sum()) / total) if total > 0 else SILENCE_LUFS


def speech_share(speech: Speech, hops: int) -> NDArray[np.float64]:
    """The part of every hop in which somebody speaks, 0..1, [hops]."""
    edges = np.arange(hops + 1) / HOPS_PER_S
    spoken = np.zeros(hops + 1)
    for start, end in speech.segments:
        spoken += np.clip(edges, start, max(start, end)) - start
    share: NDArray[np.float64] = np.clip(np.diff(spoken) * HOPS_PER_S, 0.0, 1.0)
    return share
