"""Simulated people and studies: what they answer is what their world says, and the analysis finds it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mrcmv.study import COLUMNS
from mrcmv.study.analysis import Person, World, analyse, layout, simulate, world
from mrcmv.study.analysis.people import deviations, two_methods
from mrcmv.study.analysis.preference import prefer
from mrcmv.study.analysis.votes import read_votes


def test_chances_are_davidsons():
    here = World({"a": 0.0, "b": 0.0}, ties=0.5)
    win, tie = here.chances(np.log(4.0))
    assert (win, tie, 1 - win - tie) == pytest.approx((2 / 3, 1 / 6, 1 / 6))  # 2 : 0.5 : 0.5
    assert here.share("a", "b") == pytest.approx(0.5)


@pytest.mark.parametrize("spread", [0.0, 0.7])
def test_share_is_what_people_answer(spread):
    here = World({"a": 0.5, "b": -0.3}, ties=0.3, side=0.2, participant_sd=spread, clip_sd=spread, seed=4)
    seen: Counter[str] = Counter()
    for number in range(400):
        person = Person(here, number)
        for clip in range(10):
            sides = ("a", "b") if (number + clip) % 2 else ("b", "a")
            choice = person.choose(f"{number}-{clip}", *sides)
            seen["tie" if choice == "tie" else sides[choice == "right"]] += 1
    share = seen["a"] / (seen["a"] + seen["b"])
    assert share == pytest.approx(here.share("a", "b"), abs=0.03)
    half = (seen["a"] + seen["tie"] / 2) / seen.total()
    assert half == pytest.approx(here.share("a", "b", half_ties=True), abs=0.03)


def test_scale_and_ties_without_spread_are_the_worlds_own():
    here = World({"a": 0.4, "b": 0.0, "c": -0.4}, ties=0.6)
    assert here.scale() == pytest.approx(here.strengths, abs=1e-5)
    assert here.tie_scale() == pytest.approx(0.6)


def test_a_wanted_share_is_met():
    here = two_methods(0.65, *deviations(0.1, 0.2))
    assert here.share("a", "b") == pytest.approx(0.65, abs=1e-9)
    assert deviations(0, 0) == (0, 0)


@pytest.mark.parametrize("template", ["table2", "table3"])
def test_rows_are_those_of_an_export(template):
    shown = layout(template)
    rows = simulate(shown, world(template, ties=0.3, seed=2), 12)
    assert set(rows[0]) <= set(COLUMNS)
    assert len(rows) == 12 * (shown.trials + shown.checks + shown.repeats)
    main = [each for each in rows if not each["is_attention"] and not each["is_repeat"]]
    cells = Counter((each["clip_id"], each["pair_id"]) for each in main)
    assert (
        max(cells.values()) - min(cells.get((c, "~".join(p)), 0) for c in shown.clips for p in shown.pairs)
        <= 1
    )
    for person in {each["participant"] for each in main}:
        own = [each for each in main if each["participant"] == person]
        assert len({each["clip_id"] for each in own}) == len(own)
        for pair in shown.pairs:
            left = Counter(each["method_left"] for each in own if each["pair_id"] == "~".join(pair))
            assert abs(left[pair[0]] - left[pair[1]]) <= 1
    assert simulate(shown, world(template, ties=0.3, seed=2), 12) == rows


@pytest.mark.parametrize("template", ["table2", "table3"])
def test_estimates_lie_in_their_intervals(template):
    """Forty people whose preferences are known: of all intervals at most a few may miss."""
    here = world(template, ties=0.4, side=0.15, participant_sd=0.4, clip_sd=0.4, inattentive=0.1, seed=11)
    shown = layout(template)
    results = analyse(simulate(shown, here, 40), shown.plan(draws=200))
    held = [
        each.interval[0] <= here.share(each.a, each.b) <= each.interval[1]
        for each in results.main.preferences
    ]
    scale = here.scale()
    held += [each.low <= scale[each.method] <= each.high for each in results.main.strengths.methods]
    assert sum(held) >= len(held) - 1
    inattentive = {f"p{n:03d}" for n in range(40) if not Person(here, n).attentive}
    assert inattentive
    left_out = set(results.kept.everyone["participant"]) - results.kept.participants
    assert left_out <= inattentive  # nobody attentive was excluded
    assert results.main.preferences[0].a == "mrcmv"


def test_independent_votes_are_covered():
    """Forty small studies only; the whole table comes from benchmarks/study_coverage.py."""
    shown = layout("table3")
    plan = shown.plan(draws=50)
    held = []
    for seed in range(40):
        here = world("table3", seed=seed)
        votes = read_votes(simulate(shown, here, 5), plan)
        found = prefer(votes[~votes["is_attention"] & ~votes["is_repeat"]], *shown.methods, plan)
        truth = here.share(*shown.methods)
        held.append([low <= truth <= high for low, high in (found.wilson, found.cluster)])
    wilson, cluster = np.mean(held, axis=0)
    assert wilson > 0.85
    assert cluster > 0.85
