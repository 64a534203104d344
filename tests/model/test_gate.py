"""The fusion gate: crop, ReLU, the sum as a gate of ones, and the shares."""

import pytest
import torch

from mrcmv.model import FusionGate


@pytest.fixture
def features() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, 5, 6), torch.randn(3, 5, 6)


def test_the_gate_is_relu_of_one_layer_cropped_along_depth(features: tuple[torch.Tensor, ...]) -> None:
    picture, voice = features
    gate = FusionGate(6, 6)
    fused, info = gate(picture, voice)
    both = torch.cat([picture, voice], dim=2)
    assert gate.weigh is not None
    by_hand = torch.clamp(both @ gate.weigh.weight.T + gate.weigh.bias, min=0)
    assert info.gate.shape == (3, 5, 12)
    torch.testing.assert_close(info.gate, by_hand)
    assert (info.gate == 0).any()
    assert info.gate.max() > 1, "a sigmoid could not do that"
    torch.testing.assert_close(fused, by_hand[..., :6] * picture + by_hand[..., 6:] * voice)


def test_a_gate_of_ones_is_the_sum(features: tuple[torch.Tensor, ...]) -> None:
    picture, voice = features
    fused, _ = FusionGate(6, 6, kind="ones")(picture, voice)
    torch.testing.assert_close(fused, picture + voice)
    learned = FusionGate(6, 6, bias=1.0)
    assert learned.weigh is not None
    torch.nn.init.zeros_(learned.weigh.weight)
    torch.testing.assert_close(learned(picture, voice)[0], picture + voice)


def test_concatenation_keeps_both_parts_apart(features: tuple[torch.Tensor, ...]) -> None:
    picture, voice = features[0], torch.randn(3, 5, 4)
    gate = FusionGate(6, 4, fusion="concat")
    fused, info = gate(picture, voice)
    assert fused.shape == (3, 5, 10)
    torch.testing.assert_close(fused[..., :6], info.gate[..., :6] * picture)
    torch.testing.assert_close(fused[..., 6:], info.gate[..., 6:] * voice)
    with pytest.raises(ValueError, match="one depth"):
        FusionGate(6, 4, fusion="sum")


def test_the_sigmoid_is_only_the_named_ablation(features: tuple[torch.Tensor, ...]) -> None:
    gate = FusionGate(6, 6, kind="sigmoid")
    assert gate.weigh is not None
    _, info = gate(*features)
    torch.testing.assert_close(info.gate, 1 / (1 + torch.exp(-gate.weigh(torch.cat(features, dim=2)))))


def test_shares_are_the_gated_magnitudes_over_their_sum(features: tuple[torch.Tensor, ...]) -> None:
    picture, voice = features
    _, info = FusionGate(6, 6, kind="ones")(picture, 3 * picture)
    torch.testing.assert_close(info.shares(), torch.tensor([[0.25, 0.75]]).expand(3, 2))
    _, info = FusionGate(6, 6)(picture, voice)
    seen = (info.gate[..., :6] * picture).abs().sum(dim=(1, 2))
    heard = (info.gate[..., 6:] * voice).abs().sum(dim=(1, 2))
    torch.testing.assert_close(info.shares()[:, 0], seen / (seen + heard))
    torch.testing.assert_close(info.shares().sum(1), torch.ones(3))
