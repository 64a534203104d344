from __future__ import annotations

from math import comb

import pytest

from mrcmv.media import UserError
from mrcmv.study.analysis.power import deal, exact_power, simulated_power, votes_needed


def test_exact_power_by_hand():
    # six votes, 5 %: only 0 or 6 of 6 reject (2/64 = .031; 1 of 6 gives 14/64)
    assert exact_power(6, 0.6) == pytest.approx(0.6**6 + 0.4**6)
    assert exact_power(5, 0.9) == 0.0  # 2/32 is above 5 %
    assert exact_power(9, 0.5) == pytest.approx(2 * (1 + comb(9, 1)) / 2**9)


@pytest.mark.parametrize(("true", "votes"), [(0.6, 210), (0.65, 97), (0.7, 54), (0.4, 210)])
def test_known_sizes(true, votes):
    needed = votes_needed(true)
    assert needed.votes == votes
    assert needed.power >= 0.8
    assert exact_power(votes - 1, true) < 0.8
    assert exact_power(needed.first, true) >= 0.8 > exact_power(needed.first - 1, true)
    assert all(exact_power(size, true) >= 0.8 for size in range(votes, 3 * votes))


@pytest.mark.parametrize("true", [0.5, 0.0, 1.0, 0.501])
def test_impossible(true):
    with pytest.raises(UserError):
        votes_needed(true)


def test_power_in_a_world_without_clusters_is_about_exact():
    found = simulated_power(0.7, 20, 12, 6, studies=100, draws=50)
    assert found.votes == 120
    assert found.power_exact_test == pytest.approx(exact_power(120, 0.7), abs=0.06)
    assert found.design_effect == pytest.approx(1, abs=0.4)


def test_clusters_cost_power():
    found = simulated_power(0.62, 16, 12, 12, icc_participant=0.15, icc_clip=0.15, studies=60, draws=80)
    assert found.design_effect > 3
    assert found.power < exact_power(found.votes, 0.62) - 0.2
    assert found.wrong <= 0.05


def test_repeatable():
    one, two = (simulated_power(0.7, 8, 6, 4, studies=20, draws=50, seed=5) for _ in range(2))
    assert one == two


def test_refuses_what_cannot_be():
    with pytest.raises(UserError):
        simulated_power(0.6, 10, 5, 6)
    with pytest.raises(UserError):
        simulated_power(0.6, 10, 5, 5, icc_participant=0.6, icc_clip=0.6)


def test_deal_is_even():
    seen = [clip for person in range(13) for clip in deal(person, 8, 3)]
    counts = [seen.count(clip) for clip in range(8)]
    assert max(counts) - min(counts) <= 1
