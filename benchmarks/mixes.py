"""Seeded mixes of music, game noise and spoken commentary, out of what the packages carry.

Music comes from the starter library's wheel, voices from the two speech synthesizers that the training data
use, shots, engines, wind and beeps out of numpy. The same seed gives the same mix, but for Pico's voices:
what Pico says depends a little on what it said before. The voice called ``formants`` is out of numpy too and
the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import SAMPLE_RATE, Samples, read_sound

REMARKS = {
    "en-US": (
        "Watch out, they are coming from the left!",
        "I have no idea where this door goes.",
        "Oh no, not again.",
        "Let us take the long way around and look for ammo.",
        "Yes! That was so close!",
    ),
    "en-GB": (
        "Right, reload now and stay behind the wall.",
        "What a beautiful view from up here.",
        "Three of them left, and only one rocket.",
        "Wait for it. Wait for it. Now!",
    ),
    "de-DE": ("Pass auf, da kommt noch einer!", "So, jetzt ganz langsam um die Ecke.", "Das war knapp."),
    "fr-FR": ("Attention, il y en a un derrière toi !", "On continue tout droit.", "Magnifique !"),
    "es-ES": ("¡Cuidado, vienen por la izquierda!", "Vamos a buscar la llave.", "¡Qué bien!"),
    "it-IT": ("Attento, arrivano da sinistra!", "Adesso piano piano verso la porta.", "Bravissimo!"),
    "formants": ("", "", "", ""),
    "neural": (
        "Okay, this is the last room before the boss.",
        "Did you see that? Right through the window!",
        "I think we should save here.",
        "Go, go, go!",
    ),
}
"""What is said, by voice: Pico's six languages and the one neural voice of hibari-tts."""
VOICES = tuple(voice for voice in REMARKS if voice != "formants")
GAMES = ("none", "shots", "engine", "wind", "beeps", "creatures")
"""Kinds of game noise. ``creatures`` growl with formants: the hardest for a voice detector."""


@dataclass(frozen=True)
class Mix:
    """A mix and its parts, float32 [n, 2] at 44.1 kHz, and where somebody speaks, in seconds."""

    sound: Samples
    voice: Samples
    spoken: tuple[tuple[float, float], ...]
    about: str


def mix(
    seed: int,
    seconds: float,
    *,
    voice: str | None = "en-US",
    music: int | None = 0,
    game: str = "none",
    voice_db: float = -20.0,
    music_db: float = -30.0,
    game_db: float = -26.0,
) -> Mix:
    """A mix of ``seconds``; levels are the root mean square in dBFS, of the voice while it speaks.

    ``music`` counts the starter library's tracks in the order of their names.
    """
    rng = np.random.default_rng(seed)
    length = round(seconds * SAMPLE_RATE)
    sound = np.zeros((length, 2), np.float32)
    said, spoken = np.zeros(length, np.float32), []
    if music is not None:
        files = tracks()
        start = float(rng.uniform(0, 36 - seconds)) if seconds < 36 else 0.0
        excerpt = read_sound(files[music % len(files)], start_s=start, duration_s=seconds)
        sound[: len(excerpt)] += _at(excerpt, music_db)
    if game != "none":
        sound += _at(_game(game, length, rng), game_db)
    if voice is not None:
        at = float(rng.uniform(0.3, 1.5))
        while True:
            remark = _at(say(voice, int(rng.integers(len(REMARKS[voice])))), voice_db, active=True)
            begin, end = round(at * SAMPLE_RATE), round(at * SAMPLE_RATE) + len(remark)
            if end > length:
                break
            said[begin:end] += remark
            spoken.append((begin / SAMPLE_RATE, end / SAMPLE_RATE))
            at = end / SAMPLE_RATE + float(rng.uniform(0.5, 3.0))
    both = np.repeat(said[:, None], 2, axis=1)
    about = (
        f"seed {seed}: voice {voice} {voice_db:.0f}, music {music} {music_db:.0f}, {game} {game_db:.0f} dBFS"
    )
    return Mix(np.clip(sound + both, -1, 1), both, tuple(spoken), about)


def tracks() -> list[Path]:
    """The starter library's files, in the order of their names."""
    import immich_memories_music

    return sorted(Path(immich_memories_music.tracks_dir()).glob("*/*.opus"))


@cache
def _speaker() -> Any:
    from hibari import Hibari

    return Hibari()


@cache
def say(voice: str, number: int) -> Samples:
    """One remark, mono [n] at 44.1 kHz."""
    import soxr

    samples: Any
    text = REMARKS[voice][number]
    if voice == "formants":
        return _syllables(np.random.default_rng(number))
    if voice == "neural":
        samples, rate = np.asarray(_speaker()(text, seed=number), np.float32).ravel(), 24_000
    else:
        from py_nanotts import NanoTTS

        spoken = NanoTTS().speak(text, voice=voice, speed=1.05)
        samples, rate = np.frombuffer(spoken, "<i2").astype(np.float32) / 32768, 16_000
    resampled: Samples = soxr.resample(samples, rate, SAMPLE_RATE)
    heard = np.flatnonzero(np.abs(resampled) > 0.02 * np.abs(resampled).max())
    return resampled[heard[0] : heard[-1] + 1]  # the synthesizers put silence around


def _syllables(rng: np.random.Generator) -> Samples:
    """Seven or so syllables, mono [n]: a gliding buzz through three formants after a puff of noise."""
    spoken = []
    for _ in range(rng.integers(6, 9)):
        n = int(SAMPLE_RATE * rng.uniform(0.14, 0.3))
        glide = np.linspace(rng.uniform(150, 220), rng.uniform(120, 200), n)
        phase = (
            np.cumsum(glide * (1 + 0.01 * np.sin(np.arange(n) * 2 * np.pi * 5 / SAMPLE_RATE))) / SAMPLE_RATE
        )
        buzz = np.diff(np.floor(phase), prepend=0) + 0.005 * rng.normal(size=n)
        vowel = _through_formants(buzz, rng.uniform((300, 900, 2300), (800, 2000, 2900)), 80)
        puff = rng.normal(size=n) * np.exp(-np.arange(n) / SAMPLE_RATE / 0.02)
        spoken += [vowel / np.abs(vowel).max() * np.hanning(n) ** 0.3 + 0.05 * puff, np.zeros(n // 5)]
    return np.concatenate(spoken).astype(np.float32)


def _through_formants(
    source: NDArray[np.float64], formants: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """The source through one resonance after the other, ``width`` in Hz wide."""
    from scipy.signal import lfilter

    radius = np.exp(-np.pi * width / SAMPLE_RATE)
    for formant in formants:
        angle = 2 * np.pi * formant / SAMPLE_RATE
        source = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], source)
    return source


def _at(sound: Samples, level_db: float, *, active: bool = False) -> Samples:
    """The sound at a level; ``active`` measures only what is within 40 dB of its peak."""
    measured = sound[np.abs(sound) > 0.01 * np.abs(sound).max()] if active else sound
    rms = float(np.sqrt(np.mean(np.square(measured, dtype=np.float64)))) or 1.0
    return (sound * (10 ** (level_db / 20) / rms)).astype(np.float32)


def _game(kind: str, length: int, rng: np.random.Generator) -> Samples:
    """Game noise of a kind, [n, 2], at no particular level."""
    from scipy.signal import lfilter

    t = np.arange(length) / SAMPLE_RATE
    hiss = rng.normal(size=(length, 2))
    out: Any
    if kind == "wind":
        slow = 1 + np.sin(2 * np.pi * 0.2 * t + rng.uniform(0, 6))
        out = lfilter([1], [1, -0.97], hiss, axis=0) * (0.2 + slow)[:, None]
    elif kind == "engine":
        pitch = 70 * (1.2 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 0.3) * t))
        phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
        drone = np.sum([np.sin(k * phase) / k for k in range(1, 12)], axis=0)
        out = np.repeat(drone[:, None], 2, axis=1) + 0.1 * hiss
    else:
        out = np.zeros((length, 2))
        at = rng.uniform(0, 0.5)
        while at < length / SAMPLE_RATE:
            begin = int(at * SAMPLE_RATE)
            event = _event(kind, rng)[: length - begin]
            balance = rng.uniform(0.3, 1.0, 2)
            out[begin : begin + len(event)] += event[:, None] * balance
            at += rng.exponential({"shots": 0.35, "beeps": 0.5, "creatures": 1.2}[kind]) + 0.05
    return out.astype(np.float32)


def _event(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One shot, beep or growl, mono."""
    from scipy.signal import lfilter

    if kind == "shots":
        n = int(SAMPLE_RATE * 0.5)
        decay = np.exp(-np.arange(n) / SAMPLE_RATE / rng.uniform(0.03, 0.12))
        shot: np.ndarray = lfilter([1], [1, -rng.uniform(0.5, 0.95)], rng.normal(size=n)) * decay
        return shot
    if kind == "beeps":
        n = int(SAMPLE_RATE * rng.uniform(0.08, 0.4))
        t = np.arange(n) / SAMPLE_RATE
        sweep = rng.uniform(300, 1500) * t + rng.uniform(-800, 800) * t**2
        return np.asarray(np.sign(np.sin(2 * np.pi * sweep)) * np.hanning(n))
    n = int(SAMPLE_RATE * rng.uniform(0.4, 1.2))
    pitch = rng.uniform(55, 160) * np.linspace(1.2, 0.8, n) * (1 + 0.1 * rng.normal(size=n))
    pulses = np.diff(np.floor(np.cumsum(pitch) / SAMPLE_RATE), prepend=0) + 0.02 * rng.normal(size=n)
    pulses = _through_formants(pulses, rng.uniform((300, 900, 2000), (800, 1800, 3200)), 120)
    return np.asarray(pulses / (np.abs(pulses).max() + 1e-9) * np.hanning(n))
