from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.strengths import bradley_terry, davidson, fit
from mrcmv.study.analysis.votes import read_votes
from tests.study.analysis.rows import row, votes

PLAN = Plan(methods=("a", "b", "c"), draws=100)


def three(ab=(30, 10), bc=(30, 10), ac=(36, 4), ties=0):
    """Votes between three methods: (for the first, for the second); ties per pair."""
    rows = []
    for (x, y), (wins, losses) in {("a", "b"): ab, ("b", "c"): bc, ("a", "c"): ac}.items():
        for n, choice in enumerate(["left"] * wins + ["right"] * losses + ["tie"] * ties):
            rows.append(row(f"p{n % 8}", f"c{n % 5}", choice, x, y))
    return read_votes(rows, PLAN)


def test_two_methods_by_hand():
    # P(a over b) = 3/4, so the strengths are log 3 apart
    (values,) = fit(np.array([[0.0, 30, 10, 0]]), 2)
    assert values == pytest.approx([log(3) / 2, -log(3) / 2])


def test_three_methods_by_hand():
    # 3:1, 3:1 and 9:1 are exactly the odds of strengths log 3, 0, -log 3
    found = bradley_terry(three(), PLAN, "abc")
    assert [each.method for each in found.methods] == ["a", "b", "c"]
    assert [each.value for each in found.methods] == pytest.approx([log(3), 0, -log(3)], abs=1e-5)
    assert all(each.low < each.value < each.high for each in found.methods)


def test_half_ties_draw_strengths_together():
    drop = bradley_terry(three(ties=10), PLAN, "abc")
    half = bradley_terry(three(ties=10), Plan(methods=("a", "b", "c"), draws=60, ties="half"), "abc")
    assert drop.methods[0].value == pytest.approx(log(3), abs=1e-5)
    assert 0 < half.methods[0].value < drop.methods[0].value


def test_davidson_by_hand():
    # two methods: exp(gap) = wins / losses, ties / sqrt(wins * losses)
    found = davidson(read_votes(votes(40, 10, ties=25), PLAN), "ab")
    assert found.values["a"] - found.values["b"] == pytest.approx(log(4), abs=1e-5)
    assert found.ties == pytest.approx(25 / np.sqrt(400), abs=1e-5)
    # delta method on counts of one multinomial: 1/t + 1/4w + 1/4l
    assert found.se_log_ties == pytest.approx(np.sqrt(1 / 25 + 1 / 160 + 1 / 40), rel=1e-3)


def test_davidson_has_the_strengths_of_decided_votes():
    found = davidson(three(ties=12), "abc")
    assert found.values["a"] == pytest.approx(log(3), abs=0.05)
    assert found.values["a"] > found.values["b"] > found.values["c"]
    assert 0 < found.ties / (2 + found.ties) < 1


def test_no_scale_where_there_is_none():
    never_lost = bradley_terry(three(ab=(40, 0), ac=(40, 0)), PLAN, "abc")
    assert never_lost.methods == ()
    assert "no scale" in never_lost.note
    apart = read_votes(
        [*votes(5, 4), row("p1", "c1", "left", "c", "d"), row("p1", "c2", "left", "d", "c")], PLAN
    )
    assert bradley_terry(apart, PLAN, "abcd").methods == ()


def test_a_method_never_shown_is_left_out():
    found = bradley_terry(read_votes(votes(30, 10), PLAN), PLAN, "abc")
    assert {each.method for each in found.methods} == {"a", "b"}
    assert found.methods[0].value == pytest.approx(log(3) / 2)


def test_without_ties_or_votes():
    assert davidson(read_votes(votes(30, 10), PLAN), "ab") is None
    assert davidson(read_votes([], PLAN), "ab") is None
    assert bradley_terry(read_votes([], PLAN), PLAN, "ab").methods == ()
    assert bradley_terry(read_votes(votes(0, 0, ties=8), PLAN), PLAN, "ab").methods == ()


def test_best_of_n_gives_luces_shares():
    # three shown at once, chosen 50, 30, 20 times: strengths are the logs of these, up to a constant
    rows = []
    for n, won in enumerate("a" * 50 + "b" * 30 + "c" * 20):
        rows += [
            row(f"p{n % 10}", f"c{n % 7}", "left", won, lost, trial_index=n) for lost in "abc" if lost != won
        ]
    plan = Plan(methods=("a", "b", "c"), draws=60, best_of=True)
    found = {each.method: each.value for each in bradley_terry(read_votes(rows, plan), plan, "abc").methods}
    assert exp(found["a"] - found["b"]) == pytest.approx(5 / 3, rel=1e-4)
    assert exp(found["b"] - found["c"]) == pytest.approx(3 / 2, rel=1e-4)
