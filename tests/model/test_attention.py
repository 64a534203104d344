"""The attention module against torch's own encoder layer, and its symmetries."""

import pytest
import torch
from torch import nn

from mrcmv.model import Att, ModelConfig
from mrcmv.model.attention import AttStack, sinusoidal_positions


@pytest.fixture
def att() -> Att:
    torch.manual_seed(0)
    return Att(24, 4, ffn_ratio=2).eval()


def reference(att: Att) -> nn.TransformerEncoderLayer:
    """torch's encoder layer with the weights of ``att``."""
    layer = nn.TransformerEncoderLayer(24, 4, 48, dropout=0.0, batch_first=True).eval()
    own = layer.self_attn
    with torch.no_grad():
        own.in_proj_weight.copy_(torch.cat([att.query.weight, att.key.weight, att.value.weight]))
        own.in_proj_bias.copy_(torch.cat([att.query.bias, torch.zeros(24), att.value.bias]))
    own.out_proj.load_state_dict(att.out.state_dict())
    layer.linear1.load_state_dict(att.feed_forward[0].state_dict())
    layer.linear2.load_state_dict(att.feed_forward[3].state_dict())
    layer.norm1.load_state_dict(att.norm_attention.state_dict())
    layer.norm2.load_state_dict(att.norm_feed_forward.state_dict())
    return layer


def test_att_of_x_and_x_is_the_encoder_layer_of_attention_is_all_you_need(att: Att) -> None:
    x = torch.randn(2, 9, 24)
    torch.testing.assert_close(att(x, x), reference(att)(x), atol=1e-5, rtol=1e-5)


def test_cross_attention_is_torch_attention_over_y(att: Att) -> None:
    x, y = torch.randn(2, 5, 24), torch.randn(2, 7, 24)
    layer = reference(att)
    mixed, _ = layer.self_attn(x, y, y)
    expected = layer.norm1(x + mixed)
    expected = layer.norm2(expected + layer.linear2(torch.relu(layer.linear1(expected))))
    torch.testing.assert_close(att(x, y), expected, atol=1e-5, rtol=1e-5)


def test_a_stack_without_y_is_self_attention_layer_by_layer() -> None:
    torch.manual_seed(0)
    config = ModelConfig.from_dict({"d_model": 24, "heads": 4, "layers": 2})
    stack = AttStack(config).eval()
    x = torch.randn(2, 6, 24)
    first = stack.layers[0](x, x)
    torch.testing.assert_close(stack(x), stack.layers[1](first, first))
    y = torch.randn(2, 3, 24)
    torch.testing.assert_close(stack(x, y), stack.layers[1](stack.layers[0](x, y), y))


def test_the_order_of_y_does_not_matter_and_the_order_of_x_is_kept(att: Att) -> None:
    x, y = torch.randn(1, 6, 24), torch.randn(1, 8, 24)
    order, shuffled = torch.randperm(6), torch.randperm(8)
    torch.testing.assert_close(att(x, y[:, shuffled]), att(x, y), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(att(x[:, order], y), att(x, y)[:, order], atol=1e-5, rtol=1e-5)


def test_hidden_steps_of_y_have_no_influence(att: Att) -> None:
    x, y = torch.randn(2, 4, 24), torch.randn(2, 6, 24)
    visible = torch.tensor([[True] * 6, [True, True, False, True, False, False]])
    out = att(x, y, visible)
    torch.testing.assert_close(out[0], att(x[:1], y[:1])[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(out[1], att(x[1:], y[1:, [0, 1, 3]])[0], atol=1e-5, rtol=1e-5)


def test_positions_of_one_moment_are_close_at_different_step_counts() -> None:
    coarse, fine = sinusoidal_positions(8, 32), sinusoidal_positions(72, 32)
    nearest = torch.cdist(coarse, fine).argmin(dim=1)
    assert nearest.tolist() == [4 + 9 * step for step in range(8)]
    assert coarse.abs().max() <= 1
    assert sinusoidal_positions(4, 7).shape == (4, 7)
