"""Assignment: cells filled evenly, sides in balance, orders without a clip twice in a row."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from mrcmv.study.assignment import Given, Planned, cells, plan
from tests.study.designs import plain, small

CLIPS = [{"id": f"c{n}", "file": f"{n}.mp4", "sha256": "0" * 64} for n in range(26)]


def methods(count: int) -> list[dict[str, str]]:
    return [{"name": f"m{n}", "kind": "random"} for n in range(count)]


def everybody(people: int, **changes: Any) -> tuple[Any, list[list[Planned]]]:
    design = small(**{"clips": CLIPS, "assignments_per_cell": 1000, **changes})
    every, given = cells(design), Given()
    return design, [plan(design, every, given, seed) for seed in range(people)]


@pytest.mark.parametrize(
    ("count", "trials", "people"),
    [(2, 26, 40), (2, 25, 40), (2, 7, 40), (5, 20, 40), (3, 13, 37), (4, 11, 1)],
)
def test_sides_of_every_pair_differ_by_one_at_most(count: int, trials: int, people: int) -> None:
    design, plans = everybody(people, methods=methods(count), session={"trials": trials})
    lean: Counter[tuple[str, ...]] = Counter()
    fill: Counter[str] = Counter()
    cell_lean: Counter[str] = Counter()
    for each in plans:
        own = 0
        for trial in each:
            if trial.kind != "main":
                continue
            pair = tuple(sorted(trial.order))
            sign = 1 if trial.order == pair else -1
            lean[pair] += sign
            cell_lean[trial.cell] += sign
            fill[trial.cell] += 1
            own += sign
        assert abs(own) <= 2
    assert sum(fill.values()) == trials * people
    assert max(abs(value) for value in lean.values()) <= 1
    assert max(fill.values()) - min(fill[cell.key] for cell in cells(design)) <= 1
    assert max(abs(value) for value in cell_lean.values()) <= 1


def test_no_clip_twice_in_a_row_and_checks_and_repeats_in_their_places() -> None:
    attention = [
        {"kind": "instructed", "clip": "c3", "answer": "right"},
        {"kind": "obvious", "clip": "c4", "better": "m0", "worse": "m1"},
    ]
    session = {"trials": 20, "repeats": 4, "clip_once": False}
    _, plans = everybody(40, methods=methods(3), attention=attention, session=session)
    for each in plans:
        assert each[0].kind == "practice"
        assert Counter(trial.kind for trial in each) == {
            "practice": 1,
            "main": 20,
            "repeat": 4,
            "attention": 2,
        }
        clips = [trial.clip_id for trial in each]
        assert all(a != b for a, b in pairwise(clips))
        first = {trial.cell: (place, trial.order) for place, trial in enumerate(each) if trial.kind == "main"}
        for place, trial in enumerate(each):
            if trial.kind == "repeat":
                before, order = first[trial.cell]
                assert before < place - 1
                assert trial.order == order[::-1]
            if trial.kind == "attention" and trial.item == 0:
                assert trial.expected == 1
            if trial.kind == "attention" and trial.item == 1:
                assert trial.order[trial.expected] == "m0"
    assert plans[0] != plans[1]


def test_no_cell_is_given_out_more_often_than_wanted() -> None:
    _, plans = everybody(12, clips=CLIPS[:4], assignments_per_cell=3, session={"trials": 3})
    assert [len(each) - 1 for each in plans if each] == [3, 3, 3, 3]
    assert plans[4:] == [[]] * 8


def test_the_best_of_several_stands_in_every_place_equally_often() -> None:
    _, plans = everybody(40, methods=methods(4), comparison={"kind": "best-of"}, session={"trials": 13})
    places: Counter[tuple[str, int]] = Counter()
    for each in plans:
        for trial in each:
            if trial.kind == "main":
                places.update((name, place) for place, name in enumerate(trial.order))
    assert max(places.values()) - min(places.values()) <= 2


def test_the_same_seed_gives_the_same_order() -> None:
    design = small(**plain())
    every = cells(design)
    assert plan(design, every, Given(), 5) == plan(design, every, Given(), 5)
