"""Peaks between the samples are seen, and an outline shows where a sound is loud."""

import numpy as np
import pytest

from mrcmv.media import PEAK_FRAME, Outline, Samples, TruePeakMeter
from mrcmv.media.peaks import SILENCE_DB, true_peak_db, true_peak_frames


def outline(samples: Samples, points: int, parts: list[int]) -> np.ndarray:
    made = Outline(len(samples), points)
    for part in np.array_split(samples, parts):
        made.add(part)
    return made.peaks


def test_a_peak_between_the_samples_is_seen() -> None:
    at = np.arange(44_100)
    quarter = 0.5 * np.sin(2 * np.pi * at / 4 + np.pi / 4)  # every sample lies 3 dB below the crest
    samples = np.stack([quarter, 0 * quarter], axis=1).astype(np.float32)
    fade = np.minimum(1, np.minimum(at, at[::-1]) / 2000)[:, None].astype(np.float32)
    assert np.abs(samples * fade).max() == pytest.approx(0.3536, abs=1e-3)
    assert true_peak_db(samples * fade) == pytest.approx(-6.02, abs=0.1)


def test_frames_lie_where_the_peak_is_whatever_the_blocks() -> None:
    samples = np.zeros((10_000, 2), np.float32)
    samples[5_003, 1] = 0.8
    meter = TruePeakMeter()
    for part in np.array_split(samples, [1, 7, 4_000, 5_003, 5_010]):
        meter.add(part)
    frames = meter.finish()
    assert len(frames) == -(-10_000 // PEAK_FRAME)
    assert int(frames.argmax()) == 5_003 // PEAK_FRAME
    assert frames.max() == pytest.approx(0.8, abs=0.01)
    assert np.allclose(frames, true_peak_frames(samples), atol=1e-6)


def test_silence_has_a_number() -> None:
    assert true_peak_db(np.zeros((100, 2), np.float32)) == SILENCE_DB
    assert true_peak_db(np.zeros((0, 2), np.float32)) == SILENCE_DB


@pytest.mark.parametrize("parts", [[], [1, 2, 999, 1_000, 1_001, 4_321]])
def test_the_outline_is_the_peak_of_each_part(parts: list[int]) -> None:
    ramp = np.linspace(0, 1, 6_000, dtype=np.float32)
    stereo = np.stack([ramp / 2, -ramp], axis=1)
    assert outline(stereo, 6, parts) == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1], abs=1e-3)


def test_an_outline_of_hardly_any_sound_or_more_than_announced() -> None:
    ramp = np.linspace(0, 1, 6_000, dtype=np.float32)
    stereo = np.stack([ramp, ramp], axis=1)
    assert outline(stereo[:3] + 0.5, 10, []).max() == pytest.approx(0.5, abs=1e-3)
    assert not outline(stereo[:0], 10, []).any()
    short = Outline(3_000, 3)
    short.add(stereo)
    assert short.peaks == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=1e-3)
