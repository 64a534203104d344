"""``python -m benchmarks.beats``: how well the pulse of music is heard whose beats are known.

Pieces are made here of drums, bass and chords, seeded, in four and in three, from 60 to 170 beats a minute;
some without drums, some with notes beside the beat, all with the small slips of a player. Others have
no pulse: noise, wind, random hits, swelling chords. The tempo is said right, not at all, or by a listener
that hears another multiple of it in every third piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import table
from mrcmv.media import Beats, Samples
from mrcmv.mix.grid import LEAST_BAR_CONFIDENCE, LEAST_CONFIDENCE
from mrcmv.rhythm.pulse import RATE, hear_beats

SECONDS = 32.0
PIECES = 24
SLIP_S = 0.004
NEAR_S = 0.04
MINOR, MAJOR = (0, 3, 7), (0, 4, 7)


@dataclass(frozen=True)
class Piece:
    """A sound [n] at `RATE`, its beats and downbeats in seconds, its tempo and its kind."""

    sound: Samples
    beats: NDArray[np.float64]
    bars: NDArray[np.float64]
    bpm: float
    kind: str


def piece(seed: int) -> Piece:
    """A piece with a pulse."""
    rng = np.random.default_rng(seed)
    metre = 3 if seed % 4 == 3 else 4
    drums, bpm = seed % 3 != 2, float(rng.uniform(60, 170))
    beats = np.arange(rng.uniform(0.2, 1.5), SECONDS - 0.5, 60 / bpm)
    beats = beats + rng.normal(0, SLIP_S, len(beats))
    upbeat = int(rng.integers(metre))
    sound = np.zeros(round(SECONDS * RATE))
    root, chord = 110.0, MINOR
    busy = rng.uniform(0, 0.6)
    for k, at in enumerate(beats):
        place, length = (k - upbeat) % metre, 60 / bpm
        if place == 0:
            root = 110.0 * 2 ** (int(rng.choice([0, 2, 3, 5, 7, 8, 10])) / 12)
            chord = MINOR if rng.random() < 0.5 else MAJOR
            for step in chord:
                _add(sound, at, _tone(2 * root * 2 ** (step / 12), metre * length, 0.06))
        if place == 0 or rng.random() < 0.5:
            _add(sound, at, _tone(root / 2, length * 0.9, 0.2 if place == 0 else 0.12))
        if drums:
            _add(sound, at, _kick() if place in (0, 2) else _hit(rng, 0.06, 0.15))
        for part in (0.25, 0.5, 0.75):
            if rng.random() < busy:
                note = 4 * root * 2 ** (int(rng.choice(chord)) / 12)
                _add(sound, at + part * length, _tone(note, length / 2, 0.06))
            if drums and part == 0.5:
                _add(sound, at + part * length, _hit(rng, 0.02, 0.06))
    sound += rng.normal(0, 0.002, len(sound))
    kind = f"{metre}/4, {'drums' if drums else 'no drums'}"
    return Piece(sound.astype(np.float32), beats, beats[upbeat::metre], bpm, kind)


def unpulsed(seed: int) -> tuple[str, Samples]:
    """A sound without a pulse, and what it is."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(seed)
    at = np.arange(round(SECONDS * RATE)) / RATE
    kind = ("noise", "wind", "random hits", "random notes", "swelling chords")[seed % 5]
    sound = np.zeros(len(at))
    if kind == "noise":
        sound = rng.normal(0, 0.1, len(at))
    elif kind == "wind":
        sound = lfilter([0.1], [1, -0.97], rng.normal(size=len(at))) * (
            1.2 + np.sin(at * rng.uniform(0.5, 2))
        )
    elif kind == "swelling chords":
        for start in np.cumsum(rng.uniform(1.5, 5, 12)):
            length = rng.uniform(3, 7)
            for hertz in rng.uniform(110, 660, 3):
                tone = _tone(hertz, length, 0.1)
                _add(sound, start, tone * np.hanning(len(tone)))
        sound += rng.normal(0, 0.002, len(at))
    else:
        for start in np.cumsum(rng.exponential(0.4, 200)):
            hit = kind == "random hits"
            _add(sound, start, _hit(rng, 0.05, 0.3) if hit else _tone(rng.uniform(110, 880), 0.6, 0.2))
    return kind, np.asarray(sound, np.float32)


def _add(sound: NDArray[np.float64], at_s: float, note: NDArray[np.float64]) -> None:
    begin = round(at_s * RATE)
    part = note[: max(0, len(sound) - begin)]
    sound[begin : begin + len(part)] += part


def _tone(hertz: float, length_s: float, level: float) -> NDArray[np.float64]:
    at = np.arange(round(length_s * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * k * hertz * at) / k**1.5 for k in (1, 2, 3, 4))
    shape = np.minimum(at / 0.008, 1) * np.exp(-1.5 * at / length_s) * np.minimum((length_s - at) / 0.02, 1)
    return np.asarray(level * wave * shape)


def _kick() -> NDArray[np.float64]:
    at = np.arange(round(0.2 * RATE)) / RATE
    return np.asarray(0.5 * np.sin(2 * np.pi * (50 * at + 6 * (1 - np.exp(-at / 0.03)))) * np.exp(-at / 0.06))


def _hit(rng: np.random.Generator, decay_s: float, level: float) -> NDArray[np.float64]:
    at = np.arange(round(5 * decay_s * RATE)) / RATE
    return level * rng.normal(size=len(at)) * np.exp(-at / decay_s)


def share_near(heard: tuple[float, ...], true: NDArray[np.float64]) -> float:
    """Share of what was heard within the piece that lies within 40 ms of what is true."""
    inside = [time for time in heard if true[0] - NEAR_S <= time <= true[-1] + NEAR_S]
    return float(np.mean([np.abs(true - time).min() <= NEAR_S for time in inside])) if inside else 0.0


def _said(made: Piece, number: int, how: str) -> float | None:
    if how == "not said":
        return None
    wrong = how != "said" and number % 3 == 0
    return made.bpm * (4 / 3 if made.bpm < 90 else 2 / 3) if wrong else made.bpm


def main() -> None:
    pieces = [piece(seed) for seed in range(PIECES)]
    rows = [
        ("tempo", "beats within 40 ms", "cut by (pieces)", "of those right", "bars sure", "of those right")
    ]
    told: list[tuple[float, bool]] = []
    for how in ("said", "not said", "a third said wrong"):
        heard = [hear_beats(made.sound, _said(made, n, how)) for n, made in enumerate(pieces)]
        on = [share_near(beats.times_s, made.beats) for beats, made in zip(heard, pieces, strict=True)]
        cut = [beats.confidence >= LEAST_CONFIDENCE for beats in heard]
        sure = [
            c and beats.bar_confidence >= LEAST_BAR_CONFIDENCE for c, beats in zip(cut, heard, strict=True)
        ]
        right = [
            share_near(beats.downbeats_s, made.bars) > 0.9 for beats, made in zip(heard, pieces, strict=True)
        ]
        good = sum(share > 0.9 for share, c in zip(on, cut, strict=True) if c)
        rows.append(
            (
                how,
                f"{100 * np.mean(on):.0f} %",
                f"{sum(cut)} of {PIECES}",
                f"{good} of {sum(cut)}",
                f"{sum(sure)}",
                f"{sum(r for r, s in zip(right, sure, strict=True) if s)} of {sum(sure)}",
            )
        )
        told += [(b.bar_confidence, r) for b, r, share in zip(heard, right, on, strict=True) if share > 0.9]
    print(table(rows))
    print("\nbars' confidence where the beats are right -> share of pieces with the right downbeats")
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.99), (0.99, 1.01)):
        inside = [right for confidence, right in told if low <= confidence < high]
        if inside:
            print(f"  {low:.2f} to {min(high, 1):.2f}: {np.mean(inside):.2f} of {len(inside)}")
    print("\nconfidence of sounds without a pulse (least to cut by: " + f"{LEAST_CONFIDENCE})")
    worst: dict[str, list[float]] = {}
    for seed in range(15):
        kind, sound = unpulsed(seed)
        for tempo in (None, 100.0):
            beats: Beats = hear_beats(sound, tempo)
            worst.setdefault(kind, []).append(beats.confidence)
    for kind, values in worst.items():
        over = sum(value >= LEAST_CONFIDENCE for value in values)
        print(f"  {kind}: highest {max(values):.2f}, {over} of {len(values)} would be cut by")


if __name__ == "__main__":
    main()
