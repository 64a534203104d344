from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mrcmv.tagging import CheckpointError, Tagger
from mrcmv.tagging.checkpoint import read_checkpoint
from mrcmv.tagging.net import Musicnn
from tests.tagging.bundle import write_checkpoint

SIZES = {"timbre": 3, "rhythm": 2, "middle": 4, "units": 5, "tags": 3}
LABELS = ("calm", "fast", "loud")


def tensors_for(net: Musicnn, seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights under TensorFlow's names and in its shapes, with the optimiser's beside them."""
    random = np.random.default_rng(seed)
    leaves = {"running_mean": "moving_mean", "running_var": "moving_variance"}
    found = {}
    for name, value in net.state_dict().items():
        layer, index, leaf = name.split(".")
        scope = layer + ("" if index == "0" else f"_{index}")
        if leaf == "num_batches_tracked":
            continue
        if layer == "batch_normalization":
            leaf = leaves.get(leaf) or {"weight": "gamma", "bias": "beta"}[leaf]
        else:
            leaf = {"weight": "kernel"}.get(leaf, leaf)
        array = random.uniform(0.5, 1.5, tuple(value.shape)).astype(np.float32)
        if leaf == "kernel":
            array = np.transpose(array, (2, 3, 1, 0) if array.ndim == 4 else (1, 0)) - 1
        found[f"{scope}/{leaf}"] = array
        found[f"{scope}/{leaf}/Adam"] = np.zeros_like(array)
    return found


def test_every_tensor_comes_back_as_it_was_written(tmp_path: Path) -> None:
    given = {"a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "a/bias": np.float32([-1.5])}
    given["ab"] = np.zeros((0, 4), np.float32)
    given["one"] = np.asarray(2.5, np.float32)
    write_checkpoint(tmp_path / "i", tmp_path / "d", given)
    read = read_checkpoint(tmp_path / "i", tmp_path / "d")
    assert set(read) == set(given)  # the int64 step is left out
    for name, value in given.items():
        assert read[name].shape == value.shape
        assert (read[name] == value).all()


def test_a_tiny_network_computes_what_its_checkpoint_says(tmp_path: Path) -> None:
    net = Musicnn(**SIZES)
    tensors = tensors_for(net)
    write_checkpoint(tmp_path / "i", tmp_path / "d", tensors)
    tagger = Tagger.read(tmp_path / "i", tmp_path / "d", net, LABELS)
    kernel = tensors["conv2d_1/kernel"]  # height, width, in, out
    assert net.conv2d[1].weight[2, 0, 6, 5].item() == kernel[6, 5, 0, 2]
    assert net.dense[1].weight[2, 4].item() == tensors["dense_1/kernel"][4, 2]
    assert (
        net.batch_normalization[10].running_var[3].item()
        == tensors["batch_normalization_10/moving_variance"][3]
    )
    sound = np.random.default_rng(1).normal(0, 0.1, 16_000 * 7).astype(np.float32)
    rows, features = tagger.both(sound)
    assert rows.shape == (2, 3)
    assert features.shape == (2, 5)
    # the last layer by hand
    by_hand = 1 / (1 + np.exp(-(features @ tensors["dense_1/kernel"] + tensors["dense_1/bias"])))
    np.testing.assert_allclose(rows, by_hand, atol=1e-6)
    tags = tagger.tags(sound)
    assert set(tags) == set(LABELS)
    assert list(tags.values()) == sorted(tags.values(), reverse=True)


@pytest.mark.parametrize("damage", ["cut", "no table", "missing", "short data", "other network"])
def test_a_damaged_checkpoint_is_one_sentence(tmp_path: Path, damage: str) -> None:
    index, data = tmp_path / "i", tmp_path / "d"
    write_checkpoint(index, data, tensors_for(Musicnn(**SIZES)))
    if damage == "cut":
        index.write_bytes(index.read_bytes()[-60:])
    elif damage == "no table":
        index.write_bytes(b"hello")
    elif damage == "missing":
        data.unlink()
    elif damage == "short data":
        data.write_bytes(data.read_bytes()[:-12])  # the step is the last tensor, 8 bytes
    net = Musicnn(**SIZES | {"units": 6}) if damage == "other network" else Musicnn(**SIZES)
    with pytest.raises(CheckpointError, match="fetched anew"):
        Tagger.read(index, data, net, LABELS)
