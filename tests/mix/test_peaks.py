from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import write_sound
from mrcmv.mix import peaks
from tests.mix import sounds


def test_a_peak_between_the_samples_is_seen() -> None:
    at = np.arange(44_100)
    quarter = 0.5 * np.sin(2 * np.pi * at / 4 + np.pi / 4)  # every sample lies 3 dB below the crest
    samples = np.stack([quarter, 0 * quarter], axis=1).astype(np.float32)
    fade = np.minimum(1, np.minimum(at, at[::-1]) / 2000)[:, None].astype(np.float32)
    assert np.abs(samples * fade).max() == pytest.approx(0.3536, abs=1e-3)
    assert peaks.true_peak_db(samples * fade) == pytest.approx(-6.02, abs=0.1)


def test_frames_lie_where_the_peak_is_whatever_the_blocks() -> None:
    samples = np.zeros((10_000, 2), np.float32)
    samples[5_003, 1] = 0.8
    meter = peaks.TruePeakMeter()
    for part in np.array_split(samples, [1, 7, 4_000, 5_003, 5_010]):
        meter.add(part)
    frames = meter.finish()
    assert len(frames) == -(-10_000 // peaks.FRAME)
    assert int(frames.argmax()) == 5_003 // peaks.FRAME
    assert frames.max() == pytest.approx(0.8, abs=0.01)
    assert np.allclose(frames, peaks.true_peak_frames(samples), atol=1e-6)


def test_silence_has_a_number() -> None:
    assert peaks.true_peak_db(np.zeros((100, 2), np.float32)) == peaks.SILENCE_DB
    assert peaks.true_peak_db(np.zeros((0, 2), np.float32)) == peaks.SILENCE_DB


def test_the_outline_is_the_peak_of_each_part() -> None:
    samples = np.linspace(0, 1, 6_000, dtype=np.float32)
    outline = peaks.waveform(np.stack([samples / 2, -samples], axis=1), 6)
    assert outline == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1], abs=1e-3)
    assert peaks.waveform(samples[:3] + 0.5, 10).max() == pytest.approx(0.5, abs=1e-3)
    assert not peaks.waveform(samples[:0], 10).any()


def test_the_outline_of_a_file_is_that_of_its_samples(tmp_path: Path) -> None:
    samples = sounds.noise(2.5) * np.linspace(0, 1, 110_250, dtype=np.float32)[:, None]
    write_sound(tmp_path / "sound.wav", samples)
    assert np.array_equal(peaks.waveform_of_file(tmp_path / "sound.wav", 77), peaks.waveform(samples, 77))
