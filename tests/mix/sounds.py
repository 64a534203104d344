"""Sounds for the tests of the mix: starter tracks, a spoken voice, and noise in the shape of speech."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np

from mrcmv.media import SAMPLE_RATE, Beats, Samples, Speech

PHRASES = (
    "Look at that, two of them behind the door!",
    "I need more ammo.",
    "And we are through. What a run.",
)


def starter_track(name: str) -> Path:
    """A track of the starter pack, such as ``calm/calm_acoustic_1``."""
    spec = importlib.util.find_spec("immich_memories_music")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "tracks" / f"{name}.opus"


_SPEAK = (
    "import sys, py_nanotts; pcm = py_nanotts.NanoTTS().speak(sys.argv[1], voice='en-GB', speed=1.1);"
    "sys.stdout.buffer.write(pcm)"
)


@cache
def _spoken() -> tuple[Samples, ...]:
    """The phrases, mono; each from a process of its own, for Pico's timing depends on what it said before."""
    import soxr

    phrases = []
    for text in PHRASES:
        raw = subprocess.run([sys.executable, "-c", _SPEAK, text], capture_output=True, check=True).stdout
        pcm = np.frombuffer(raw, "<i2") / 32768
        loud = np.flatnonzero(np.abs(pcm) > 0.01)  # the silence around a phrase is not speech
        phrases.append(soxr.resample(pcm[loud[0] : loud[-1]].astype(np.float32), 16_000, SAMPLE_RATE))
    return tuple(phrases)


def commentary(duration_s: float, *, level: float = 0.25, pause_s: float = 2.0) -> tuple[Samples, Speech]:
    """A voice-over [n, 2] with pauses, and where it speaks."""
    voice = np.zeros((round(duration_s * SAMPLE_RATE), 2), np.float32)
    at, segments = 1.0, []
    for k in range(100):
        phrase = _spoken()[k % len(PHRASES)]
        start = round(at * SAMPLE_RATE)
        if start + len(phrase) > len(voice):
            break
        voice[start : start + len(phrase)] = phrase[:, None] * np.float32(level / np.abs(phrase).max())
        end = at + len(phrase) / SAMPLE_RATE
        segments.append((at, end))
        at = end + pause_s
    return voice, Speech(tuple(segments))


def noise(duration_s: float, *, seed: int = 0, level: float = 0.1) -> Samples:
    """White noise [n, 2]."""
    shape = (round(duration_s * SAMPLE_RATE), 2)
    return np.random.default_rng(seed).normal(0, level, shape).astype(np.float32)


def tone(duration_s: float, hertz: float = 440.0, *, level: float = 0.1) -> Samples:
    """A sine [n, 2]."""
    at = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * at))[:, None], 2, axis=1).astype(np.float32)


def active(samples: Samples, speech: Speech) -> Samples:
    """Only what lies where somebody speaks."""
    parts = [samples[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)] for a, b in speech.segments]
    return np.concatenate(parts)


def clicks(bpm: float, duration_s: float, *, metre: int = 4, first_s: float = 0.3) -> tuple[Samples, Beats]:
    """A metronome [n, 2] (low on the first beat of a bar, high on the others), and its beats."""
    length_s = 60 / bpm
    times = np.arange(first_s, duration_s - 0.1, length_s)
    at = np.arange(round(0.05 * SAMPLE_RATE)) / SAMPLE_RATE
    decay = np.exp(-at / 0.012)
    low, high = (0.4 * np.sin(2 * np.pi * hertz * at) * decay for hertz in (LOW_HZ, HIGH_HZ))
    track = np.zeros((round(duration_s * SAMPLE_RATE), 2), np.float32)
    for k, time in enumerate(times):
        begin = round(time * SAMPLE_RATE)
        click = low if k % metre == 0 else high
        track[begin : begin + len(click)] += click[: len(track) - begin, None].astype(np.float32)
    return track, Beats(tuple(times), tuple(times[::metre]), 0.9, 1.0)


LOW_HZ, HIGH_HZ = 300.0, 3000.0


def heard_clicks(samples: Samples) -> list[tuple[float, bool]]:
    """(second, whether it is low) of every click of `clicks` in a sound [n, 2], found in its samples."""
    mono = samples.mean(axis=1)
    step = SAMPLE_RATE // 500
    level = np.abs(mono[: len(mono) // step * step]).reshape(-1, step).max(axis=1)
    found: list[tuple[float, bool]] = []
    for k in np.flatnonzero(level > 0.25 * level.max()):
        if found and k * step / SAMPLE_RATE - found[-1][0] < 0.1:
            continue
        part = mono[k * step : k * step + 1024] * np.hanning(1024)[: len(mono) - k * step]
        loudest = np.abs(np.fft.rfft(part)).argmax() * SAMPLE_RATE / len(part)
        found.append((k * step / SAMPLE_RATE, bool(loudest < 1000)))
    return found
