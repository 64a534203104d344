"""Length, loudness, true peak and outline in one pass, in blocks of any size."""

import math

import numpy as np
import pyloudnorm
import pytest

from mrcmv.media import SAMPLE_RATE, SILENCE_LUFS, Levels, Samples, measure_levels
from mrcmv.media.peaks import SILENCE_DB
from tests.mix.sounds import tone


def in_blocks(samples: Samples, size: int, points: int = 200) -> Levels:
    blocks = (samples[begin : begin + size] for begin in range(0, len(samples), size))
    return measure_levels(blocks, len(samples), points=points)


@pytest.mark.parametrize("size", [SAMPLE_RATE, 5_003, 10**7])
def test_loudness_is_that_of_pyloudnorm(size: int) -> None:
    noise = np.random.default_rng(1).standard_normal((8 * SAMPLE_RATE, 2)).astype(np.float32) * 0.1
    noise[3 * SAMPLE_RATE : 5 * SAMPLE_RATE] *= 0.001  # below the gate
    expected = pyloudnorm.Meter(SAMPLE_RATE, "DeMan").integrated_loudness(noise)
    assert in_blocks(noise, size).lufs == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("size", [SAMPLE_RATE, 4_999])
def test_true_peak_finds_the_top_between_samples(size: int) -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    # A quarter of the rate, 45 degrees off: no sample comes nearer than 3 dB to the top of the wave.
    wave = 0.5 * np.sin(2 * np.pi * SAMPLE_RATE / 4 * time + np.pi / 4) * np.hanning(len(time))
    stereo = np.repeat(wave[:, None], 2, axis=1).astype(np.float32)
    sample_peak = 20 * math.log10(np.abs(stereo).max())
    levels = in_blocks(stereo, size)
    assert sample_peak == pytest.approx(-9.03, abs=0.05)
    assert levels.true_peak_db == pytest.approx(-6.02, abs=0.1)
    assert levels.duration_s == 2.0


def test_the_outline_shows_where_it_is_loud() -> None:
    outline = in_blocks(np.concatenate([tone(2.0, level=0.1), tone(2.0, level=0.8)]), 30_000).outline
    assert len(outline) == 200
    assert outline[50] == pytest.approx(0.1, abs=0.01)
    assert outline[150] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("frames", [0, 100, SAMPLE_RATE])
def test_silence_has_numbers(frames: int) -> None:
    levels = in_blocks(np.zeros((frames, 2), np.float32), 30_000, 10)
    assert (levels.lufs, levels.true_peak_db) == (SILENCE_LUFS, SILENCE_DB)
    assert levels.outline.tolist() == [0.0] * 10


def test_progress_goes_by_the_length_known_before() -> None:
    seen: list[float] = []
    sound = tone(1.0)
    measure_levels([sound, sound, sound], 2 * SAMPLE_RATE, progress=seen.append)
    assert seen == [0.5, 1.0, 1.0]
