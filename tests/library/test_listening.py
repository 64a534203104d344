"""Tempo and key on sounds whose answer is known."""

import numpy as np
import pytest

from mrcmv.library.listening import RATE, SHORTEST_S, Heard, listen
from mrcmv.media import Samples

NOTES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def clicks(bpm: float, seconds: float = 20.0) -> Samples:
    """A click on each beat."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    burst = np.random.default_rng(0).standard_normal(800).astype(np.float32) * np.hanning(800)
    for place in np.arange(0.1, seconds - 0.1, 60 / bpm):
        begin = round(place * RATE)
        sound[begin : begin + 800] += 0.4 * burst
    return sound


def chords(names: list[str], seconds: float = 2.5) -> Samples:
    """Chords of sines, each named by its notes around middle C."""
    time = np.arange(round(seconds * RATE)) / RATE
    parts = []
    for chord in names:
        hertz = [440 * 2 ** ((NOTES.index(note) - 9) / 12 - 1) for note in chord.split()]
        parts.append(sum(0.1 * np.sin(2 * np.pi * pitch * time) for pitch in hertz))
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("bpm", [72.0, 120.0, 128.0, 150.0])
def test_the_tempo_of_clicks(bpm: float) -> None:
    heard = listen(clicks(bpm))
    assert heard.tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert heard.tempo_confidence > 0.5


@pytest.mark.parametrize(
    ("progression", "key"),
    [
        (["C E G", "F A C", "G B D", "C E G"], "C major"),
        (["A C E", "D F A", "E Ab B", "A C E"], "A minor"),
        (["E Ab B", "A Db E", "B Eb F#", "E Ab B"], "E major"),
        (["D F A", "G Bb D", "A Db E", "D F A"], "D minor"),
    ],
)
def test_the_key_of_a_cadence(progression: list[str], key: str) -> None:
    assert listen(chords(progression)).key == key


def test_noise_has_no_beat_and_silence_nothing() -> None:
    noise = np.random.default_rng(3).standard_normal(20 * RATE).astype(np.float32) * 0.1
    assert listen(noise).tempo_bpm is None
    assert listen(np.zeros(10 * RATE, np.float32)) == Heard(None, 0.0, "")


def test_a_few_seconds_tell_nothing() -> None:
    assert listen(clicks(120.0, SHORTEST_S - 1)) == Heard(None, 0.0, "")
    assert listen(clicks(120.0, SHORTEST_S + 1)).tempo_bpm == pytest.approx(120.0, rel=0.01)


def test_a_stated_tempo_is_kept_and_its_confidence_measured() -> None:
    right, wrong = listen(clicks(100.0), 100.0), listen(clicks(100.0), 83.0)
    assert (right.tempo_bpm, wrong.tempo_bpm) == (100.0, 83.0)
    assert right.tempo_confidence > 0.5 > wrong.tempo_confidence
