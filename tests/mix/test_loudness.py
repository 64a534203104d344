import numpy as np
import pyloudnorm
import pytest

from mrcmv.media import Speech, read_sound
from mrcmv.mix import loudness
from tests.mix import sounds


def test_a_sine_of_one_kilohertz_at_minus_20_dbfs_in_both_channels_is_minus_20_lufs() -> None:
    assert loudness.integrated(loudness.measure(sounds.tone(3, 997.0))) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("name", ["calm/calm_acoustic_1", "energetic/energetic_electronic_2"])
def test_integrated_loudness_agrees_with_pyloudnorm(name: str) -> None:
    samples = read_sound(sounds.starter_track(name), duration_s=12)
    samples[5 * 44_100 : 8 * 44_100] *= 0.01  # something for the relative gate
    expected = pyloudnorm.Meter(44_100).integrated_loudness(samples.astype(np.float64))
    assert loudness.integrated(loudness.measure(samples)) == pytest.approx(expected, abs=0.1)


def test_blocks_of_any_length_give_the_same_energies() -> None:
    samples = sounds.noise(2.003)
    meter = loudness.LoudnessMeter()
    for part in np.array_split(samples, [1, 100, 441, 30_000, 30_001]):
        meter.add(part)
    assert np.allclose(meter.energies, loudness.measure(samples), rtol=1e-9)
    assert len(meter.energies) == 201


def test_on_speech_hears_only_the_speech() -> None:
    samples = np.concatenate(
        [sounds.tone(1, level=0.5), sounds.tone(2, level=0.05), sounds.tone(1, level=0.5)]
    )
    energies = loudness.measure(samples)
    whole = loudness.integrated(loudness.measure(sounds.tone(2, level=0.05)))
    assert loudness.on_speech(energies, Speech(((1.1, 2.9),))) == pytest.approx(whole, abs=0.1)
    assert loudness.on_speech(energies, Speech(())) == loudness.SILENCE_LUFS


def test_speech_share_counts_parts_of_a_hop_and_no_moment_twice() -> None:
    share = loudness.speech_share(Speech(((0.005, 0.02), (0.01, 0.03))), 5)
    assert share == pytest.approx([0.5, 1.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("length", [0, 1, 440, 5_000, 17_000])
def test_short_and_silent_sounds_have_a_loudness(length: int) -> None:
    silent = np.zeros((length, 2), np.float32)
    assert loudness.integrated(loudness.measure(silent)) == loudness.SILENCE_LUFS
    if length > 1000:
        heard = loudness.integrated(loudness.measure(sounds.tone(1)[:length]))
        assert -26 < heard < -19
