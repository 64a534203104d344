"""Sounds for the checks before a session: noise as loud as the videos, and a test for headphones.

The test is that of Woods et al. (Attention, Perception & Psychophysics 79, 2017): of three tones one is
6 dB quieter and another one has its channels in opposite phase. Loudspeakers let that one cancel in the
room, so whoever has no headphones takes it for the quietest.
"""

from __future__ import annotations

import io
import random
import wave
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ITEMS = 6
"""Items of the headphone test; Woods et al. ask for five of six."""
ENOUGH = 5
RATE = 44_100
TONE_HZ = 200.0


@lru_cache(maxsize=2)
def noise(lufs: float, seconds: float = 6.0) -> bytes:
    """A WAV of pink noise at this loudness (BS.1770), the same in both ears."""
    from mrcmv.media import LoudnessMeter, integrated_lufs

    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(20).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[1:] /= np.sqrt(hertz[1:])
    spectrum[hertz < 40] = 0
    mono = np.fft.irfft(spectrum, count)
    mono /= np.abs(mono).max()
    samples = np.repeat(mono[:, None], 2, axis=1).astype(np.float32)
    meter = LoudnessMeter()
    meter.add(samples)
    gain = min(10 ** ((lufs - integrated_lufs(meter.energies)) / 20), 0.99)
    return to_wav(samples * gain)


def quietest(seed: int, item: int) -> int:
    """Place of the quieter tone of one item for one participant."""
    return _order(seed, item).index("quiet")


def _order(seed: int, item: int) -> list[str]:
    return random.Random(f"{seed}/{item}").sample(["quiet", "opposite", "plain"], 3)


def tones(seed: int, item: int) -> bytes:
    """A WAV of the three tones of one item."""
    at = np.arange(RATE) / RATE
    fade = np.clip(np.minimum(at, at[::-1]) / 0.1, 0, 1)
    tone = 0.25 * np.sin(2 * np.pi * TONE_HZ * at) * fade
    gap = np.zeros((RATE // 2, 2))
    made = {
        "plain": np.stack([tone, tone], axis=1),
        "quiet": np.stack([tone, tone], axis=1) * 10 ** (-6 / 20),
        "opposite": np.stack([tone, -tone], axis=1),
    }
    parts = [part for name in _order(seed, item) for part in (made[name], gap)]
    return to_wav(np.concatenate(parts[:-1]))


def passed(seed: int, given: list[int]) -> bool:
    """Whether enough items were answered rightly."""
    right = sum(place == quietest(seed, item) for item, place in enumerate(given[:ITEMS]))
    return right >= ENOUGH


def to_wav(samples: NDArray[np.floating]) -> bytes:
    """16 bit, 44.1 kHz, stereo."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return target.getvalue()
