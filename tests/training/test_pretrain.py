from pathlib import Path

import numpy as np
import pytest
import torch

from mrcmv.training.loop import clips_of, network
from mrcmv.training.pretrain import correlation, labelled, masked_mse, pretrain
from tests.training.synthetic import SIZE, make_data, small_config


def test_unknown_targets_cost_nothing() -> None:
    wanted = torch.tensor([[1.0, float("nan")], [3.0, 2.0]])
    said = torch.tensor([[2.0, 99.0], [3.0, 0.0]], requires_grad=True)
    loss = masked_mse(said, wanted)
    assert loss.item() == pytest.approx((1 + 0 + 4) / 3)
    loss.backward()
    assert said.grad is not None
    assert said.grad[0, 1] == 0


def test_correlation_leaves_out_what_is_unknown() -> None:
    wanted = np.array([1.0, 2.0, 3.0, np.nan])
    assert correlation(np.array([2.0, 4.0, 6.0, -50.0]), wanted) == pytest.approx(1.0)
    assert correlation(np.ones(4), wanted) == 0.0


def test_the_picture_encoder_learns_the_light_of_the_scene(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"train": 6, "validation": 4})
    config = small_config(
        pretrain={
            "picture_steps": 40,
            "voice_steps": 0,
            "music_steps": 0,
            "steps_per_epoch": 10,
            "picture_batch": 4,
            "learning_rate": 0.003,
        }
    )
    net = network(config)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    train, validation = (
        clips_of(data, data / f"prepared-{SIZE}", split) for split in ("train", "validation")
    )
    _, scale = labelled("picture", train)
    assert list(scale.curves) == ["light"]
    (tmp_path / "run").mkdir()
    best = pretrain(net, config, train, validation, tmp_path / "run")
    assert list(best) == ["picture"]
    assert best["picture"]["clip_r_light"] > 0.9
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("picture_encoder.") for name in changed)
