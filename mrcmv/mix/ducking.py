"""The music steps back while somebody speaks: a gain envelope drawn from the voice activity.

A compressor keyed by the voice would pump on every residue of the separation and gives no promise
about levels. Here the envelope's times are fixed, and its levels are solved so that, while somebody
speaks, the music lies a given distance under the voice (Torcoli et al., JAES 2019: 10 LU and more).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import HOPS_PER_S, SAMPLE_RATE, SILENCE_LUFS, Energies, Speech, integrated_lufs
from mrcmv.mix.speech import on_speech

MAX_DEPTH_DB = 18.0
"""The music never falls further than this between a pause and a phrase, unless asked to."""
DEPTH_PER_LEVEL = 0.6
"""How deep the music ducks for each LU of the asked distance; so it comes back to 0.4 of the distance
between the phrases: with 10, 13, 20 LU under the voice it lies 4, 5.2, 8 LU under it in the pauses."""
MAX_LIFT_DB = 10.0
"""When the music is nearly silent just where somebody speaks, it is not raised for that to more than
this above its place, since its loud parts would drown everything else."""
EQUAL_LEVEL_LU = 10.0
"""Without a voice, this level sets the music as loud as the clip's own sound; 13 puts it 3 LU under."""


@dataclass(frozen=True)
class DuckingTimes:
    """Times of the envelope in seconds; the attack ends where the phrase begins (look-ahead)."""

    attack_s: float = 0.15
    hold_s: float = 0.4
    release_s: float = 0.7
    merge_gap_s: float = 0.8


@dataclass(frozen=True)
class Ducking:
    """What happens to the music: ``gain_db`` all the time, and less by ``depth_db`` times ``curve``.

    ``curve`` is 0 (music up) to 1 (music down), [hops + 1], one value every 10 ms from 0 s on.
    """

    gain_db: float
    depth_db: float
    curve: NDArray[np.float64]

    def gain(self, start: int, stop: int) -> NDArray[np.float32]:
        """Factor for the samples ``start`` to ``stop`` (44.1 kHz), [stop - start]."""
        low = start * HOPS_PER_S // SAMPLE_RATE
        high = min(len(self.curve), stop * HOPS_PER_S // SAMPLE_RATE + 2)
        factors = 10 ** ((self.gain_db - self.depth_db * self.curve[low:high]) / 20)
        at = np.arange(start, stop) * (HOPS_PER_S / SAMPLE_RATE)
        gain: NDArray[np.float32] = np.interp(at, np.arange(low, high), factors).astype(np.float32)
        return gain

    def points(self) -> list[tuple[float, float]]:
        """The ducking as (seconds, dB) points for drawing: 0 dB is the music between the phrases."""
        drop = -self.depth_db * self.curve
        last = len(drop) - 1
        bends = np.flatnonzero(np.abs(np.diff(drop, 2)) > 1e-9) + 1
        coarse = np.arange(0, last, HOPS_PER_S // 20)
        moving = coarse[np.abs(np.gradient(drop)[coarse]) > 1e-9] if last else coarse
        edges = bends[(np.diff(bends, prepend=-2) > 1) | (np.diff(bends, append=last + 2) > 1)]
        kept = sorted({0, last, *moving.tolist(), *edges.tolist()})
        return [(index / HOPS_PER_S, float(drop[index])) for index in kept]


def merge_segments(speech: Speech, gap_s: float) -> list[tuple[float, float]]:
    """Phrases: segments with less than ``gap_s`` between them become one."""
    phrases: list[tuple[float, float]] = []
    for start, end in sorted(speech.segments):
        if phrases and start - phrases[-1][1] < gap_s:
            phrases[-1] = (phrases[-1][0], max(phrases[-1][1], end))
        else:
            phrases.append((start, end))
    return phrases


def ducking_curve(
    speech: Speech, duration_s: float, times: DuckingTimes | None = None
) -> NDArray[np.float64]:
    """0 (nobody speaks) to 1 (somebody speaks) every 10 ms, [hops + 1], with cosine slopes."""
    times = times or DuckingTimes()
    at = np.arange(int(np.ceil(duration_s * HOPS_PER_S)) + 1) / HOPS_PER_S
    curve = np.zeros(len(at))
    for start, end in merge_segments(speech, times.merge_gap_s):
        low = max(0, int((start - times.attack_s) * HOPS_PER_S))
        high = int((end + times.hold_s + times.release_s) * HOPS_PER_S) + 2
        here = at[low:high]
        down = 1 + (here - start) / times.attack_s
        back = 1 - (here - end - times.hold_s) / times.release_s
        ramp = np.clip(np.minimum(down, back), 0.0, 1.0)
        curve[low:high] = np.maximum(curve[low:high], 0.5 - 0.5 * np.cos(np.pi * ramp))
    return curve


def solve_ducking(
    voice: Energies,
    music: Energies,
    speech: Speech,
    *,
    level_lu: float,
    depth_db: float | None = None,
    times: DuckingTimes | None = None,
) -> Ducking:
    """Levels that put the music ``level_lu`` LU under the voice while somebody speaks.

    Parameters
    ----------
    voice, music
        Energies per hop [hops] as `LoudnessMeter` gives them: the voice, and the music as it will
        lie under the clip (with its fades) at gain 1.
    depth_db
        How much further down the music goes for a phrase; None follows ``level_lu``.
    speech
        Where the voice speaks. Without speech (or a silent voice) the music stays as it is.
    """
    hops = len(music)
    curve = ducking_curve(speech, hops / HOPS_PER_S, times)
    target = on_speech(voice, speech)
    overall = integrated_lufs(music)
    if target <= SILENCE_LUFS or overall <= SILENCE_LUFS:
        return Ducking(0.0, 0.0, np.zeros_like(curve))
    if depth_db is None:
        depth_db = min(MAX_DEPTH_DB, DEPTH_PER_LEVEL * max(0.0, level_lu))
    middles = (curve[:-1] + curve[1:])[:hops] / 2
    ducked = music * 10 ** (-depth_db * middles / 10)
    gain_db = target - level_lu - on_speech(ducked, speech)
    usual = target - level_lu + depth_db - overall
    return Ducking(min(gain_db, usual + MAX_LIFT_DB), depth_db, curve)


def level_without_voice(original: Energies, music: Energies, *, level_lu: float) -> Ducking:
    """The music beside a clip's own sound in which nobody speaks: one level, no ducking."""
    flat = np.zeros(len(music) + 1)
    own, loudness = integrated_lufs(original), integrated_lufs(music)
    if own <= SILENCE_LUFS or loudness <= SILENCE_LUFS:
        return Ducking(0.0, 0.0, flat)
    return Ducking(own - max(0.0, level_lu - EQUAL_LEVEL_LU) - loudness, 0.0, flat)
