"""Networks without dice: everything is loaded, nothing is left over from memory."""

from __future__ import annotations

import torch
from torch import nn

from mrcmv.model import ModelConfig
from mrcmv.model.blank import Blank
from mrcmv.model.checkpoint import load_net, save_checkpoint
from mrcmv.model.mrcmv import build


def test_nothing_is_filled_at_random_and_the_rest_is():
    with Blank():
        layer = nn.Conv3d(2, 3, 1)
        nn.init.constant_(layer.weight, 4.0)
        left = layer.weight.detach().clone()
        for fill in (nn.init.normal_, nn.init.kaiming_normal_, nn.init.kaiming_uniform_):
            assert fill(layer.weight) is layer.weight
        assert nn.BatchNorm1d(3).weight.tolist() == [1.0] * 3
    assert torch.equal(layer.weight, left)
    nn.init.normal_(layer.weight)
    assert not torch.equal(layer.weight, left)


def test_a_loaded_network_is_the_saved_one_to_the_last_buffer(tmp_path):
    net = build(ModelConfig.debug(), seed=3).eval()
    again = load_net(save_checkpoint(tmp_path, net, "kept", {}))
    saved, loaded = dict(net.named_buffers()) | dict(net.named_parameters()), dict(again.named_buffers())
    loaded |= dict(again.named_parameters())
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
