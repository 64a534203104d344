"""Two methods that would put the same track under a clip, treated as the design says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mrcmv.study.design import Design
from mrcmv.study.manifest import Equal
from mrcmv.study.stimuli.choosing import Choice


@dataclass(frozen=True)
class Settled:
    """One method's choice for one clip, and the place it had in its list (1 the best)."""

    choice: Choice
    rank: int


def settle(
    design: Design, clip_id: str, ranked: Mapping[str, list[Choice]]
) -> tuple[dict[str, Settled], list[Equal]]:
    """The track of every method for one clip, and all pairs that had the same one at first.

    With ``next-best`` the method that stands later in the design takes the best track of its list that
    no method has which it is compared with; where its list is too short, the pair is left out.
    """
    treatment = design.comparison.equal_top1
    settled: dict[str, Settled] = {}
    equal: list[Equal] = []
    for name in design.method_names:
        rivals = [
            other
            for other in settled
            if (other, name) in design.pairs and settled[other].choice.track_id is not None
        ]
        taken = {settled[other].choice.track_id for other in rivals}
        choices = ranked[name]
        place = 0
        if treatment == "next-best" and choices[0].track_id in taken:
            place = next((number for number, each in enumerate(choices) if each.track_id not in taken), 0)
        settled[name] = Settled(choices[place], place + 1)
        for other in rivals:
            first = ranked[name][0].track_id
            if settled[other].choice.track_id == first:
                still = settled[name].choice.track_id == first
                how = ("skip" if treatment == "next-best" else treatment) if still else "next-best"
                equal.append(Equal(clip_id, other, name, str(first), how))
    return settled, equal
