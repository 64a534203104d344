from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from mrcmv.media import UserError
from mrcmv.study.analysis.exclusions import exclude
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.votes import read_votes
from tests.study.analysis.rows import row
from tests.study.designs import small


def sitting(who: str, choices: list[str], **more) -> list[dict]:
    return [
        row(
            who, f"c{n}", choice, trial_index=n, rt_ms=5000, watched_left_s=30.0, watched_right_s=30.0, **more
        )
        for n, choice in enumerate(choices)
    ]


def kept(rows, **rules):
    plan = Plan(methods=("a", "b"), **rules)
    return exclude(read_votes(rows, plan), plan)


GOOD = sitting("good", ["left", "right", "left", "tie"])


def test_nothing_is_left_out_without_rules():
    found = kept([*GOOD, *sitting("short", ["left"])])
    assert len(found.votes) == len(found.everyone) == 5
    assert [step.what for step in found.flow] == ["Began", "Not answered"]


@pytest.mark.parametrize(
    ("bad", "rules", "what"),
    [
        (sitting("bad", ["left", "right"]), {"incomplete": 1.0}, "Did not finish"),
        (sitting("bad", ["left"] * 4), {"one_sided": 0.95}, "Always the same side"),
        (sitting("bad", ["left", "right"], headphones="no"), {"headphones": "said"}, "Without headphones"),
        (
            sitting("bad", ["left", "right"], headphones="failed"),
            {"headphones": "test"},
            "Without headphones",
        ),
        (
            [
                *sitting("bad", ["left"]),
                row("bad", "x", "right", trial_index=9, is_attention=True, attention_ok=False),
            ],
            {"failed_attention": 0},
            "Failed attention items",
        ),
        (
            [*sitting("bad", ["left"]), row("bad", "c0", "left", "b", "a", trial_index=9, is_repeat=True)],
            {"inconsistent": 0.5},
            "Inconsistent with themselves",
        ),
    ],
)
def test_each_rule_takes_whole_participants(bad, rules, what):
    found = kept([*GOOD, *bad], **rules)
    assert found.participants == {"good"}
    assert set(found.everyone["participant"]) == {"good", "bad"}
    (step,) = [step for step in found.flow if step.participants_out]
    assert (step.what, step.participants_out, step.participants) == (what, 1, 1)


def test_failed_headphone_test_counts_only_where_the_design_says():
    assert (
        "bad" in kept([*GOOD, *sitting("bad", ["left"], headphones="failed")], headphones="said").participants
    )


def test_single_votes():
    hasty = [{**each, "rt_ms": 900 if n == 1 else 5000} for n, each in enumerate(sitting("p", ["left"] * 4))]
    found = kept(hasty, too_fast_s=1.0)
    assert (len(found.votes), found.flow[-1].votes_out, found.flow[-1].participants_out) == (3, 1, 0)
    lazy = [
        {**each, "watched_right_s": "" if n else 12.0} for n, each in enumerate(sitting("p", ["left"] * 4))
    ]
    assert kept(lazy, watched_s=10.0).votes["watched_right_s"].tolist() == [12.0]


def test_a_pair_that_was_not_shown_stays_a_tie():
    unseen = row("p", "c1", "tie", reasons="equal-top-1", rt_ms="", watched_left_s=0, watched_right_s=0)
    found = kept([unseen], too_fast_s=1.0, watched_s=10.0)
    assert found.votes["score"].tolist() == [0.5]
    assert found.votes["unseen"].tolist() == [True]


def test_skipped_comparisons_are_not_held_against_anybody():
    """The design asks for four trials, one clip was skipped: three answers are all there were."""
    rows = [*sitting("one", ["left", "right", "left"]), *sitting("two", ["left", "right"])]
    plan = Plan(methods=("a", "b"), incomplete=1.0, trials=4)
    assert exclude(read_votes(rows, plan), plan).participants == {"one"}
    people = pd.DataFrame(
        {"participant": ["one", "two", ""], "state": ["done", "done", "withdrawn"], "trials": ["3", "2", ""]}
    )
    found = exclude(read_votes(rows, plan), plan, people)
    assert found.participants == {"one", "two"}
    assert [step.participants for step in found.flow[:3]] == [3, 2, 2]


def test_checks_and_repeats_are_no_votes():
    rows = [
        *GOOD,
        row("good", "c0", "right", "b", "a", trial_index=8, is_repeat="true"),
        row("good", "c0", "left", trial_index=9, is_attention="true", attention_ok="true"),
    ]
    found = kept(rows, failed_attention=0, inconsistent=0.5, incomplete=1.0)
    assert len(found.votes) == 4


def test_flow_adds_up():
    rows = [*GOOD, *sitting("b", ["left"]), *sitting("c", ["left"] * 4), *sitting("d", [""] * 4)]
    flow = kept(rows, incomplete=1.0, one_sided=0.9).flow
    for before, after in pairwise(flow):
        assert before.participants - after.participants_out == after.participants
        assert before.votes - after.votes_out == after.votes
    assert (flow[0].participants, flow[-1].participants) == (4, 1)


def test_plan_from_design():
    design = small(
        exclusions=[
            {"rule": "failed-attention", "more_than": 1}, {"rule": "too-fast", "seconds": 3},
            {"rule": "incomplete", "share": 0.9}, {"rule": "one-sided", "share": 0.9},
            {"rule": "inconsistent", "share": 0.6}, {"rule": "no-headphones", "test": True},
            {"rule": "watched-too-little", "seconds": 20},
        ],
        comparison={"kind": "pairs", "against": "chance"},
        analysis={"ties": "half", "level": 0.9, "draws": 500},
    )  # fmt: skip
    plan = Plan.from_design(design)
    assert plan.methods == ("network", "chance")
    assert plan.against == "chance"
    assert (plan.failed_attention, plan.too_fast_s, plan.incomplete) == (1, 3, 0.9)
    assert (plan.one_sided, plan.inconsistent, plan.headphones) == (0.9, 0.6, "test")
    assert (plan.watched_s, plan.trials) == (20, 4)
    assert (plan.ties, plan.level, plan.draws) == ("half", 0.9, 500)
    assert len(plan.rules()) == 10


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"participant": "p"}], "lacks the column"),
        ([row("p", "c", "middle")], "left, right or tie"),
        ([row("p", "c", "left", trial_index=1), row("p", "c", "left", trial_index=1)], "twice"),
        (
            [row("p", "c", "left", design_hash="1"), row("q", "c", "left", design_hash="2")],
            "different designs",
        ),
        ([row("", "c", "left")], "no participant"),
    ],
)
def test_rows_of_no_use(rows, says):
    with pytest.raises(UserError, match=says):
        read_votes(rows)
