"""The voice-over of a clip: words and delivery after the plan, and what can be measured of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Samples

from .descriptors import STEP_S
from .lines import write_line
from .plan import ClipPlan
from .shouts import CAST, Shout, available, read_shout
from .speakers import SPEAKERS, VOICE_RATE, speak

LEVEL_DB = -23.0
"""Level of a line of neutral delivery, dBFS RMS."""
SHOUT_CHANCE = 0.5
"""How often a shout follows a very excited line."""


@dataclass(frozen=True)
class Line:
    """A spoken line: where it lies (seconds), its words, mood and delivery."""

    start_s: float
    end_s: float
    words: str
    mood: str
    rate: float
    pitch: float
    level_db: float
    energy: float


@dataclass(frozen=True)
class Commentary:
    """``sound`` mono at `VOICE_RATE`, as long as the clip, the lines in it and the shouts between them."""

    sound: Samples
    lines: tuple[Line, ...]
    shouts: tuple[Shout, ...] = ()


def perform(plan: ClipPlan, shouts: Path | None = None) -> Commentary:
    """Speak over a whole clip. Deterministic.

    ``shouts`` is the folder of human voice packs (see `mrcmv.training.freedoom400.shouts`); without
    it nobody shouts, and the rest stays the same up to where somebody would have.

    Delivery moves rate, loudness and a little of the pitch and decides how excited the words are;
    the pitch drive moves the pitch and decides how bright the words are; the pauses' drive shortens
    pauses; contrast makes single lines stand out.
    """
    own = random.Random(plan.seed * 7 + 1)
    speaker = next(each for each in SPEAKERS if each.name == plan.speaker)
    split = "test" if plan.split == "test" else "train"
    drive = plan.drive
    sound = np.zeros(round(plan.duration_s * VOICE_RATE), np.float32)
    lines, shouted = [], []
    colour = random.Random(plan.seed * 7 + 2)
    shouter = colour.choice(CAST[split])
    time = own.uniform(0.2, 1.2)
    while time < plan.duration_s - 1.5:
        block = plan.block_at(time)
        energy = block.delivery + 0.35 * math.exp(0.4 * drive.contrast) * own.gauss(0, 1)
        words, mood = write_line(own, energy=block.delivery, mood=drive.pitch, split=split)
        rate = _within(math.exp(0.15 * energy + own.gauss(0, 0.03)), 0.68, 1.5)
        pitch = _within(math.exp(0.085 * drive.pitch + 0.05 * energy + own.gauss(0, 0.02)), 0.75, 1.4)
        level = LEVEL_DB + 2.2 * _within(energy, -2.5, 2.5) + own.gauss(0, 0.6)
        spoken = speak(speaker, words, rate=rate, pitch=pitch, seed=own.randrange(2**31))
        start = round(time * VOICE_RATE)
        if start + len(spoken) > len(sound) - VOICE_RATE // 5:
            break
        sound[start : start + len(spoken)] += _at_level(spoken, level)
        end = time + len(spoken) / VOICE_RATE
        lines.append(Line(round(time, 3), round(end, 3), words, mood, rate, pitch, level, energy))
        shout = _shout(shouts, shouter, energy, colour) if shouts else None
        if shout is not None:
            word, uttered = shout
            start = round((end + 0.12) * VOICE_RATE)
            if start + len(uttered) < len(sound) - VOICE_RATE // 5:
                sound[start : start + len(uttered)] += _at_level(uttered, level)
                end = (start + len(uttered)) / VOICE_RATE
                shouted.append(Shout(round(start / VOICE_RATE, 3), round(end, 3), shouter, word))
        pause = 1.0 * math.exp(-0.4 * drive.pauses - 0.15 * energy + own.gauss(0, 0.3))
        time = end + _within(pause, 0.15, 3.5)
    return Commentary(np.tanh(sound * 1.2).astype(np.float32) / 1.2, tuple(lines), tuple(shouted))


def _shout(folder: Path, voice: str, energy: float, random_: random.Random) -> tuple[str, Samples] | None:
    """(file name, sound) of a shout, the likelier the more excited the line before it was; else None."""
    words = available(folder, voice)
    draw, word = random_.random(), random_.choice(words) if words else ""
    if draw >= SHOUT_CHANCE / (1 + math.exp(-3 * (energy - 0.6))):
        return None
    sound = read_shout(folder, voice, word) if word else np.zeros(0, np.float32)
    return (word, sound) if len(sound) > VOICE_RATE // 5 else None


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _at_level(sound: Samples, level_db: float) -> Samples:
    """Scale a line so that its loud parts have a level (dBFS RMS), with its peaks rounded off."""
    loud = sound[np.abs(sound) > 0.05 * np.abs(sound).max()]
    scaled = sound * (10 ** (level_db / 20) / (np.sqrt(np.mean(loud**2)) + 1e-9))
    return (np.tanh(scaled * 1.1) / 1.1).astype(np.float32)


def voice_labels(commentary: Commentary, steps: int) -> dict[str, list[float]]:
    """What the voice does, one number per `STEP_S`; where nobody speaks: speaking 0 and the rest 0.

    A shout counts as speaking, without a rate of its own: it goes on with that of the line before it.

    speaking: share of the step. rate: characters per second of the line. pitch: log2 of the measured
    median F0 over 100 Hz. loudness: measured dBFS RMS over the step's voiced part. arousal: the score
    that the delivery was asked for.
    """
    labels = {name: np.zeros(steps) for name in ("speaking", "rate", "pitch", "loudness", "arousal")}
    pitch = pitch_curve(commentary.sound, steps)
    for start_s, end_s, per_second, energy in _utterances(commentary):
        for step in range(int(start_s / STEP_S), min(steps, int(end_s / STEP_S) + 1)):
            overlap = min(end_s, (step + 1) * STEP_S) - max(start_s, step * STEP_S)
            if overlap <= 0:
                continue
            labels["speaking"][step] += overlap / STEP_S
            part = commentary.sound[int(step * STEP_S * VOICE_RATE) :][: int(STEP_S * VOICE_RATE)]
            loud = part[np.abs(part) > 0.005]
            level = 10 * np.log10(np.mean(loud**2) + 1e-9) if len(loud) else -60.0
            labels["rate"][step] = per_second
            labels["loudness"][step] = level
            labels["arousal"][step] = energy
            labels["pitch"][step] = np.log2(pitch[step] / 100) if pitch[step] > 0 else 0.0
    labels["speaking"] = np.minimum(labels["speaking"], 1)
    return {name: [round(float(value), 3) for value in curve] for name, curve in labels.items()}


def _utterances(commentary: Commentary) -> Iterator[tuple[float, float, float, float]]:
    """(start, end, characters per second, energy) of lines and shouts in the order of time."""
    per_second = energy = 0.0
    every: list[Line | Shout] = [*commentary.lines, *commentary.shouts]
    for each in sorted(every, key=lambda each: each.start_s):
        if isinstance(each, Line):
            per_second, energy = len(each.words) / (each.end_s - each.start_s), each.energy
        yield each.start_s, each.end_s, per_second, energy


def pitch_curve(sound: Samples, steps: int) -> NDArray[np.float64]:
    """Median F0 in Hz of every `STEP_S`, 0 where nothing is voiced; by normalised autocorrelation."""
    frame, hop = VOICE_RATE // 20, VOICE_RATE // 50
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sound, (0, frame)), frame)[::hop]
    centred = frames - frames.mean(1, keepdims=True)
    spectrum = np.fft.rfft(centred * np.hanning(frame), 2 * frame, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :frame]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(frame), 2 * frame)) ** 2)[:frame]
    correlation = correlation / (correlation[:, :1] + 1e-9) / (window / window[0] + 1e-3)
    low, high = VOICE_RATE // 450, VOICE_RATE // 65
    region = correlation[:, low:high]
    best = region.max(1)
    # the shortest lag that is nearly as good as the best is the period, not a multiple of it
    lag = low + np.argmax(region > 0.9 * best[:, None], axis=1)
    level = np.sqrt(np.mean(centred**2, axis=1))
    pitch = np.where((best > 0.55) & (level > 0.01), VOICE_RATE / lag, 0.0)
    curve = np.zeros(steps)
    for step in range(steps):
        part = pitch[round(step * STEP_S * VOICE_RATE / hop) : round((step + 1) * STEP_S * VOICE_RATE / hop)]
        voiced = part[part > 0]
        if len(voiced) >= 3:
            curve[step] = float(np.median(voiced))
    return curve
