import numpy as np
import pytest

from mrcmv.training.metrics import chance, intervals, mean_interval, paired_difference, ranks, summary


def test_ranks_by_hand() -> None:
    similarity = np.array([[0.9, 0.1, 0.5], [0.8, 0.3, 0.2], [0.1, 0.2, 0.05]])
    assert ranks(similarity).tolist() == [1, 2, 3]


def test_ties_count_against_the_query() -> None:
    assert ranks(np.zeros((4, 4))).tolist() == [4, 4, 4, 4]


def test_ranks_refuse_what_is_not_one_to_one() -> None:
    with pytest.raises(ValueError, match="square"):
        ranks(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        ranks(np.full((2, 2), np.nan))


def test_summary_by_hand() -> None:
    found = np.array([1, 2, 6, 30])
    said = summary(found, 40)
    assert (said["R@1"], said["R@5"], said["R@10"], said["R@25"]) == (25.0, 50.0, 75.0, 75.0)
    assert said["median_rank"] == 4.0
    assert said["mean_rank"] == 9.75
    assert said["MRR"] == pytest.approx((1 + 1 / 2 + 1 / 6 + 1 / 30) / 4)


def test_chance_equals_the_mean_over_random_orders() -> None:
    random = np.random.default_rng(0)
    found = np.concatenate([ranks(random.random((74, 74))) for _ in range(200)])
    said, expected = summary(found, 74), chance(74)
    assert expected["R@10"] == pytest.approx(13.51, abs=0.01)
    assert said["R@10"] == pytest.approx(expected["R@10"], abs=1)
    assert said["MRR"] == pytest.approx(expected["MRR"], abs=0.005)
    assert said["median_rank"] == pytest.approx(expected["median_rank"], abs=1)


def test_interval_of_a_proportion_is_the_binomial_one() -> None:
    values = np.repeat([100.0, 0.0], [30, 70])
    low, high = mean_interval(values)
    half = 1.96 * 100 * np.sqrt(0.3 * 0.7 / 100)
    assert low == pytest.approx(30 - half, abs=1.5)
    assert high == pytest.approx(30 + half, abs=1.5)
    assert mean_interval(values) == (low, high)


def test_intervals_hold_their_value() -> None:
    found = np.array([1, 3, 9, 27, 40, 11, 5, 2])
    said = summary(found, 40)
    for name, (low, high) in intervals(found).items():
        assert low <= said[name] <= high


def test_paired_difference_sees_what_separate_intervals_hide() -> None:
    random = np.random.default_rng(1)
    second = random.integers(5, 40, size=60)
    first = second - 4
    said = paired_difference(first, second, 10)
    assert said["difference"] == pytest.approx(100 * np.mean((second > 10) & (second <= 14)))
    low, _ = said["interval"]
    assert low >= 0
    assert paired_difference(second, second, 10) == {"difference": 0.0, "interval": [0.0, 0.0]}
