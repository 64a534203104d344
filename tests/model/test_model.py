"""`Mrcmv`: embeddings, devices, ZeroGPU."""

import importlib
import sys
import threading
from types import ModuleType

import numpy as np
import pytest
import torch

from mrcmv.media import UserError
from mrcmv.model import ModelConfig, Mrcmv, pick_device, zerogpu
from mrcmv.model import mrcmv as room

from .conftest import tone


@pytest.fixture(scope="module")
def model() -> Mrcmv:
    return Mrcmv(ModelConfig.debug(), seed=0)


def test_a_clip_with_a_voice(model: Mrcmv, frames: np.ndarray) -> None:
    query = model.embed_query(frames, tone(300, 3))
    assert query.vector.shape == (512,)
    assert query.vector.dtype == np.float32
    assert query.picture_share + query.voice_share == pytest.approx(1)
    assert 0 < query.picture_share < 1
    other_voice = model.embed_query(frames, tone(300, 3) * tone(2.3, 3, 10))
    other_frames = model.embed_query(frames[::-1].copy(), tone(300, 3))
    for other in (other_voice, other_frames):
        assert np.abs(query.vector - other.vector).max() > 1e-3
    net, recipe = model.net, model.recipe
    with torch.no_grad():
        expected, _ = net(recipe.picture(frames)[None], recipe.voice(tone(300, 3))[None])
    np.testing.assert_allclose(query.vector, expected[0].numpy(), atol=1e-5)


def test_a_clip_without_a_voice(model: Mrcmv, frames: np.ndarray) -> None:
    query = model.embed_query(frames, None)
    assert (query.picture_share, query.voice_share) == (1.0, 0.0)
    assert np.abs(query.vector - model.embed_query(frames, tone(300, 3)).vector).max() > 1e-3


def test_the_same_input_gives_the_same_vector_in_every_thread(model: Mrcmv, frames: np.ndarray) -> None:
    expected = model.embed_query(frames, tone(300, 3)).vector
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(model.embed_query(frames, tone(300, 3)).vector))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    for vector in found:
        np.testing.assert_array_equal(vector, expected)
    again = Mrcmv(ModelConfig.debug(), seed=0)
    assert again.sha256 == model.sha256
    np.testing.assert_array_equal(again.embed_query(frames, tone(300, 3)).vector, expected)
    assert Mrcmv(ModelConfig.debug(), seed=1).sha256 != model.sha256


def test_music_windows_in_batches_equal_windows_alone(model: Mrcmv) -> None:
    windows = [tone(110 * (index + 1), 2 + index) for index in range(5)]
    vectors = model.embed_music(windows)
    assert vectors.shape == (5, 512)
    for index in (0, 4):
        np.testing.assert_allclose(vectors[index], model.embed_music([windows[index]])[0], atol=1e-4)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    assert model.embed_music([]).shape == (0, 512)


def test_sound_inputs_follow_their_branch(model: Mrcmv) -> None:
    sound = tone(200, 2)
    assert model.sound_input(sound).shape == (72, 1, 96, 64)
    torch.testing.assert_close(model.sound_input(sound, "voice"), model.recipe.voice(sound))
    torch.testing.assert_close(model.sound_input(sound), model.recipe.music(sound))
    assert not torch.allclose(model.sound_input(sound), model.sound_input(sound, "voice"))


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device() == "cpu"
    with pytest.raises(UserError, match="no device 'cuda': choose auto or one of cpu"):
        pick_device("cuda")
    with pytest.raises(UserError, match="no device 'toaster'"):
        pick_device("toaster")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(room, "_pools_video", lambda device: False)
    assert pick_device() == "cpu", "a backend that cannot pool video is no use"
    monkeypatch.undo()
    assert room._pools_video("cpu")
    assert not room._pools_video("no such device")
    monkeypatch.setattr(room, "_pools_video", lambda device: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device() == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (pick_device(), pick_device("cuda:0"), pick_device("cpu")) == ("cuda", "cuda:0", "cpu")


def test_spaces_gpu_wraps_the_network_on_zerogpu_only(
    monkeypatch: pytest.MonkeyPatch, frames: np.ndarray
) -> None:
    lent: list[tuple[str, int]] = []

    def gpu(duration: int):  # what the package `spaces` offers
        def decorate(function):
            lent.append((function.__name__, duration))
            return lambda *arguments: ("lent", function(*arguments))[1]

        return decorate

    fake = ModuleType("spaces")
    fake.GPU = gpu
    fake.__spec__ = importlib.machinery.ModuleSpec("spaces", None)
    monkeypatch.setitem(sys.modules, "spaces", fake)

    def function() -> int:
        return 1

    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert zerogpu.lent_gpu(5)(function) is function
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert zerogpu.on_zerogpu()
    assert zerogpu.lent_gpu(5)(function)() == 1
    assert lent == [("function", 5)]
    monkeypatch.delitem(sys.modules, "spaces")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert zerogpu.lent_gpu(5)(function) is function
    assert {room._query.__name__, room._music.__name__} == {"_query", "_music"}
