"""The whole network: branches, presence of a modality, normalisation, gradients."""

import dataclasses

import pytest
import torch

from mrcmv.model import ModelConfig, MrcmvNet, build


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    return torch.randn(3, 3, 64, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def voice() -> torch.Tensor:
    return torch.randn(3, 72, 1, 96, 64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def tokens(net: MrcmvNet, picture: torch.Tensor, voice: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        return net.encode_picture(picture), net.encode_voice(voice)


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_the_forward_is_encoders_then_tokens(net, picture, voice, tokens) -> None:
    query, info = net(picture, voice)
    again, _ = net.query_from_tokens(*tokens)
    close(query, again)
    assert info.gate.shape == (3, 8, 64)
    assert (info.gate >= 0).all()
    close(net.music(voice), net.music_from_tokens(net.encode_music(voice)))
    assert not torch.allclose(net.encode_music(voice), tokens[1]), "voice and music have their own weights"


def test_query_and_music_by_hand(net, tokens) -> None:
    """The equations of the paper, written out once more."""
    v, a = net.picture_project(tokens[0]), net.voice_project(tokens[1])
    v_dot = torch.cat([net.picture_sa(v, v), net.picture_cma(v, a)], dim=2)
    a_dot = torch.cat([net.voice_sa(a, a), net.voice_cma(a, v)], dim=2)
    a_dot = torch.stack([a_dot[:, 9 * step : 9 * step + 9].mean(1) for step in range(8)], dim=1)
    gate = torch.relu(net.gate.weigh(torch.cat([v_dot, a_dot], dim=2)))
    fused = gate[..., :32] * v_dot + gate[..., 32:] * a_dot
    vector = net.query_head.linear(fused.reshape(3, -1))
    close(net.query_from_tokens(*tokens)[0], (vector - vector.mean(1, True)) / vector.std(1, False, True))
    m = net.music_sa(net.music_project(tokens[1]))
    m = net.music_head.linear(m.reshape(3, 8, 9, 16).mean(2).reshape(3, -1))
    close(net.music_from_tokens(tokens[1]), (m - m.mean(1, True)) / m.std(1, False, True))


def test_an_absent_voice_has_no_influence_and_no_share(net, picture, voice) -> None:
    present = torch.tensor([True, False, True])
    query, info = net(picture, voice, present)
    spoiled = voice.clone()
    spoiled[1] = torch.nan
    close(net(picture, spoiled, present)[0], query)
    alone, _ = net(picture[1:2], None)
    close(query[1:2], alone)
    close(query[0:1], net(picture[0:1], voice[0:1])[0])
    shares = info.shares()
    assert shares[1].tolist() == [1.0, 0.0]
    assert ((shares[[0, 2]] > 0.05) & (shares[[0, 2]] < 0.95)).all()
    nobody, info = net(picture, None)
    assert info.shares().tolist() == [[1.0, 0.0]] * 3
    assert not torch.allclose(nobody[0], query[0])


def test_an_absent_picture_leaves_the_voice_alone(net, tokens) -> None:
    absent = torch.zeros(3, dtype=torch.bool)
    query, info = net.query_from_tokens(*tokens, picture_present=absent)
    noise = torch.randn_like(tokens[0])
    close(net.query_from_tokens(noise, tokens[1], picture_present=absent)[0], query)
    assert info.shares().tolist() == [[0.0, 1.0]] * 3


def test_without_a_voice_the_picture_attends_to_itself(net, tokens) -> None:
    v = net.picture_project(tokens[0])
    v_dot = torch.cat([net.picture_sa(v), net.picture_cma(v, v)], dim=2)
    gate = torch.relu(net.gate.weigh(torch.cat([v_dot, torch.zeros_like(v_dot)], dim=2)))
    expected = net.query_head(gate[..., :32] * v_dot)
    close(net.query_from_tokens(tokens[0], None)[0], expected)


def test_clips_of_a_batch_do_not_mix(net, picture, voice) -> None:
    order = torch.tensor([2, 0, 1])
    close(net(picture[order], voice[order])[0], net(picture, voice)[0][order])
    close(net.music(voice[order]), net.music(voice)[order])


CHOICES = [
    {"arrangement": "sequential"},
    {"arrangement": "self"},
    {"arrangement": "cross"},
    {"fusion": "concat"},
    {"gate": "sigmoid"},
    {"gate": "ones"},
    {"layers": 2},
    {"picture_grid": "fast"},
    {"grid_steps": 64},
    {"head_rank": 4},
    {"positions": "none"},
]


@pytest.mark.parametrize("changes", CHOICES, ids=lambda changes: "-".join(map(str, changes.items())))
def test_every_choice_changes_the_query(changes, config, net, tokens, picture) -> None:
    other = build(dataclasses.replace(config, **changes), seed=3).eval()
    own = other.state_dict()
    shared = {k: v for k, v in net.state_dict().items() if k in own and own[k].shape == v.shape}
    other.load_state_dict(shared, strict=False)
    picture_tokens = other.encode_picture(picture)
    query, _ = other.query_from_tokens(picture_tokens, tokens[1])
    assert query.shape == (3, 512)
    assert not torch.allclose(query, net.query_from_tokens(*tokens)[0], atol=1e-2)
    alone, info = other.query_from_tokens(picture_tokens, tokens[1], torch.tensor([True, False, True]))
    close(alone[[0, 2]], query[[0, 2]])
    assert info.shares()[1].tolist() == [1.0, 0.0]


def test_sequential_is_cross_attention_over_self_attended_features(config, tokens) -> None:
    net = build(dataclasses.replace(config, arrangement="sequential"), seed=1).eval()
    v, a = (project(x) for project, x in zip((net.picture_project, net.voice_project), tokens, strict=True))
    v, a = net.picture_sa(v), net.voice_sa(a)
    _, info = net.query_from_tokens(*tokens)
    a_dot = net.voice_cma(a, v).reshape(3, 8, 9, 16).mean(2)
    close(info.gate, torch.relu(net.gate.weigh(torch.cat([net.picture_cma(v, a), a_dot], dim=2))))


def test_layernorm_puts_random_pairs_about_1024_apart_and_l2_on_the_unit_sphere(config, tokens) -> None:
    far = build(config, seed=0).eval().query_from_tokens(*tokens)[0]
    close(far.mean(1), torch.zeros(3))
    close(far.square().sum(1), torch.full((3,), 512.0))
    other = build(config, seed=9).eval().query_from_tokens(*tokens)[0]
    distance = (far - other).square().sum(1)
    close(distance, 1024 * (1 - torch.cosine_similarity(far, other)))
    assert ((distance - 1024).abs() < 250).all()
    unit = build(dataclasses.replace(config, normalize="l2"), seed=0).eval().query_from_tokens(*tokens)[0]
    close(unit.norm(dim=1), torch.ones(3))


def test_gradients_reach_every_parameter(config, picture, voice) -> None:
    net = build(config, seed=2).train()
    torch.manual_seed(0)
    query, _ = net(picture, voice, torch.tensor([True, True, False]))
    (query @ net.music(voice).T)[:, 0].sum().backward()
    missing = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert missing == []


def test_the_same_seed_gives_the_same_network_and_leaves_torch_s_generator(config) -> None:
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    first, second, third = build(config, 0), build(config, 0), build(config, 1)
    close(torch.randn(3), expected)
    for name, value in first.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], value, rtol=0, atol=0)
    assert not torch.equal(first.query_head.linear.weight, third.query_head.linear.weight)


def test_batchnorm_learns_statistics_unless_frozen_and_skips_absent_voices(config, picture, voice) -> None:
    net = build(config, seed=2).train()
    first = net.voice_encoder.features[1]
    before = first.running_mean.clone()
    net.encode_voice(voice, torch.zeros(3, dtype=torch.bool))
    close(first.running_mean, before)
    net.encode_voice(voice)
    assert not torch.allclose(first.running_mean, before)
    net.freeze_batchnorm().train()
    assert net.training
    assert net.query_head.dropout.training
    frozen = first.running_mean.clone()
    net.encode_voice(voice)
    net.encode_picture(picture)
    close(first.running_mean, frozen)
    net.freeze_batchnorm(False)
    assert first.training


def test_dropout_acts_in_training_only(config, tokens) -> None:
    net = build(config, seed=2)
    assert torch.equal(*(net.eval().query_from_tokens(*tokens)[0] for _ in range(2)))
    assert not torch.equal(*(net.train().query_from_tokens(*tokens)[0] for _ in range(2)))


def test_config_of_a_net_is_kept() -> None:
    with torch.device("meta"):
        assert MrcmvNet(ModelConfig.debug()).config == ModelConfig.debug()
