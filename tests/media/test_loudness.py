"""Loudness is that of BS.1770, whatever the blocks."""

import numpy as np
import pyloudnorm
import pytest

from mrcmv.media import SAMPLE_RATE, SILENCE_LUFS, LoudnessMeter, integrated_lufs, read_sound
from mrcmv.media.loudness import k_weighting, measure_energies
from tests.mix import sounds


def test_a_sine_of_one_kilohertz_at_minus_20_dbfs_in_both_channels_is_minus_20_lufs() -> None:
    assert integrated_lufs(measure_energies(sounds.tone(3, 997.0))) == pytest.approx(-20.0, abs=0.1)


def test_the_filters_at_48_khz_are_those_of_the_standard() -> None:
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    high_pass = [1, -2, 1, 1, -1.99004745483398, 0.99007225036621]
    assert k_weighting(48_000) == pytest.approx(np.array([shelf, high_pass]), abs=1e-8)


@pytest.mark.parametrize("name", ["calm/calm_acoustic_1", "energetic/energetic_electronic_2"])
def test_integrated_loudness_agrees_with_pyloudnorm(name: str) -> None:
    samples = read_sound(sounds.starter_track(name), duration_s=12)
    samples[5 * SAMPLE_RATE : 8 * SAMPLE_RATE] *= 0.01  # something for the relative gate
    expected = pyloudnorm.Meter(SAMPLE_RATE, "DeMan").integrated_loudness(samples.astype(np.float64))
    assert integrated_lufs(measure_energies(samples)) == pytest.approx(expected, abs=0.01)


def test_blocks_of_any_length_give_the_same_energies() -> None:
    samples = sounds.noise(2.003)
    meter = LoudnessMeter()
    for part in np.array_split(samples, [1, 100, 441, 30_000, 30_001]):
        meter.add(part)
    assert np.allclose(meter.energies, measure_energies(samples), rtol=1e-9)
    assert len(meter.energies) == 201


@pytest.mark.parametrize("length", [0, 1, 440, 5_000, 17_000])
def test_short_and_silent_sounds_have_a_loudness(length: int) -> None:
    silent = np.zeros((length, 2), np.float32)
    assert integrated_lufs(measure_energies(silent)) == SILENCE_LUFS
    if length > 1000:
        heard = integrated_lufs(measure_energies(sounds.tone(1)[:length]))
        assert -26 < heard < -19
