"""What the hand-crafted features say of pictures and sounds that are known, and how they are kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.training.baselines import BASELINES, ClipSet
from mrcmv.training.baselines.cbvmr_features import ROWS, SIZE, cbvmr_features
from mrcmv.training.baselines.features import load_features, measure
from mrcmv.training.baselines.music import music_features
from mrcmv.training.baselines.picture import mean_frame, picture_features
from mrcmv.training.baselines.voice import voice_features
from mrcmv.training.loop import clips_of

from ..synthetic import SIZE as SIDE
from ..synthetic import make_data

RATE = 16_000


def still(level: int, frames: int = 16, side: int = 32) -> np.ndarray:
    return np.full((frames, side, side, 3), level, dtype=np.uint8)


def test_picture_light_motion_and_cuts() -> None:
    dark, bright = picture_features(still(30)), picture_features(still(200))
    assert bright["light mean"] == pytest.approx(200 / 255, abs=1e-3)
    assert dark["light mean"] == pytest.approx(30 / 255, abs=1e-3)
    assert dark["motion mean"] == bright["flicker mean"] == 0
    cut = still(30)
    cut[8:] = 200
    seen = picture_features(cut)
    assert seen["flicker mean"] == pytest.approx(170 / 255 / 16, rel=0.01)
    assert seen["light contrast"] > 0.3  # the quarters differ
    red = still(0)
    red[..., 0] = 255
    assert picture_features(red)["warmth mean"] == pytest.approx(1)
    assert list(seen) == list(dark)


def test_picture_cells_tell_where_it_moves_and_a_mean_frame_does_not_know_order() -> None:
    frames = still(100)
    frames[::2, :10, :10] = 200  # the upper left flickers
    seen = picture_features(frames)
    cells = [seen[f"motion of cell {i}"] for i in range(9)]
    assert np.argmax(cells) == 0
    assert mean_frame(frames) == pytest.approx(mean_frame(frames[::-1]), abs=1e-6)


def buzz(hertz: float, seconds: float, level: float = 0.2) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return level * sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 9)).astype(np.float32)


def test_voice_pitch_pauses_and_level() -> None:
    pause = np.zeros(RATE // 2, dtype=np.float32)
    voice = np.concatenate([buzz(150, 2), pause, buzz(150, 2), pause])
    heard = voice_features(voice, ((0.0, 2.0), (2.5, 4.5)))
    assert heard["pitch"] == pytest.approx(12 * np.log2(1.5) + 0.3, abs=0.3)  # a little high, see there
    assert heard["pitch range"] < 0.3
    assert heard["voiced share"] > 0.9
    assert heard["speaking share"] == pytest.approx(0.8)
    assert heard["log pause"] == pytest.approx(np.log(0.5))
    louder = voice_features(voice * np.float32(2), ((0.0, 2.0), (2.5, 4.5)))
    assert louder["level"] - heard["level"] == pytest.approx(6.02, abs=0.05)
    for relative in ("level spread", "peak over middle", "pitch above", "tilt"):
        assert louder[relative] == pytest.approx(heard[relative], abs=0.1)


def test_voice_sung_higher_in_the_second_phrase() -> None:
    voice = np.concatenate([buzz(120, 2), buzz(240, 2)])
    heard = voice_features(voice, ((0.0, 1.98), (2.02, 4.0)))
    assert heard["phrase pitch spread"] == pytest.approx(6, abs=0.5)  # an octave apart


def test_music_does_not_depend_on_level_and_knows_bright_from_dark() -> None:
    random = np.random.default_rng(0)
    hiss = random.normal(0, 0.1, 4 * RATE).astype(np.float32)
    dull = np.convolve(hiss, np.ones(24) / 24, "same").astype(np.float32)
    bright, dark = music_features(hiss), music_features(dull)
    assert bright["centroid"] > dark["centroid"] + 0.5
    assert bright["low"] < dark["low"]
    softer = music_features(hiss * np.float32(0.1))
    assert np.array(list(softer.values())) == pytest.approx(np.array(list(bright.values())), abs=0.02)


def test_music_pulse_of_clicks() -> None:
    random = np.random.default_rng(1)
    clicks = random.normal(0, 0.002, 6 * RATE).astype(np.float32)
    for beat in range(12):
        clicks[beat * RATE // 2 :][:400] += random.normal(0, 0.3, 400).astype(np.float32)
    found = music_features(clicks)
    assert found["log beat period"] == pytest.approx(np.log(25), abs=0.05)  # 0.5 s in steps of 20 ms
    assert found["pulse middle"] > 0.5


def test_cbvmr_features_are_1140_and_split_tones_from_clicks() -> None:
    tone = buzz(440, 4, 0.1)
    clicks = np.zeros(4 * RATE, dtype=np.float32)
    clicks[:: RATE // 4] = 0.9
    of_tone, of_clicks = cbvmr_features(tone), cbvmr_features(clicks)
    assert of_tone.shape == of_clicks.shape == (SIZE,) == (2 * ROWS * 3,)
    assert np.isfinite(of_tone).all()
    loudness = 188  # the row of the RMS
    harmonic, percussive = loudness, 3 * ROWS + loudness
    assert of_tone[harmonic] > 3 * of_tone[percussive]
    assert of_clicks[percussive] > 3 * of_clicks[harmonic]


def test_features_are_kept_renewed_and_a_fit_measures_no_test_clip(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"train": 6, "validation": 3, "test": 3})
    prepared, cache = data / f"prepared-{SIDE}", data / "features-classic"
    train, validation, test = (
        ClipSet(clips_of(data, prepared, split), cache) for split in ("train", "validation", "test")
    )
    fitted = BASELINES["cca"](train, validation, seed=0)
    files = {path.name for path in cache.iterdir()}
    assert files == {f"{split}-{i}.npz" for split, n in (("train", 6), ("validation", 3)) for i in range(n)}
    similarity = fitted.similarity(test)
    assert similarity.shape == (3, 3)
    assert np.isfinite(similarity).all()

    first = cache / "train-0.npz"
    made = first.stat().st_mtime_ns
    measure(["train-0"], prepared, cache)
    assert first.stat().st_mtime_ns == made  # whole files stay
    before = load_features(first)["picture"].values
    first.write_bytes(b"broken")
    with pytest.raises(UserError, match="measure them again"):
        load_features(first)
    measure(["train-0"], prepared, cache)
    assert np.array_equal(load_features(first)["picture"].values, before)
    later = (prepared / "train-0.npz").stat().st_mtime + 100
    os.utime(prepared / "train-0.npz", (later, later))
    made = first.stat().st_mtime_ns
    measure(["train-0"], prepared, cache)
    assert first.stat().st_mtime_ns > made  # older than its clip: measured anew
