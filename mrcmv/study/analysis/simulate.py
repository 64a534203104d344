"""Studies answered by simulated participants: rows as an export gives them, without picture or sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np

from mrcmv.media import UserError
from mrcmv.study.analysis.people import Person, World
from mrcmv.study.analysis.plan import Plan

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECONDS = 32.0  # of a clip
TOO_FAST_S = 1.2 * SECONDS  # watching both sides takes 2 * SECONDS
CHANCE = 0.8  # log-odds between the method under test and a random track in the simulated worlds


@dataclass(frozen=True)
class Layout:
    """What is shown to whom. ``pairs`` are in the order of the methods; ``trials``, ``checks`` and
    ``repeats`` per participant. Beside checks and repeats no clip comes twice where there are enough."""

    name: str
    clips: tuple[str, ...]
    methods: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    trials: int
    checks: int = 2
    repeats: int = 2
    against: str | None = None

    def plan(self, **settings: Any) -> Plan:
        """An analysis of this layout that excludes who fails a check or answers within a second."""
        given: dict[str, Any] = {
            "methods": self.methods, "against": self.against, "failed_attention": 0, "incomplete": 1.0,
            "too_fast_s": TOO_FAST_S, "trials": self.trials + self.checks + self.repeats,
        }  # fmt: skip
        return Plan(**(given | settings))


def layout(template: str) -> Layout:
    """``table2``: four methods against each other over a test set of 40 clips, 24 votes from everybody.
    ``table3``: one method against random under tags on 26 clips, all of them judged by everybody."""
    if template == "table2":
        methods = ("mrcmv", "cmmr-style", "cbvmr", "random")
        return Layout("table2", _clips(40), methods, tuple(combinations(methods, 2)), 24)
    if template == "table3":
        two = ("mrcmv", "random-tags")
        return Layout("table3", _clips(26), two, (two,), 26, against="random-tags")
    raise UserError("The templates are table2 and table3: name one of them.")


def world(template: str, **settings: Any) -> World:
    """A world in which the methods of a template differ by steps that a study of 40 people can show."""
    names = layout(template).methods
    steps = np.linspace(CHANCE / 2, -CHANCE / 2, len(names))
    return World(dict(zip(names, map(float, steps), strict=True)), **settings)


def _clips(number: int) -> tuple[str, ...]:
    return tuple(f"clip{place:02d}" for place in range(1, number + 1))


def simulate(layout: Layout, world: World, participants: int) -> list[dict[str, Any]]:
    """Rows of the export of so many participants, balanced by the least filled cell."""
    filled: Counter[tuple[str, tuple[str, str]]] = Counter()
    rows: list[dict[str, Any]] = []
    for number in range(participants):
        rows += _session(layout, world, Person(world, number), filled)
    return rows


def _session(
    layout: Layout, world: World, person: Person, filled: Counter[tuple[str, tuple[str, str]]]
) -> list[dict[str, Any]]:
    order = np.random.default_rng([world.seed, 13, person.number])
    shown = _deal(layout, filled, order)
    sides: dict[tuple[str, str], bool] = {}
    trials: list[tuple[str, str, str, bool, bool]] = []
    for clip, pair in shown:
        # within a participant and a pair, sides alternate; who begins is drawn
        sides[pair] = not sides[pair] if pair in sides else bool(order.integers(2))
        trials.append((clip, *(pair if sides[pair] else pair[::-1]), False, False))
    again = order.choice(len(trials), min(layout.repeats, len(trials)), replace=False)
    trials += [(trials[i][0], trials[i][2], trials[i][1], False, True) for i in sorted(again)]
    for check in range(layout.checks):
        place = (check + 1) * len(trials) // (layout.checks + 1)
        trials.insert(place, (layout.clips[check % len(layout.clips)], *layout.pairs[0], True, False))
    clock = BEGAN + timedelta(minutes=41 * person.number)
    rows = []
    for index, (clip, left, right, is_check, is_repeat) in enumerate(trials, 1):
        passed = person.attends() if is_check else None
        choice = ("left" if passed else "right") if is_check else person.choose(clip, left, right)
        watched, seconds = (person.watched(SECONDS), person.watched(SECONDS)), person.seconds()
        answered = clock + timedelta(seconds=sum(watched) + seconds)
        rows.append({
            "study_id": f"simulated-{layout.name}", "design_hash": f"simulated-{layout.name}",
            "participant": f"p{person.number:03d}", "session": f"s{person.number:03d}",
            "consent_version": "1",
            "trial_index": index, "pair_id": "~".join(sorted((left, right), key=layout.methods.index)),
            "clip_id": clip, "method_left": left, "method_right": right, "track_left": f"{clip}-{left}",
            "track_right": f"{clip}-{right}", "choice": choice,
            "winner_method": {"left": left, "right": right}.get(choice, ""), "reasons": "",
            "rt_ms": round(1000 * (sum(watched) + seconds)), "watched_left_s": round(watched[0], 1),
            "watched_right_s": round(watched[1], 1), "plays": 2, "is_attention": is_check,
            "attention_ok": passed, "is_repeat": is_repeat, "order_seed": world.seed,
            "started_at": clock.isoformat(), "answered_at": answered.isoformat(),
            "device_class": "desktop", "headphones": "yes",
        })  # fmt: skip
        clock = answered + timedelta(seconds=1)
    return rows


def _deal(
    layout: Layout, filled: Counter[tuple[str, tuple[str, str]]], order: np.random.Generator
) -> list[tuple[str, tuple[str, str]]]:
    """Cells (clip, pair) for one participant: the least filled first, by lot, no clip twice if it can be."""
    clips: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    cells: Sequence[tuple[str, tuple[str, str]]] = [
        (clip, pair) for clip in layout.clips for pair in layout.pairs
    ]
    lots = order.random(len(cells))
    taken: list[tuple[str, tuple[str, str]]] = []
    free = set(range(len(cells)))
    for _ in range(min(layout.trials, len(cells))):
        best = min(free, key=lambda i: (clips[cells[i][0]], filled[cells[i]], pairs[cells[i][1]], lots[i]))
        free.discard(best)
        taken.append(cells[best])
        clips[cells[best][0]] += 1
        pairs[cells[best][1]] += 1
        filled[cells[best]] += 1
    return [taken[i] for i in order.permutation(len(taken))]
