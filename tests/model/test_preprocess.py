"""The inputs: VGGish's log-mel recomputed with numpy alone, the 32 s rule, normalisation, pictures."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from mrcmv.model import ModelConfig, Recipe, picture_tensor, shrink_frames
from mrcmv.model.preprocess import EmptySound, fit_window, log_mel, normalise_level, patch_starts

from .conftest import RATE, tone


def reference_log_mel(sound: np.ndarray) -> np.ndarray:
    """VGGish's definition, written down step by step in float64."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    starts = range(0, len(sound) - 399, 160)
    padded = np.zeros((len(starts), 512))
    for row, start in enumerate(starts):
        padded[row, :400] = window * sound[start : start + 400]
    phase = np.exp(-2j * np.pi * np.outer(np.arange(512), np.arange(257)) / 512)
    magnitude = np.abs(padded @ phase)

    def mel(hertz: float) -> float:
        return 1127.0 * math.log(1.0 + hertz / 700.0)

    edges = [mel(125) + step * (mel(7500) - mel(125)) / 65 for step in range(66)]
    matrix = np.zeros((257, 64))
    for band in range(64):
        low, peak, high = edges[band : band + 3]
        for k in range(1, 257):
            here = mel(k * RATE / 512)
            if low < here <= peak:
                matrix[k, band] = (here - low) / (peak - low)
            elif peak < here < high:
                matrix[k, band] = (high - here) / (high - peak)
    return np.log(magnitude @ matrix + 0.01)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(5 * RATE) * 0.1).astype(np.float32)


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(dataclasses.replace(ModelConfig.debug(), voice_norm="none", music_norm="none"))


def test_patches_equal_vggish_s_definition(recipe: Recipe, noise: np.ndarray) -> None:
    patches = recipe.music(noise).numpy()
    assert patches.shape == (72, 1, 96, 64)
    assert patches.dtype == np.float32
    repeated = np.tile(noise, 7)[: 32 * RATE]
    mel = reference_log_mel(repeated.astype(np.float64))
    assert mel.shape == (3198, 64)
    for index in range(72):
        start = round(index * (3198 - 96) / 71)
        np.testing.assert_allclose(patches[index, 0], mel[start : start + 96], atol=1e-4)


def test_silence_is_the_floor_and_a_tone_lies_in_its_band() -> None:
    assert torch.allclose(log_mel(np.zeros(1600, np.float32)), torch.tensor(math.log(0.01)))
    sine = np.sin(2 * np.pi * 1000 * np.arange(1600) / RATE).astype(np.float32)
    mel = 1127 * math.log(1 + 1000 / 700)
    low, high = (1127 * math.log(1 + hertz / 700) for hertz in (125, 7500))
    expected = round((mel - low) / (high - low) * 65) - 1
    assert abs(int(log_mel(sine)[3].argmax()) - expected) <= 1


def test_72_patches_reach_from_the_first_frame_to_the_last() -> None:
    starts = patch_starts(3198, 72)
    assert (starts[0], starts[-1] + 96, len(starts)) == (0, 3198, 72)
    assert set(np.diff(starts)) <= {43, 44}
    assert patch_starts(3198, 1) == [0]


def test_shorter_sound_repeats_and_longer_sound_is_cut_at_32_s(noise: np.ndarray) -> None:
    window = fit_window(noise)
    assert window.shape == (32 * RATE,)
    for copy in range(6):
        np.testing.assert_array_equal(window[copy * len(noise) : (copy + 1) * len(noise)], noise)
    np.testing.assert_array_equal(window[6 * len(noise) :], noise[: 2 * RATE])
    longer = np.arange(33 * RATE, dtype=np.float32)
    np.testing.assert_array_equal(fit_window(longer), longer[: 32 * RATE])


def test_bad_sound_is_refused_or_silenced() -> None:
    with pytest.raises(EmptySound, match="sound is empty"):
        fit_window(np.zeros(0, np.float32))
    with pytest.raises(ValueError, match="mono"):
        fit_window(np.zeros((100, 2), np.float32))
    hostile = tone(300, 1)
    hostile[5], hostile[7] = np.nan, np.inf
    assert fit_window(hostile)[[5, 7]].tolist() == [0, 0]
    assert np.isnan(hostile[5]), "the caller's own array stays as it was"


@pytest.mark.parametrize("level", [0.004, 0.05, 0.9])
def test_level_brings_the_sounding_part_to_one_loudness(level: float) -> None:
    sound = tone(440, 4, level)
    scaled = normalise_level(sound, -20.0)
    sounding = scaled[np.abs(sound) > 0]
    assert 10 * math.log10(float(np.mean(sounding**2))) == pytest.approx(-20, abs=0.4)
    np.testing.assert_allclose(scaled / scaled.max(), sound / sound.max(), atol=1e-5)


def test_level_leaves_silence_silent_and_lifts_by_40_db_at_most() -> None:
    assert not normalise_level(np.zeros(8000, np.float32), -20.0).any()
    faint = tone(440, 1, 1e-4)
    np.testing.assert_allclose(normalise_level(faint, -20.0), 100 * faint, rtol=1e-5)


def test_clip_takes_the_speaker_s_loudness_and_colour_away_but_not_the_melody(recipe: Recipe) -> None:
    rng = np.random.default_rng(1)
    voice = (rng.standard_normal(4 * RATE) * 0.1).astype(np.float32) * (tone(1, 4, 1.0) > 0)
    colour = np.convolve(voice, [0.5, 0.4, 0.3], mode="same").astype(np.float32) * 0.3
    raw = Recipe(recipe.config)
    per_clip = Recipe(dataclasses.replace(recipe.config, voice_norm="clip"))

    def colour_over_words(prepare: Recipe) -> float:
        """How far the same words in another colour are, over how far other words are."""
        same, coloured, moved = (prepare.voice(sound) for sound in (voice, colour, np.roll(voice, 5000)))
        return float((same - coloured).square().mean() / (same - moved).square().mean())

    assert colour_over_words(per_clip) < 0.1 * colour_over_words(raw)
    patches = per_clip.voice(voice)
    assert patches.abs().max() <= 5
    assert (patches == -3).float().mean() == pytest.approx(0.5, abs=0.05), "half of it is pauses"
    assert (per_clip.voice(np.zeros(RATE, np.float32)) == -3).all()


def test_pictures_are_squeezed_by_area_and_normalised(frames: np.ndarray) -> None:
    small = shrink_frames(frames, 112)
    assert small.dtype == np.uint8
    by_hand = frames.reshape(64, 112, 2, 112, 2, 3).mean(axis=(2, 4))
    assert np.abs(small - by_hand).max() <= 0.5
    tensor = picture_tensor(small)
    assert tensor.shape == (3, 64, 112, 112)
    np.testing.assert_allclose(tensor[2, 9].numpy(), (small[9, :, :, 2] / 255 - 0.45) / 0.225, atol=1e-5)
    batch = picture_tensor(np.stack([small, small]))
    torch.testing.assert_close(batch[1], tensor)


def test_the_cache_of_small_frames_gives_the_very_input_of_serving(frames: np.ndarray) -> None:
    recipe = Recipe(ModelConfig.debug())
    torch.testing.assert_close(
        recipe.picture(frames), picture_tensor(shrink_frames(frames, 32)), rtol=0, atol=0
    )
    assert shrink_frames(frames[:2], 48).shape == (2, 48, 48, 3)
    assert shrink_frames(frames, 224) is frames


def test_wrong_frames_are_refused(frames: np.ndarray) -> None:
    with pytest.raises(ValueError, match="64 frames"):
        Recipe(ModelConfig.debug()).picture(frames[:60])
    with pytest.raises(ValueError, match="uint8"):
        shrink_frames(frames.astype(np.float32), 32)
