import math

import pytest
import torch

from mrcmv.training.config import LossConfig
from mrcmv.training.losses import PairLoss, infonce, margin_at, squared_distances, triplet

QUERY = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
MUSIC = torch.tensor([[1.0, 0.0], [3.0, 2.0]])
# squared distances: [[1, 13], [4, 4]]
APART = torch.tensor([[False, True], [True, False]])


def test_squared_distances_by_hand() -> None:
    assert squared_distances(QUERY, MUSIC).tolist() == [[1.0, 13.0], [4.0, 4.0]]


@pytest.mark.parametrize("normalised", [True, False])
def test_random_layernormed_vectors_lie_1024_apart(normalised: bool) -> None:
    torch.manual_seed(0)
    vectors = torch.nn.functional.layer_norm(torch.randn(40, 512), (512,))
    other = torch.nn.functional.layer_norm(torch.randn(40, 512), (512,))
    distance = squared_distances(vectors, other)
    assert distance.mean() == pytest.approx(1024, rel=0.02)
    # So a margin of 30 leaves most hinges at rest, which on unit-length vectors it never does.
    loss, active = triplet(vectors, other, ~torch.eye(40, dtype=torch.bool), 30.0)
    assert 0.3 < active < 0.9
    unit = [torch.nn.functional.normalize(x, dim=1) for x in (vectors, other)]
    assert triplet(*unit, ~torch.eye(40, dtype=torch.bool), 30.0)[1] == 1.0
    assert loss > 0


def test_triplet_by_hand() -> None:
    # query 0: 1 - 13 + 5 < 0; query 1: 4 - 4 + 5 = 5; music 0: 1 - 4 + 5 = 2; music 1: 4 - 13 + 5 < 0
    loss, active = triplet(QUERY, MUSIC, APART, 5.0)
    assert loss == pytest.approx((0 + 5 + 2 + 0) / 4)
    assert active == pytest.approx(0.5)


def test_hardest_negative_by_hand() -> None:
    query = torch.tensor([[0.0], [10.0], [20.0]])
    music = torch.tensor([[1.0], [10.0], [2.0]])
    apart = ~torch.eye(3, dtype=torch.bool)
    # squared: [[1,100,4],[81,0,64],[361,100,324]]; margin 2; anchors query: 1-4<0 -> 0; 0; 324-100+2=226
    # anchors music: 1-81 -> 0; 0-100 -> 0; 324-4+2 = 322
    loss, _ = triplet(query, music, apart, 2.0, "hardest")
    assert loss == pytest.approx((226 + 322) / 6)


def test_negatives_that_belong_together_are_left_out() -> None:
    loss, active = triplet(QUERY, MUSIC, torch.zeros(2, 2, dtype=torch.bool), 5.0)
    assert loss == 0
    assert active == 0


def test_infonce_by_hand_and_its_mask() -> None:
    query = torch.eye(3)
    music = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    apart = torch.eye(3, dtype=torch.bool)
    expected = -math.log(math.e / (math.e + 2))
    assert infonce(query, music, apart, 1.0) == pytest.approx(expected)
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    masked = (2 * -math.log(math.e / (math.e + 1)) + expected) / 3
    assert infonce(query, music, same, 1.0) == pytest.approx(masked)


def test_margin_schedule_of_the_paper() -> None:
    config = LossConfig()
    assert [margin_at(config, epoch) for epoch in (0, 79, 80, 89, 90, 100)] == [30, 30, 40, 40, 50, 60]


def test_pseudo_label_loss_is_two_classifiers_at_a_tenth() -> None:
    torch.manual_seed(0)
    query, music = torch.randn(2, 8), torch.randn(2, 8)
    labels, tracks = torch.tensor([0, 3]), torch.tensor([0, 1])
    whole = PairLoss(LossConfig(), 4, 8)
    parts = whole(query, music, labels, tracks, 0)
    expected = torch.nn.functional.cross_entropy(query @ whole.query_labels.weight.T, labels)
    expected = expected + torch.nn.functional.cross_entropy(music @ whole.music_labels.weight.T, labels)
    assert parts.log["pseudo"] == pytest.approx(float(expected))
    assert float(parts.total) == pytest.approx(parts.log["match"] + 0.1 * parts.log["pseudo"], rel=1e-5)


def test_a_crop_of_the_same_moment_is_no_negative() -> None:
    loss = PairLoss(LossConfig(margin=5.0, pseudo_weight=0.0), 4, 2)
    together = loss(QUERY, MUSIC, torch.tensor([2, 2]), torch.tensor([0, 1]), 0)
    assert together.log["match"] == 0
    same_track = loss(QUERY, MUSIC, torch.tensor([1, 2]), torch.tensor([0, 0]), 0)
    assert same_track.log["match"] == 0
    apart = loss(QUERY, MUSIC, torch.tensor([1, 2]), torch.tensor([0, 1]), 0)
    assert apart.log["match"] == pytest.approx(7 / 4)


def test_describing_the_paired_music_is_learned() -> None:
    torch.manual_seed(0)
    config = LossConfig(kind="infonce", pseudo_weight=0.0, describe_weight=1.0)
    loss = PairLoss(config, 4, 8, descriptors=3)
    query, described = torch.randn(16, 8), torch.randn(16, 3)
    labels = torch.arange(16) % 4
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.05)
    said = []
    for _ in range(60):
        parts = loss(query, query, labels, torch.arange(16), 0, described)
        optimizer.zero_grad()
        parts.total.backward()
        optimizer.step()
        said.append(parts.log["describe"])
    assert said[-1] < 0.6 * said[0]
