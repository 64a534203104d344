"""``python -m benchmarks.study_coverage``: do the intervals of a study cover the truth as often as they say?

Simulated studies of 40 participants (`mrcmv.study.analysis`): true strengths are known, people and clips
differ or not, some people answer by chance. Every repetition is another world of the same kind, analysed
as an export is. Printed is how often each 95 % interval held the true value: of every pair's share, of every
method's Bradley-Terry strength, and of Davidson's tie parameter. With 200 repetitions a
figure for one quantity has a standard error of 1.5 points; the average over pairs varies less.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from mrcmv.study.analysis import Plan, World, layout, simulate, world
from mrcmv.study.analysis.exclusions import exclude
from mrcmv.study.analysis.preference import preferences
from mrcmv.study.analysis.strengths import bradley_terry, davidson
from mrcmv.study.analysis.votes import order_of, read_votes

SCENARIOS = {
    "independent votes": {},
    "people and clips differ": {"participant_sd": 0.5, "clip_sd": 0.5},
    "they differ, and one in ten answers by chance": {
        "participant_sd": 0.5, "clip_sd": 0.5, "inattentive": 0.1,
    },
}  # fmt: skip
COMMON = {"ties": 0.4, "side": 0.15}
Held = dict[str, list[bool]]


@dataclass(frozen=True)
class Line:
    """Coverage and mean width of one interval over all repetitions and quantities."""

    interval: str
    coverage: float
    error: float
    width: float
    bias: float


def repetition(template: str, here: World, participants: int, draws: int) -> dict[str, list[tuple]]:
    """(held, width, error) of every interval by its name."""
    shown = layout(template)
    plan: Plan = shown.plan(draws=draws, seed=here.seed)
    frame = read_votes(simulate(shown, here, participants), plan)
    kept = exclude(frame, plan)
    found: dict[str, list[tuple]] = defaultdict(list)

    def look(name: str, ends: tuple[float, float], value: float, truth: float) -> None:
        found[name].append((ends[0] <= truth <= ends[1], ends[1] - ends[0], value - truth))

    for pair in preferences(kept.votes, plan):
        truth = here.share(pair.a, pair.b)
        look("Wilson", pair.wilson, pair.share, truth)
        look("cluster bootstrap", pair.interval, pair.share, truth)
        look("pigeonhole bootstrap", pair.cautious, pair.share, truth)
    if here.inattentive:
        for pair in preferences(kept.everyone, plan):
            look("cluster bootstrap, nobody excluded", pair.interval, pair.share, here.share(pair.a, pair.b))
    scale = here.scale()
    if len(scale) > 2:
        for each in bradley_terry(kept.votes, plan, order_of(kept.votes, plan)).methods:
            look("Bradley-Terry", (each.low, each.high), each.value, scale[each.method])
    model = davidson(kept.votes, order_of(kept.votes, plan))
    if model is not None:
        reach = 1.96 * model.se_log_ties
        middle = log(model.ties)
        look("Davidson's ties", (exp(middle - reach), exp(middle + reach)), model.ties, here.tie_scale())
    return found


def coverage(template: str, settings: dict, repetitions: int, participants: int, draws: int) -> list[Line]:
    gathered: dict[str, list[list[tuple]]] = defaultdict(list)
    for number in range(repetitions):
        here = world(template, **COMMON, **settings, seed=1000 + number)
        for name, looked in repetition(template, here, participants, draws).items():
            gathered[name].append(looked)
    lines = []
    for name, seen in gathered.items():
        # quantities of one repetition are not independent: the error is taken over repetitions
        held = np.array([np.mean([each[0] for each in one]) for one in seen])
        width, bias = (float(np.mean([each[i] for one in seen for each in one])) for i in (1, 2))
        lines.append(Line(name, float(held.mean()), float(held.std() / sqrt(len(held))), width, bias))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--participants", type=int, default=40)
    parser.add_argument("--draws", type=int, default=200, help="resamples per source (a study takes 2000)")
    parser.add_argument("--template", choices=["table2", "table3"], action="append")
    args = parser.parse_args()
    for template in args.template or ["table3", "table2"]:
        shown = layout(template)
        print(
            f"\n{template}: {args.participants} participants, {len(shown.clips)} clips, {len(shown.methods)} "
            f"methods, {shown.trials} votes each, {args.repetitions} repetitions, {args.draws} resamples\n"
        )
        print("| votes | interval (95 %) | coverage | standard error | mean width | mean error |")
        print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
        for name, settings in SCENARIOS.items():
            began = time.perf_counter()
            for line in coverage(template, settings, args.repetitions, args.participants, args.draws):
                print(
                    f"| {name} | {line.interval} | {100 * line.coverage:.1f} % | {100 * line.error:.1f} | "
                    f"{line.width:.3f} | {line.bias:+.3f} |"
                )
            print(f"<!-- {time.perf_counter() - began:.0f} s -->", flush=True)


if __name__ == "__main__":
    main()
