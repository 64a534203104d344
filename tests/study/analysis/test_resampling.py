"""The cluster bootstrap against what is known: statsmodels' two-way errors, and properties."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from mrcmv.study.analysis.resampling import spread


def data(rng, people=30, clips=20, each=12):
    person = np.repeat(np.arange(people), each)
    clip = np.concatenate([rng.permutation(clips)[:each] for _ in range(people)])
    value = rng.normal(size=people)[person] + rng.normal(size=clips)[clip] + rng.normal(size=len(person))
    return person, clip, value


def mean_of(value):
    return lambda weights: ((weights @ value) / weights.sum(axis=1))[:, None]


def test_agrees_with_two_way_clustered_errors():
    person, clip, value = data(np.random.default_rng(1))
    found = spread(mean_of(value), person, clip, draws=4000, seed=1)
    fit = sm.OLS(value, np.ones(len(value))).fit(
        cov_type="cluster", cov_kwds={"groups": np.column_stack([person, clip]), "use_correction": False}
    )
    assert found.se[0] == pytest.approx(float(fit.bse[0]), rel=0.05)
    assert found.df == 19


def test_one_way_when_clips_do_not_matter():
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(40), 10)
    clip = np.tile(np.arange(10), 40)
    value = rng.normal(size=40)[person]
    found = spread(mean_of(value), person, clip, draws=4000, seed=2)
    assert found.se[0] == pytest.approx(value[::10].std() / np.sqrt(40), rel=0.05)


def test_pigeonhole_is_cautious():
    person, clip, value = data(np.random.default_rng(3))
    found = spread(mean_of(value), person, clip, draws=2000, seed=3)
    reach = found.quantile(0.95) * found.se[0]
    assert found.high[0] - found.low[0] > 1.0 * reach
    assert found.low[0] < value.mean() < found.high[0]


def test_names_and_order_do_not_matter():
    person, clip, value = data(np.random.default_rng(4))
    one = spread(mean_of(value), person, clip, draws=200, seed=4)
    two = spread(
        mean_of(value), [f"p{n:03d}" for n in person], [f"c{n:03d}" for n in clip], draws=200, seed=4
    )
    assert one.se == pytest.approx(two.se)


def test_one_cluster_gives_no_interval():
    found = spread(mean_of(np.array([1.0, 0.0])), [1, 1], [1, 2], draws=100, seed=0)
    assert found.df == 0
    assert found.quantile(0.95) == float("inf")
    assert np.isnan(found.p_value(np.array([0.3]))).all()


def test_statistic_without_a_value_is_missing_not_wrong():
    found = spread(lambda weights: np.full((len(weights), 1), np.nan), [1, 2], [1, 2], draws=60, seed=0)
    assert np.isnan(found.se).all()
    assert np.isnan(found.low).all()
