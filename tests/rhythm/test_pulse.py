"""Beats are heard in sounds whose beats are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import beats as pieces
from mrcmv.media import Beats
from mrcmv.mix import Grid
from mrcmv.mix.grid import LEAST_BAR_CONFIDENCE, LEAST_CONFIDENCE
from mrcmv.rhythm import hear_beats
from mrcmv.rhythm.pulse import RATE


def played(bpm: float, metre: int) -> tuple[np.ndarray, np.ndarray]:
    """A metronome [n] at `RATE`, low and long on the first of a bar, and its beats in seconds."""
    times = np.arange(0.61, 54, 60 / bpm)
    sound = np.random.default_rng(0).normal(0, 0.001, 55 * RATE)
    for k, at in enumerate(times):
        low = k % metre == 0
        pieces._add(sound, at, pieces._tone(98.0 if low else 784.0, 0.3 if low else 0.1, 0.2))
    return sound.astype(np.float32), times


@pytest.mark.parametrize(("bpm", "metre"), [(70, 4), (96, 4), (128, 4), (165, 4), (84, 3), (120, 3)])
def test_beats_and_downbeats_lie_where_they_are_played(bpm: float, metre: int) -> None:
    sound, times = played(bpm, metre)
    heard = hear_beats(sound, bpm)
    inside = [time for time in heard.times_s if times[0] - 0.04 <= time <= times[-1] + 0.04]
    off = np.array([np.abs(times - time).min() for time in inside])
    assert len(inside) >= 0.9 * len(times)
    assert np.mean(off <= 0.04) >= 0.93, "all but the first and the last, which the tracker counts on to"
    assert np.median(off) <= 0.012
    assert heard.confidence >= 0.7
    assert heard.bar_confidence >= LEAST_BAR_CONFIDENCE
    bars = times[::metre]
    assert pieces.share_near(heard.downbeats_s[1:], bars) == 1.0, "the first may be counted on to"
    assert np.median(np.diff(heard.downbeats_s)) == pytest.approx(metre * 60 / bpm, rel=0.02)


@pytest.mark.parametrize("bpm", [72.0, 100.0, 140.0])
def test_without_a_said_tempo_a_multiple_of_it_may_be_heard_but_on_the_beat(bpm: float) -> None:
    sound, times = played(bpm, 4)
    heard = hear_beats(sound)
    eighths = np.sort(np.concatenate([times, times[:-1] + np.diff(times) / 2]))
    assert pieces.share_near(heard.times_s, eighths) > 0.95


def test_a_wrongly_said_tempo_gives_way_to_a_surer_one() -> None:
    sound, times = played(120, 4)
    heard = hear_beats(sound, 95.0)
    assert pieces.share_near(heard.times_s, times) > 0.95
    for nonsense in (0.0, -5.0, 1e9, float("nan"), float("inf")):
        assert hear_beats(sound, nonsense).confidence == heard.confidence


@pytest.mark.parametrize("seed", range(5))
def test_what_has_no_pulse_is_not_cut_by(seed: int) -> None:
    _, sound = pieces.unpulsed(seed)
    heard = hear_beats(sound)
    assert heard.confidence < LEAST_CONFIDENCE
    assert Grid.of(heard) is None


def test_too_short_too_quiet_nothing() -> None:
    rng = np.random.default_rng(0)
    short = rng.normal(0, 0.1, 5 * RATE).astype(np.float32)
    silent = np.zeros(20 * RATE, np.float32)
    for sound in (short, silent, short[:0]):
        assert hear_beats(sound, 120.0) == Beats()
