"""CBVMR's losses by hand, and that the small networks learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mrcmv.media import UserError
from mrcmv.training.baselines import cbvmr, cmmr
from mrcmv.training.metrics import ranks

from .synthetic import Given, linear_pairs

EYE = torch.eye(2)


def alone(count: int) -> torch.Tensor:
    """Every clip has a track of its own."""
    return torch.eye(count, dtype=torch.bool)


def test_ranking_loss_by_hand() -> None:
    anchor = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    other = torch.tensor([[0.6, 0.8], [0.8, 0.6]])
    # anchor 0: its own 0.6, the other 0.8 -> 0.1 - 0.6 + 0.8 = 0.3; anchor 1: the same
    assert float(cbvmr.ranking_loss(anchor, other, alone(2))) == pytest.approx(0.3)
    assert float(cbvmr.ranking_loss(anchor, anchor, alone(2))) == 0.0  # 0.1 - 1 + 0 is no violation


def test_ranking_loss_takes_the_hardest_negatives_alone() -> None:
    anchor = torch.tensor([[1.0, 0.0]] * 3)
    other = torch.tensor([[1.0, 0.0], [0.96, 0.28], [0.0, 1.0]])
    # rows: own 1, .96, 0; hardest of the others .96, 1, 1
    expected = np.mean([0.1 - 1 + 0.96, 0.1 - 0.96 + 1, 0.1 - 0 + 1])
    assert float(cbvmr.ranking_loss(anchor, other, alone(3), hardest=1)) == pytest.approx(expected)


def test_a_rendition_of_the_same_track_is_no_negative() -> None:
    anchor = torch.tensor([[1.0, 0.0]] * 3)
    other = torch.tensor([[1.0, 0.0], [0.96, 0.28], [0.0, 1.0]])
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    # rows 0 and 1 have the third alone, at cosine 0; row 2 has the first two, 1 and .96
    expected = np.mean([0, 0, 0.1 - 0 + 1, 0.1 - 0 + 0.96])
    assert float(cbvmr.ranking_loss(anchor, other, same)) == pytest.approx(expected)


def test_structure_loss_by_hand() -> None:
    def at(*degrees: float) -> torch.Tensor:
        angle = torch.deg2rad(torch.tensor(degrees))
        return torch.stack([angle.cos(), angle.sin()], 1)

    given, embedded = at(0, 30, 90), at(0, 80, 20)
    # from 0: 30 is the nearer, but 80 / 20 in the embedding; both orders of (j, k) say the same
    cos = {degrees: float(np.cos(np.deg2rad(degrees))) for degrees in (20, 60, 80)}
    # signs -1 against +1: -2 (d(i,k) - d(i,j)), d = -cosine
    first = -2 * (-cos[20] + cos[80])
    # from 30: 0 (30 away) before 90 (60 away); embedded 80 and 60 away: wrong again
    second = -2 * (-cos[60] + cos[80])
    # from 90: 30 (60 away) before 0 (90 away); embedded 60 and 20 away: wrong again
    third = -2 * (-cos[20] + cos[60])
    assert min(first, second, third) > 0
    expected = (first + second + third) / 3
    assert float(cbvmr.structure_loss(given, embedded)) == pytest.approx(expected, rel=1e-5)
    assert float(cbvmr.structure_loss(given, given)) == 0.0


def test_the_whole_loss_weighs_its_four_parts() -> None:
    generator = torch.Generator().manual_seed(0)
    music_in, video_in, music, video = (torch.randn(6, size, generator=generator) for size in (9, 8, 5, 5))

    def length_one(values: torch.Tensor) -> torch.Tensor:
        return values / values.norm(dim=1, keepdim=True)

    x, y = length_one(music), length_one(video)
    expected = (
        3 * cbvmr.ranking_loss(x, y, alone(6))
        + cbvmr.ranking_loss(y, x, alone(6))
        + 0.2 * cbvmr.structure_loss(length_one(music_in), x)
        + 0.2 * cbvmr.structure_loss(length_one(video_in), y)
    )
    assert float(cbvmr.cbvmr_loss(music_in, video_in, music, video, alone(6))) == pytest.approx(
        float(expected)
    )


def test_streams_have_the_published_layers() -> None:
    sizes = [
        layer.out_features
        for layer in cbvmr.stream((1140, 2048, 1024, 512), 0.5)
        if hasattr(layer, "out_features")
    ]
    assert sizes == [2048, 1024, 512]


def test_cbvmr_learns_pairs_and_is_the_same_by_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cbvmr, "EPOCHS", 6)
    monkeypatch.setattr(cbvmr, "WIDTH", 64)
    kinds = ("frame", "cbvmr music", "cbvmr rest")
    sets = [
        linear_pairs(tmp_path / n, count, count, tables=kinds)
        for n, count in (("train", 128), ("validation", 20))
    ]
    test = linear_pairs(tmp_path / "test", 60, 5, tables=kinds)
    fitted = cbvmr.fit_cbvmr(*sets, seed=1)
    assert np.median(ranks(fitted.similarity(test))) < 15  # by chance 30
    assert np.array_equal(fitted.similarity(test), cbvmr.fit_cbvmr(*sets, seed=1).similarity(test))
    assert not np.array_equal(fitted.similarity(test), cbvmr.fit_cbvmr(*sets, seed=2).similarity(test))
    assert not np.array_equal(fitted.similarity(test), fitted.similarity(test, "separated"))


def with_tags(clips: Given) -> Given:
    """The same clips with labels of the game that follow what the picture shows."""
    picture = clips.tables["picture"]
    labels = [
        {"step_s": 0.5, "game": {"intensity": [row[0]] * 8, "light": [row[1]] * 8}}
        for row in picture.tolist()
    ]
    names = [*map(str, range(13)), "flux", "centroid"]
    return Given(clips.clips.folder, clips.tables, labels, names={"music": names, "rest": names})


def test_cmmr_learns_tags_then_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cmmr, "TAG_EPOCHS", 10)
    monkeypatch.setattr(cmmr, "MATCH_EPOCHS", 15)
    sets = [
        with_tags(linear_pairs(tmp_path / n, count, count))
        for n, count in (("train", 128), ("validation", 20))
    ]
    test = with_tags(linear_pairs(tmp_path / "test", 60, 5))
    found = cmmr.fit_cmmr(*sets, seed=0).similarity(test)
    assert np.median(ranks(found)) < 15
    assert np.array_equal(found, cmmr.fit_cmmr(*sets, seed=0).similarity(test))


def test_tags_are_learned_in_the_first_stage() -> None:
    inputs = torch.randn(100, 6, generator=torch.Generator().manual_seed(0))
    tags = torch.from_numpy(cmmr.quartiles(inputs[:, 0].numpy()))[:, None]
    torch.manual_seed(0)
    assert cmmr.learn_tags(cmmr.stream(6), inputs, tags, seed=0) < 0.7 * np.log(4)


def test_quartiles_and_a_picture_without_game(tmp_path: Path) -> None:
    assert cmmr.quartiles(np.arange(8.0)).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    with pytest.raises(UserError, match="game's state"):
        cmmr.picture_tags([{"game": {}}])
    both = cmmr.picture_tags([{"game": {"enemies": [i, i], "light": [-i, -i]}} for i in range(4)])
    assert both.tolist() == [[0, 3], [1, 2], [2, 1], [3, 0]]


def test_match_loss_by_hand() -> None:
    assert float(cmmr.match_loss(EYE, EYE, alone(2))) == 0.0
    assert float(cmmr.match_loss(EYE, EYE.flip(0), alone(2))) == pytest.approx(2 * (0.2 - 0 + 1))
