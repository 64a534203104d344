"""Shares, intervals and tests against values worked out by hand."""

from __future__ import annotations

from math import comb, isnan, sqrt

import numpy as np
import pytest

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import exact_p, holm, preferences, wilson
from mrcmv.study.analysis.votes import read_votes
from tests.study.analysis.rows import row, votes

PLAN = Plan(methods=("a", "b", "c"), draws=500)


def found(rows, plan=PLAN):
    return preferences(read_votes(rows, plan), plan)


def test_wilson_by_hand():
    # 8 of 10: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    z, p, n = 1.959963985, 0.8, 10
    middle, reach = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert wilson(8, 10) == pytest.approx(
        ((middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n))
    )
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_exact_test_by_hand():
    # 8 of 10 or worse on either side: 2 (1 + 10 + 45) / 1024
    assert exact_p(8, 10) == pytest.approx(2 * sum(comb(10, k) for k in (8, 9, 10)) / 1024)
    assert exact_p(5, 10) == 1.0


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    corrected = holm([0.01, float("nan"), 0.03])
    assert corrected[0] == pytest.approx(0.02)
    assert isnan(corrected[1])
    assert corrected[2] == pytest.approx(0.03)


def test_counts_do_not_depend_on_sides():
    (only,) = found(votes(30, 12, ties=5))
    assert (only.a, only.b, only.votes_a, only.votes_b, only.ties) == ("a", "b", 30, 12, 5)
    assert only.share == pytest.approx(30 / 42)
    assert only.p_exact == pytest.approx(exact_p(30, 42))
    assert only.wilson == pytest.approx(wilson(30, 42))


def test_half_ties():
    (only,) = found(votes(30, 12, ties=8), Plan(methods=("a", "b"), ties="half", draws=500))
    assert only.share == pytest.approx(34 / 50)
    assert only.wilson == pytest.approx(wilson(34, 50))
    assert only.p_exact == pytest.approx(exact_p(30, 42))  # a tie decides nothing


def test_interval_and_test_agree():
    for wins in (20, 24, 29, 31, 36, 40, 44):
        (only,) = found(votes(wins, 60 - wins))
        assert only.cluster[0] < only.share < only.cluster[1]
        assert (only.p_cluster < 0.05) == (not only.cluster[0] <= 0.5 <= only.cluster[1])


def test_clustered_votes_widen_the_interval():
    alike = [row(f"p{p}", f"c{c}", "left" if p < 7 else "right") for p in range(10) for c in range(10)]
    (only,) = found(alike)
    width = only.cluster[1] - only.cluster[0]
    # ten people decided, not a hundred votes: about as wide as Wilson of 7 in 10
    assert width > 2.5 * (only.wilson[1] - only.wilson[0])
    assert width == pytest.approx(np.diff(wilson(7, 10))[0], rel=0.25)


def test_same_rows_same_numbers():
    assert found(votes(30, 12)) == found(list(reversed(votes(30, 12))))


def test_against_is_the_second():
    rows = [*votes(5, 5), row("p1", "c9", "left", "c", "a"), row("p2", "c9", "left", "c", "b")]
    pairs = [(each.a, each.b) for each in found(rows, Plan(methods=("a", "b", "c"), against="a", draws=50))]
    assert pairs == [("b", "a"), ("c", "a")]
    (_, last) = found(rows, Plan(methods=("a", "b", "c"), against="a", draws=50))
    assert (last.votes_a, last.votes_b) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "share", "says"),
    [
        (votes(0, 0, ties=9), None, "No votes"),
        (votes(12, 0), 1.0, "same way"),
        (votes(6, 4, people=1), 0.6, "One participant"),
        (votes(6, 4, clips=1), 0.6, "One participant or one clip"),
    ],
)
def test_degenerate(rows, share, says):
    (only,) = found(rows)
    assert isnan(only.cluster[0])
    assert says in only.note
    assert isnan(only.share) if share is None else only.share == share
    assert only.interval == only.wilson or share is None


def test_no_rows():
    assert found([]) == []
