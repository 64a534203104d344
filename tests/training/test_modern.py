"""The thin network on features made up for the purpose."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from mrcmv.training.batches import Clips
from mrcmv.training.manifest import read_manifest
from mrcmv.training.metrics import ranks
from mrcmv.training.modern import modern_similarity, played, seen, spoken
from mrcmv.training.modern.crops import CROP, TOKENS, Scale, music_view, picture_view, voice_view
from mrcmv.training.modern.features import Features, save_features
from mrcmv.training.modern.fit import ModernConfig, Preparation, fit_and_judge, similarity, train_net
from tests.training.synthetic import make_data

SMALL = ModernConfig(width=16, dropout=0.1, components=2, crops=2, epochs=40, batch=16, members=1)


def made_up(light: float, pace: float, seed: int, voice: bool = True, steps: int = 72) -> Features:
    """Light shows in the picture and as brightness of the music, pace in the voice and as flux."""
    random = np.random.default_rng(seed)

    def noise(*size: int) -> np.ndarray:
        return random.normal(0, 0.3, size).astype(np.float32)

    picture, music = noise(steps, len(seen.NAMES)), noise(steps, len(played.NAMES))
    picture[:, 0] += light
    music[:, played.NAMES.index("centroid")] += light
    music[:, played.NAMES.index("flux")] += pace
    spoke = noise(steps, len(spoken.NAMES))
    spoke[:, spoken.NAMES.index("syllables")] += pace
    spoke[:, spoken.NAMES.index("pitch")] += random.uniform(6, 8)
    return Features(
        picture=picture,
        frames=noise(steps // 4, 8),
        voice=spoke if voice else spoke[:0],
        music=music,
        music_net=noise(8, 6),
        rest=music + noise(*music.shape),
        rest_net=noise(8, 6),
    )


def clips_of(count: int, seed: int, voice: bool = True) -> list[Features]:
    random = np.random.default_rng(seed)
    return [made_up(*random.normal(0, 1.5, 2), seed=1000 * seed + i, voice=voice) for i in range(count)]


def mean_rank(found: np.ndarray) -> float:
    return float(ranks(found).mean())


def test_it_learns_what_picture_and_voice_say() -> None:
    train, test = clips_of(60, 1), clips_of(20, 2)
    tracks = [str(i) for i in range(60)]
    both = fit_and_judge(train, tracks, test, SMALL, "both", 0, ("clean", "separated"))
    assert both["clean"].shape == (20, 20)
    assert both["clean"].dtype == np.float32
    picture = fit_and_judge(train, tracks, test, SMALL, "picture", 0)["clean"]
    assert mean_rank(picture) < 8  # chance: 10.5
    assert mean_rank(both["clean"]) < mean_rank(picture)
    assert mean_rank(both["separated"]) < 8
    again = fit_and_judge(train, tracks, test, SMALL, "both", 0)["clean"]
    np.testing.assert_array_equal(again, both["clean"])


def test_what_may_not_be_used_is_not_used() -> None:
    train, test = clips_of(24, 1), clips_of(6, 2)
    preparation = Preparation(train, 2)
    config = dataclasses.replace(SMALL, epochs=2)
    net = train_net(train, [str(i) for i in range(24)], preparation, config, "both", 0)
    other = clips_of(6, 3)
    mute = [dataclasses.replace(one, voice=two.voice) for one, two in zip(test, other, strict=True)]
    blind = [dataclasses.replace(one, picture=two.picture) for one, two in zip(test, other, strict=True)]
    by_picture, by_voice = (similarity(net, preparation, test, use) for use in ("picture", "voice"))
    np.testing.assert_allclose(similarity(net, preparation, mute, "picture"), by_picture, atol=1e-6)
    np.testing.assert_allclose(similarity(net, preparation, blind, "voice"), by_voice, atol=1e-6)
    assert (
        np.abs(similarity(net, preparation, mute, "both") - similarity(net, preparation, test, "both")).max()
        > 1e-3
    )
    silent = [dataclasses.replace(one, voice=one.voice[:0]) for one in test]
    for use in ("both", "voice"):  # without a voice the picture asks
        np.testing.assert_allclose(similarity(net, preparation, silent, use), by_picture, atol=1e-6)


def test_clips_without_any_voice_can_be_learned_from() -> None:
    config = dataclasses.replace(SMALL, epochs=1)
    found = fit_and_judge(
        clips_of(12, 1, voice=False), ["a"] * 6 + list("bcdefg"), clips_of(4, 2), config, "both", 0
    )
    assert np.isfinite(found["clean"]).all()


def test_a_voice_is_seen_relative_to_its_own_habit() -> None:
    clip = made_up(0.0, 1.0, seed=5)
    other = clip.voice.copy()
    for name, shift in {"pitch": 1.0, "level": 6.0, "peak_level": 6.0, "tilt": -4.0}.items():
        other[:, spoken.NAMES.index(name)] += shift
    one, two = voice_view(clip, 0), voice_view(dataclasses.replace(clip, voice=other), 0)
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(two.curves, one.curves, atol=1e-4)
    np.testing.assert_allclose(two.summary, one.summary, atol=1e-4)
    hushed = clip.voice.copy()
    hushed[:, spoken.NAMES.index("level")] = np.nan
    assert voice_view(dataclasses.replace(clip, voice=hushed), 0) is None


def test_crops_begin_where_they_are_told_and_short_clips_repeat() -> None:
    clip = made_up(0.0, 0.0, seed=1)
    view = picture_view(clip, 6)
    np.testing.assert_allclose(view.curves[0], clip.picture[6:8].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(view.curves[-1], clip.picture[68:70].mean(axis=0), atol=1e-6)
    assert view.described.shape == (TOKENS, 8)
    short = made_up(0.0, 0.0, seed=1, steps=20)
    again = music_view(short.music, short.music_net, 0)
    np.testing.assert_allclose(again.curves[10], again.curves[0], atol=1e-6)
    assert len(again.summary) == 3 * len(played.NAMES)


def test_the_scale_standardises_training_clips() -> None:
    views = [picture_view(clip, 0) for clip in clips_of(40, 1)]
    scale = Scale.fit(views, 3)
    tokens = np.stack([scale.tokens(view) for view in views])
    assert tokens.shape == (40, TOKENS, len(seen.NAMES) + 3)
    np.testing.assert_allclose(tokens.mean(axis=(0, 1)), 0.0, atol=0.05)
    np.testing.assert_allclose(tokens.std(axis=(0, 1)), 1.0, atol=0.1)


def test_the_whole_way_from_prepared_clips(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"train": 8, "validation": 2, "test": 4})
    folder = tmp_path / "kept"
    folder.mkdir()
    for number, item in enumerate(read_manifest(data)):
        one = made_up(number / 4, 0.0, seed=number)
        save_features(folder / f"{item.id}.npz", dataclasses.replace(one, rest=one.rest[:0]))
    splits = [
        Clips(tuple(read_manifest(data, (split,))), data / "prepared-32")
        for split in ("train", "validation", "test")
    ]
    heard: list[float] = []
    config = dataclasses.replace(SMALL, epochs=2, members=2)
    found = modern_similarity(data, *splits, seed=3, config=config, features=folder, progress=heard.append)
    assert set(found) == {"clean"}  # nothing was separated here
    assert found["clean"].shape == (4, 4)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    other = modern_similarity(data, *splits, seed=4, config=config, features=folder)
    assert np.abs(other["clean"] - found["clean"]).max() > 1e-4
    assert CROP == 2 * TOKENS


@pytest.mark.parametrize("seed", [0, 1])
def test_training_leaves_torchs_own_randomness_alone(seed: int) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    clips = clips_of(8, 1)
    train_net(
        clips, list("abcdefgh"), Preparation(clips, 1), dataclasses.replace(SMALL, epochs=1), "both", seed
    )
    assert torch.equal(torch.get_rng_state(), before)
