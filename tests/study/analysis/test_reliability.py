from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import exact_p
from mrcmv.study.analysis.ratings import rate
from mrcmv.study.analysis.reliability import agreements, alpha, repeated, sides, times
from mrcmv.study.analysis.votes import read_votes
from tests.study.analysis.rows import row, votes

PLAN = Plan(methods=("a", "b"))


def of(units: dict[str, list[float]]):
    pairs = [(unit, value) for unit, values in units.items() for value in values]
    return alpha(pd.Series([unit for unit, _ in pairs]), pd.Series([value for _, value in pairs]), "x")


def test_alpha_by_hand():
    # binary, two coders: D_o = 2 of 8 differ, D_e = 2 * 4 * 4 / (8 * 7); alpha = 1 - (2/8) / (32/56)
    found = of({"u1": [1, 1], "u2": [0, 0], "u3": [1, 0], "u4": [1, 0]})
    assert found.alpha == pytest.approx(1 - (4 / 8) / (2 * 4 * 4 / (8 * 7)))
    assert (found.units, found.votes) == (4, 8)


def test_alpha_of_full_agreement_and_of_nothing():
    assert of({"u1": [1, 1, 1], "u2": [0, 0]}).alpha == pytest.approx(1)
    assert isnan(of({"u1": [1, 1], "u2": [1, 1]}).alpha)  # one value only: nothing to agree about
    assert isnan(of({"u1": [1], "u2": [0]}).alpha)
    assert isnan(of({}).alpha)


def test_units_voted_on_once_do_not_count():
    assert of({"u1": [1, 1], "u2": [0, 0], "u3": [1]}).units == 2


def test_agreement_per_pair_in_order():
    found = agreements(read_votes([*votes(9, 5), row("p1", "c1", "left", "c", "a")], PLAN), ["a", "b", "c"])
    assert [each.what for each in found] == ["a / b", "a / c"]


def test_repeats_are_compared_by_method_not_by_side():
    rows = [
        row("p", "c1", "left", "a", "b"),
        row("p", "c1", "right", "b", "a", is_repeat=True),
        row("p", "c2", "left", "a", "b"),
        row("p", "c2", "left", "b", "a", is_repeat=True),
        row("q", "c2", "left", "a", "b"),
        row("q", "c2", "right", "b", "a", is_repeat=True),
    ]
    share, within = repeated(read_votes(rows, PLAN), {"p", "q"}, PLAN)
    assert (share.count, share.n) == (2, 3)
    assert within.units == 3
    only, _ = repeated(read_votes(rows, PLAN), {"p"}, PLAN)
    assert (only.count, only.n) == (1, 2)


def test_side_bias():
    rows = [row(f"p{n}", "c", "left" if n < 9 else "right") for n in range(10)]
    found = sides(read_votes([*rows, row("p99", "c", "tie")], PLAN), PLAN)
    assert (found.count, found.n) == (9, 10)
    assert found.p == pytest.approx(exact_p(9, 10))


def test_times():
    found = times(read_votes([row(f"p{n}", "c", "left", rt_ms=1000 * n) for n in range(1, 6)], PLAN))
    assert [(each.what, each.median) for each in found] == [("Response time in s", 3.0)]


def rating(who, clip, method, value, **more):
    return {"participant": who, "clip_id": clip, "question": "fit", "method": method, "value": value, **more}


def test_ratings_by_hand():
    rows = [
        rating(f"p{p}", f"c{c}", m, (4 if m == "a" else 3) + (p + c) % 2)
        for p in range(6)
        for c in range(4)
        for m in "ab"
    ]
    (found,) = rate(rows, PLAN, {f"p{p}" for p in range(6)})
    assert [(each.method, each.n, each.mean) for each in found.means] == [("a", 24, 4.5), ("b", 24, 3.5)]
    (difference,) = found.differences
    assert difference.value == pytest.approx(1.0)
    assert difference.interval[0] - 1e-9 <= 1.0 <= difference.interval[1] + 1e-9


def test_ratings_by_people_who_differ_have_wide_intervals():
    # six people, each constant: twenty-four ratings tell no more than six
    rows = [rating(f"p{p}", f"c{c}", m, p + (m == "a")) for p in range(6) for c in range(4) for m in "ab"]
    (found,) = rate(rows, PLAN, {f"p{p}" for p in range(6)})
    low, high = found.means[0].interval
    assert high - low > 2 * 2.5 * np.std(range(6), ddof=1) / np.sqrt(6) * 0.8
    assert found.differences[0].interval == pytest.approx((1, 1), abs=1e-6)  # and all agree on the difference


def test_ratings_leave_out_checks_repeats_and_the_excluded():
    rows = [
        rating("p1", "c1", "a", 5), rating("p2", "c1", "a", 1), rating("p1", "c2", "a", 1, is_repeat="true"),
        rating("p1", "c3", "a", 1, is_attention="true"), rating("p1", "c1", "", "a text"),
        rating("p1", "c1", "b", "x"),
    ]  # fmt: skip
    (found,) = rate(rows, PLAN, {"p1"})
    assert [(each.method, each.n, each.mean) for each in found.means] == [("a", 1, 5.0)]
    assert found.differences == ()
    assert found.note
    assert rate([], PLAN, {"p1"}) == []
