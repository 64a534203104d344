"""Numbers that the modern preset reads from picture, voice and music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mrcmv.media import Speech, UserError
from mrcmv.training.batches import Clips
from mrcmv.training.manifest import read_manifest
from mrcmv.training.modern import features as room
from mrcmv.training.modern import played, seen, spoken
from mrcmv.training.modern.features import Networks, load_features, make_features
from mrcmv.training.modern.lite import FEATURES, Lite0, SameConv
from tests.training.synthetic import make_data

RATE = 16_000


def column(names: tuple[str, ...], curves: np.ndarray, name: str) -> np.ndarray:
    return curves[:, names.index(name)]


def buzz(hertz: float, seconds: float) -> np.ndarray:
    """A voice of sorts: many harmonics that fall off."""
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 12)).astype(np.float32) * 0.1


def test_the_voice_is_read() -> None:
    low, high, pause = buzz(130, 2), 2 * buzz(260, 2), np.zeros(2 * RATE, np.float32)
    curves = spoken.voice_curves(np.concatenate([low, pause, high]), Speech(((0.0, 2.0), (4.0, 6.0))), 12)
    pitch = column(spoken.NAMES, curves, "pitch")
    np.testing.assert_allclose(pitch[:3], np.log2(130), atol=0.03)
    np.testing.assert_allclose(pitch[9:], np.log2(260), atol=0.03)
    assert np.isnan(pitch[5:7]).all()
    level = column(spoken.NAMES, curves, "level")
    assert level[10] - level[1] == pytest.approx(6.0, abs=1.0)
    assert column(spoken.NAMES, curves, "speaking")[[1, 6, 10]].tolist() == [1.0, 0.0, 1.0]
    assert column(spoken.NAMES, curves, "pause")[[1, 6, 10]].tolist() == [0.0, 1.0, 0.0]
    assert column(spoken.NAMES, curves, "voiced")[1] == 1.0
    assert column(spoken.NAMES, curves, "starts").sum() == 2.0  # one phrase begins, counted per second


def test_syllables_are_counted() -> None:
    time = np.arange(4 * RATE) / RATE
    swell = (0.52 - 0.48 * np.cos(2 * np.pi * 4 * time)).astype(np.float32)
    curves = spoken.voice_curves(buzz(150, 4) * swell, Speech(((0.0, 4.0),)), 8)
    assert column(spoken.NAMES, curves, "syllables").mean() == pytest.approx(4.0, abs=0.6)


def test_nobody_speaks() -> None:
    curves = spoken.voice_curves(np.zeros(RATE, np.float32), Speech(()), 4)
    assert np.isnan(column(spoken.NAMES, curves, "level")).all()
    assert (column(spoken.NAMES, curves, "speaking") == 0).all()


def test_light_and_motion_are_read() -> None:
    random = np.random.default_rng(0)
    still = np.tile(random.integers(0, 40, (1, 56, 56, 3)), (6, 1, 1, 1))
    wild = random.integers(0, 255, (6, 7, 7, 3)).repeat(8, axis=1).repeat(8, axis=2)
    curves = seen.picture_curves(np.concatenate([still, wild]).astype(np.uint8))
    assert curves.shape == (12, len(seen.NAMES))
    light, motion, cut = (column(seen.NAMES, curves, name) for name in ("light", "motion", "cut"))
    assert light[:6].max() < light[6:].min()
    assert motion[1:6].max() < motion[6:].min() - 2
    assert cut[:6].sum() == 0
    assert cut[6:].sum() == 6


def test_brightness_and_beat_of_music_are_read() -> None:
    time = np.arange(10 * RATE) / RATE
    random = np.random.default_rng(0)
    dull = np.sin(2 * np.pi * 150 * time)
    clicks = np.exp(-((time * 2) % 1.0) * 30) * random.normal(0, 1, len(time))
    at_random = np.interp(time, np.sort(random.uniform(0, 10, 20)), random.normal(0, 1, 20))
    curves = {
        name: played.music_curves(np.asarray(sound, np.float32), 20).mean(axis=0)
        for name, sound in {"dull": dull, "clicks": clicks, "slow": dull * at_random}.items()
    }
    value = {k: dict(zip(played.NAMES, row, strict=True)) for k, row in curves.items()}
    assert value["clicks"]["centroid"] > value["dull"]["centroid"] + 1
    assert value["dull"]["low"] > value["clicks"]["low"] + 1
    assert value["clicks"]["pulse"] > 0.6
    assert value["clicks"]["flux"] > value["slow"]["flux"]
    louder = played.music_curves(np.asarray(5 * clicks, np.float32), 20).mean(axis=0)
    np.testing.assert_allclose(louder, curves["clicks"], atol=0.02)  # the level of a track is no mood


def test_lite0_is_the_network_of_the_weight_file() -> None:
    net = Lite0().eval()
    state = net.state_dict()
    assert sum(value.numel() for value in net.parameters()) == 4_652_008
    assert state["_blocks.0._project_conv.weight"].shape == (16, 32, 1, 1)
    assert "_blocks.0._expand_conv.weight" not in state
    assert state["_blocks.15._bn2.running_mean"].shape == (320,)
    assert [block.residual for block in net._blocks].count(True) == 9
    with torch.inference_mode():
        assert net(torch.zeros(2, 3, 112, 112)).shape == (2, FEATURES)


def test_padding_is_tensorflows() -> None:
    """At an even size and stride 2 only the right and the bottom are padded."""
    conv = SameConv(1, 1, 3, 2, bias=False)
    nn.init.ones_(conv.weight)
    picture = torch.zeros(1, 1, 4, 4)
    picture[0, 0, 0, 0] = 1.0
    assert conv(picture)[0, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    picture = torch.ones(1, 1, 4, 4)
    assert conv(picture)[0, 0].tolist() == [[9.0, 6.0], [6.0, 4.0]]


class FakeLite(nn.Module):
    """Features that tell nothing but the mean pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(1, 2, 3))[:, None].expand(-1, FEATURES)


class FakeTagger:
    def embed(self, sound: np.ndarray) -> np.ndarray:
        return np.full((max(1, len(sound) // 47_872), 200), float(np.abs(sound).mean()), np.float32)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Instead of the networks that pip brings; counts how often they are loaded."""
    loaded: list[int] = []

    def load(cls: type) -> Networks:
        loaded.append(1)
        return Networks(FakeLite(), FakeTagger())

    monkeypatch.setattr(Networks, "load", classmethod(load))
    return loaded


def test_features_are_kept_and_a_stopped_run_goes_on(tmp_path: Path, fake: list[int]) -> None:
    data = make_data(tmp_path / "data", {"train": 3})
    clips = Clips(tuple(read_manifest(data)), data / "prepared-32")
    folder = make_features(clips, tmp_path / room.FOLDER)
    made = [load_features(folder / f"{item.id}.npz") for item in clips.items]
    assert [one.picture.shape for one in made] == [(68, len(seen.NAMES))] * 3
    assert made[0].frames.shape == (17, FEATURES)
    assert made[0].rest.shape == (0, len(played.NAMES))
    light = [column(seen.NAMES, one.picture, "light").mean() for one in made]
    bright = [column(played.NAMES, one.music, "centroid").mean() for one in made]
    assert light == sorted(light)
    assert bright == sorted(bright)
    (folder / "train-1.npz").unlink()
    before = (folder / "train-0.npz").stat().st_mtime_ns
    make_features(clips, folder)
    assert len(fake) == 2
    assert (folder / "train-0.npz").stat().st_mtime_ns == before
    make_features(clips, folder)
    assert len(fake) == 2  # nothing to do, so no network is loaded
    (folder / "train-0.npz").write_bytes(b"no")
    with pytest.raises(UserError, match="train-0 cannot be read"):
        load_features(folder / "train-0.npz")
