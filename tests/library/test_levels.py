"""Loudness, true peak and waveform, in blocks of any size."""

import math

import numpy as np
import pyloudnorm
import pytest

from mrcmv.library.levels import measure_levels
from mrcmv.media import SAMPLE_RATE
from tests.library.helpers import tone


def in_blocks(samples: np.ndarray, size: int) -> list[np.ndarray]:
    return [samples[begin : begin + size] for begin in range(0, len(samples), size)]


@pytest.mark.parametrize("size", [SAMPLE_RATE, 5_003, 10**7])
def test_loudness_is_that_of_pyloudnorm(size: int) -> None:
    noise = np.random.default_rng(1).standard_normal((8 * SAMPLE_RATE, 2)).astype(np.float32) * 0.1
    noise[3 * SAMPLE_RATE : 5 * SAMPLE_RATE] *= 0.001  # below the gate
    expected = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(noise)
    assert measure_levels(in_blocks(noise, size)).lufs == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("size", [SAMPLE_RATE, 4_999])
def test_true_peak_finds_the_top_between_samples(size: int) -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    # A quarter of the rate, 45 degrees off: no sample comes nearer than 3 dB to the top of the wave.
    wave = 0.5 * np.sin(2 * np.pi * SAMPLE_RATE / 4 * time + np.pi / 4) * np.hanning(len(time))
    stereo = np.repeat(wave[:, None], 2, axis=1).astype(np.float32)
    sample_peak = 20 * math.log10(np.abs(stereo).max())
    levels = measure_levels(in_blocks(stereo, size))
    assert sample_peak == pytest.approx(-9.03, abs=0.05)
    assert levels.true_peak_db == pytest.approx(-6.02, abs=0.1)
    assert levels.duration_s == 2.0


def test_the_waveform_shows_where_it_is_loud() -> None:
    sound = np.concatenate([tone(440, 2.0, level=0.1), tone(440, 2.0, level=0.8)])
    peaks = measure_levels(in_blocks(sound, 30_000)).peaks
    assert len(peaks) == 200
    assert peaks[50] == pytest.approx(0.1, abs=0.01)
    assert peaks[150] == pytest.approx(0.8, abs=0.01)


def test_silence_has_no_loudness() -> None:
    levels = measure_levels([np.zeros((SAMPLE_RATE, 2), np.float32)])
    assert levels.lufs == -math.inf
    assert levels.true_peak_db == -math.inf
    assert set(levels.peaks) == {0.0}
