"""CCA and SVM on pairs that are linear, and what a fit may look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.training.baselines import BASELINES
from mrcmv.training.baselines.cca import Setting, canonical
from mrcmv.training.baselines.clipset import Table
from mrcmv.training.baselines.linear import Scaler, folds, gaussian_evidence, ridge
from mrcmv.training.metrics import ranks

from .synthetic import Given, linear_pairs


def median_rank(name: str, folder: Path, pool: str = "clean") -> float:
    train, validation = linear_pairs(folder / "train", 120, 1), linear_pairs(folder / "validation", 20, 2)
    fitted = BASELINES[name](train, validation, seed=0)
    test = linear_pairs(folder / "test", 60, 3)
    similarity = fitted.similarity(test, pool)  # type: ignore[arg-type]
    assert similarity.shape == (60, 60)
    assert similarity.dtype == np.float32
    return float(np.median(ranks(similarity)))


@pytest.mark.parametrize("name", ["cca", "cca-early", "cca-picture", "cca-voice"])
def test_cca_finds_pairs_that_are_linear(name: str, tmp_path: Path) -> None:
    alone = name in ("cca-picture", "cca-voice")
    assert median_rank(name, tmp_path) <= (3 if alone else 1)


def test_both_modalities_know_more_than_one_and_a_separated_pool_is_harder(tmp_path: Path) -> None:
    sets = [
        linear_pairs(tmp_path / name, n, n, noise=1.0) for name, n in (("train", 121), ("validation", 20))
    ]
    test = linear_pairs(tmp_path / "test", 80, 3, noise=1.0)

    def mean_rank(name: str, pool: str = "clean") -> float:
        return float(ranks(BASELINES[name](*sets, seed=0).similarity(test, pool)).mean())  # type: ignore[arg-type]

    assert mean_rank("cca") < mean_rank("cca-picture")
    assert mean_rank("cca") < mean_rank("cca-voice")
    assert mean_rank("cca") <= mean_rank("cca", "separated") < 20


def test_svm_finds_pairs_that_are_linear(tmp_path: Path) -> None:
    assert median_rank("svm", tmp_path) <= 4


def test_canonical_correlations_of_a_known_pair() -> None:
    own = np.random.default_rng(0)
    shared = own.standard_normal(4000)
    query = np.stack([shared + own.standard_normal(4000), own.standard_normal(4000)], 1)
    track = np.stack([own.standard_normal(4000), shared + own.standard_normal(4000)], 1)
    found = canonical(query - query.mean(0), track - track.mean(0), ridge=1e-6)
    # two views with noise as strong as what they share correlate by 1 / 2
    assert found.correlation == pytest.approx([0.5, 0.0], abs=0.04)
    scores = found.scores(query[:300], track[:300], Setting(2, 1e-6, 1, "evidence"))
    assert np.mean(ranks(scores)) < 125  # by chance 150


def test_ridge_is_least_squares_when_weak_in_both_forms() -> None:
    own = np.random.default_rng(1)
    for columns in (3, 50):
        inputs = own.standard_normal((30, columns))
        outputs = inputs[:, :2] * [2, -1] + [5, 7]
        weights, offset = ridge(inputs, outputs, 1e-9)
        assert inputs @ weights + offset == pytest.approx(outputs, abs=1e-4)


def test_evidence_of_an_ignorant_regression_prefers_no_track() -> None:
    prior = np.diag([2.0, 0.5])
    scores = gaussian_evidence(
        np.zeros((1, 2)), prior, prior, np.array([[0.0, 0.0], [3.0, 1.0], [-9.0, 2.0]])
    )
    assert scores == pytest.approx(np.zeros((1, 3)))


def test_folds_deal_tracks_and_judge_each_once() -> None:
    tracks = [f"t{number % 11}" for number in range(22)]
    for once in (False, True):
        judged: list[int] = []
        for learn, judge in folds(tracks, 4, seed=3, once=once):
            assert not {tracks[i] for i in learn} & {tracks[i] for i in judge}
            judged += judge.tolist()
        assert sorted(judged) == list(range(11 if once else 22))


def test_unknown_values_become_the_mean_and_constant_columns_go() -> None:
    table = Table(("a", "still", "never"), np.array([[1, 5, np.nan], [3, 5, np.nan], [np.nan, 5, np.nan]]))
    scaler = Scaler.fit(table)
    assert scaler.names == ("a",)
    assert scaler(Table(("a",), table.values[:, :1])) == pytest.approx(np.array([[-1.0], [1.0], [0.0]]))
    with pytest.raises(ValueError, match="columns of training"):
        scaler(Table(("b",), table.values[:, :1]))


def test_an_old_prepared_set_has_no_separated_pool(tmp_path: Path) -> None:
    train, validation = linear_pairs(tmp_path / "train", 60, 1), linear_pairs(tmp_path / "validation", 12, 2)
    fitted = BASELINES["cca-picture"](train, validation, seed=0)
    whole = linear_pairs(tmp_path / "test", 20, 3)
    old = Given(tmp_path / "old", {name: t for name, t in whole.tables.items() if name != "rest"})
    assert fitted.similarity(old, "clean").shape == (20, 20)
    with pytest.raises(UserError, match="prepare the data again"):
        fitted.similarity(old, "separated")
