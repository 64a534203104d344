"""Who sees what, on which side, in which order.

Cells are filled evenly: the next comparison is always one of those that the fewest participants have.
Of these, the one is taken whose sides can be set so that the pair of methods, then the cell, then the
participant has both sides equally often; what is then still equal is decided by lot. With two methods
at a time the sides of every pair of methods so differ by one at most among all comparisons given out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from mrcmv.study.design import Design
from mrcmv.study.manifest import Manifest
from mrcmv.study.parts import BestOf, Instructed

Kind = Literal["practice", "main", "repeat", "attention"]
Order = tuple[str, ...]
"""Methods from left to right."""


@dataclass(frozen=True)
class Cell:
    """One comparison: a clip and the methods on it, in the design's order."""

    clip_id: str
    methods: Order
    shown: bool = True

    @property
    def key(self) -> str:
        return f"{self.clip_id}|{'~'.join(self.methods)}"


@dataclass(frozen=True)
class Planned:
    """One trial of one participant.

    Attributes
    ----------
    expected
        Place of the right answer of an attention item.
    item
        Number of the attention item in the design.
    shown
        False where both methods gave the same track and the design wants a tie without asking.
    """

    kind: Kind
    clip_id: str
    order: Order
    cell: str = ""
    expected: int | None = None
    item: int | None = None
    shown: bool = True


@dataclass
class Given:
    """What has been given out so far: (cell, methods from left to right) -> how often.

    ``fill`` also counts what goes to the participant being planned.
    """

    orders: Counter[tuple[str, Order]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.fill: Counter[str] = Counter()
        self.clips: Counter[str] = Counter()
        self.lean: Counter[Order] = Counter()
        self.cell_lean: Counter[str] = Counter()
        self.places: Counter[tuple[str, int]] = Counter()
        for (cell, order), times in list(self.orders.items()):
            self._count(cell, order, times)

    def add(self, cell: Cell, order: Order) -> None:
        self.orders[cell.key, order] += 1
        self._count(cell.key, order, 1)

    def _count(self, key: str, order: Order, times: int) -> None:
        self.fill[key] += times
        self.clips[key.split("|", 1)[0]] += times
        if len(order) == 2:
            methods = tuple(key.split("|", 1)[1].split("~"))
            sign = times if order == methods else -times
            self.lean[methods] += sign
            self.cell_lean[key] += sign
        for place, name in enumerate(order):
            self.places[name, place] += times


def cells(design: Design, manifest: Manifest | None = None) -> tuple[Cell, ...]:
    """Every comparison of a study; those with equal top-1 as the design says."""
    groups = (design.method_names,) if isinstance(design.comparison, BestOf) else design.pairs
    found = []
    for clip in design.clips:
        for methods in groups:
            treated = manifest.treated(clip.id, methods) if manifest else None
            if treated != "skip":
                found.append(Cell(clip.id, methods, shown=treated != "tie"))
    return tuple(found)


def plan(design: Design, every: Sequence[Cell], given: Given, seed: int) -> list[Planned]:
    """All trials of the next participant in order, practice first; empty when every cell is full.

    ``given`` is brought up to date on the way.
    """
    rng = random.Random(seed)
    chosen = _choose(design, every, given, rng)
    if not any(each.shown for each in chosen):
        return []
    ordered = _in_order(design, chosen, rng)
    practice = _practice(design, every, rng)
    return [*([practice] if practice else []), *ordered]


def _choose(design: Design, every: Sequence[Cell], given: Given, rng: random.Random) -> list[Planned]:
    """The participant's comparisons with their sides, in no order yet."""
    left = [cell for cell in every if given.fill[cell.key] < design.assignments_per_cell]
    rng.shuffle(left)
    seen: Counter[str] = Counter()
    own = 0  # how often the first method of a pair was on the left
    chosen: list[Planned] = []
    while left and len(chosen) < design.session.trials:
        if design.session.clip_once:
            left = [cell for cell in left if not seen[cell.clip_id]]
            if not left:
                break
        fewest = min(_need(cell, given, seen) for cell in left)
        even = [cell for cell in left if _need(cell, given, seen) == fewest]
        cell, order = _sides(design, even, given, own, rng)
        given.add(cell, order)
        left.remove(cell)
        seen[cell.clip_id] += 1
        own += 1 if order == cell.methods else -1
        chosen.append(Planned("main", cell.clip_id, order, cell.key, shown=cell.shown))
    return chosen


def _need(cell: Cell, given: Given, seen: Counter[str]) -> tuple[int, int, int]:
    """What is lowest comes next; the clip's own sum keeps one clip from falling behind the others."""
    return given.fill[cell.key], seen[cell.clip_id], given.clips[cell.clip_id]


def _sides(
    design: Design, even: Sequence[Cell], given: Given, own: int, rng: random.Random
) -> tuple[Cell, Order]:
    """One of the cells that are equally empty, and its sides."""
    if design.session.sides == "random":
        cell = even[0]
        return cell, tuple(rng.sample(cell.methods, len(cell.methods)))
    if len(even[0].methods) > 2:
        return even[0], _turned(even[0].methods, given, rng)

    def cost(cell: Cell, sign: int) -> tuple[int, int, int, int]:
        lean = abs(given.lean[cell.methods] + sign)
        return (
            max(lean, 1),
            abs(given.cell_lean[cell.key] + sign),
            lean,
            abs(own + sign),
        )

    options = [(cost(cell, sign), rng.random(), cell, sign) for cell in even for sign in (1, -1)]
    _, _, cell, sign = min(options, key=lambda option: option[:2])
    return cell, cell.methods if sign == 1 else cell.methods[::-1]


def _turned(methods: Order, given: Given, rng: random.Random) -> Order:
    """Several methods in an order that evens out how often each stood in each place."""
    free = list(methods)
    order: list[str] = []
    for place in range(len(methods)):
        rng.shuffle(free)
        name = min(free, key=lambda each: given.places[each, place])
        free.remove(name)
        order.append(name)
    return tuple(order)


TRIES = 300


def _in_order(design: Design, chosen: list[Planned], rng: random.Random) -> list[Planned]:
    """An order by lot in which no clip comes twice in a row where that can be had."""
    best: tuple[int, list[Planned]] | None = None
    for _ in range(TRIES):
        order = _one_order(design, chosen, rng)
        shown = [each for each in order if each.shown]
        clips = [design.practice_clip, *(each.clip_id for each in shown)]
        conflicts = sum(a == b for a, b in pairwise(clips[1:]))
        conflicts = 2 * conflicts + (clips[0] == clips[1])  # practice before it is the lesser evil
        if best is None or conflicts < best[0]:
            best = conflicts, order
        if not conflicts:
            break
    assert best is not None
    return best[1]


def _one_order(design: Design, chosen: list[Planned], rng: random.Random) -> list[Planned]:
    mains = rng.sample(chosen, len(chosen))
    order = list(mains)
    shown = [each for each in mains if each.shown]
    again = shown[: max(len(shown) // 2, design.session.repeats)][: design.session.repeats]
    for each in again:  # the later half: not soon after the first time
        low = max(order.index(each) + 2, len(mains) // 2)
        repeat = Planned("repeat", each.clip_id, each.order[::-1], each.cell)
        order.insert(rng.randint(min(low, len(order)), len(order)), repeat)
    checks = [_check(design, number, rng) for number in range(len(design.attention))]
    rng.shuffle(checks)
    for number, check in enumerate(checks):  # spread evenly, never the very first
        middle = (number + 0.5) * len(order) / len(checks)
        order.insert(min(len(order), max(1, round(middle + rng.uniform(-0.8, 0.8)))), check)
    return order


def _check(design: Design, number: int, rng: random.Random) -> Planned:
    item = design.attention[number]
    if isinstance(item, Instructed):
        pair = rng.choice(design.pairs)
        expected = 0 if item.answer == "left" else 1
        clip = item.clip or design.clips[0].id
        return Planned("attention", clip, tuple(rng.sample(pair, 2)), expected=expected, item=number)
    order: Order
    if isinstance(design.comparison, BestOf):
        order = tuple(rng.sample(design.method_names, len(design.method_names)))
    else:
        order = tuple(rng.sample((item.better, item.worse), 2))
    return Planned("attention", item.clip, order, expected=order.index(item.better), item=number)


def _practice(design: Design, every: Sequence[Cell], rng: random.Random) -> Planned | None:
    clip = design.practice_clip
    cell = next((cell for cell in every if cell.clip_id == clip and cell.shown), None)
    if cell is None:
        cell = next((cell for cell in every if cell.shown), None)
    if cell is None:
        return None
    return Planned("practice", cell.clip_id, tuple(rng.sample(cell.methods, len(cell.methods))))
