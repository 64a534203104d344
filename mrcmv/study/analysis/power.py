"""How many votes a study needs: exact for independent votes, simulated where people and clips differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from mrcmv.media import Progress, UserError
from mrcmv.study.analysis.people import Person, deviations, two_methods
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import prefer
from mrcmv.study.analysis.votes import read_votes

LIMIT = 20_000  # votes; beyond this a difference is too small for any study


@dataclass(frozen=True)
class Needed:
    """``first``: the fewest votes that reach the power; ``votes``: from here on it is never missed again.

    Exact power goes up and down as votes are added, since votes come whole: plan with ``votes``.
    """

    first: int
    votes: int
    power: float


@dataclass(frozen=True)
class Simulated:
    """Share of simulated studies that found the difference, by the clustered and by the exact test.

    ``error`` is the standard error of both shares; ``wrong`` is how often the clustered test found the wrong
    side, ``design_effect`` how many times the variance of the share is that of independent votes.
    """

    power: float
    power_exact_test: float
    wrong: float
    error: float
    design_effect: float
    votes: int
    studies: int


def exact_power(votes: int, true: float, alpha: float = 0.05) -> float:
    """Power of the two-sided exact binomial test against 1/2 with so many independent decided votes."""
    k = np.arange(votes + 1)
    tail = np.minimum(binom.cdf(k, votes, 0.5), binom.sf(k - 1, votes, 0.5))
    return float(binom.pmf(k, votes, true)[2 * tail <= alpha].sum())


def votes_needed(true: float, power: float = 0.8, alpha: float = 0.05) -> Needed:
    """Decided votes for this power; raises `UserError` where no study of any size would do."""
    if not 0 < true < 1 or true == 0.5:
        raise UserError("A true share lies between 0 and 1 and is not one half: name another.")
    if not (0 < power < 1 and 0 < alpha < 1):
        raise UserError("Power and alpha lie between 0 and 1: name others.")
    if exact_power(LIMIT, true, alpha) < power:
        raise UserError(f"Not even {LIMIT} votes would do: the difference is too small to look for.")
    first = last_miss = 0
    size, beyond = 0, 0
    while beyond < max(40, size // 3):  # far enough beyond, the saw teeth no longer reach down to the power
        size += 1
        if exact_power(size, true, alpha) >= power:
            first = first or size
            beyond += 1
        else:
            last_miss, beyond = size, 0
    return Needed(first, last_miss + 1, exact_power(last_miss + 1, true, alpha))


def simulated_power(
    true: float,
    participants: int,
    clips: int,
    votes_each: int,
    *,
    icc_participant: float = 0.0,
    icc_clip: float = 0.0,
    studies: int = 500,
    draws: int = 200,
    alpha: float = 0.05,
    seed: int = 0,
    progress: Progress | None = None,
) -> Simulated:
    """Simulate studies of ``participants`` who each judge ``votes_each`` of the ``clips`` once.

    ``icc_*`` are the shares of the latent (logistic) variance of a vote that the person and the clip make up.
    """
    if votes_each > clips:
        raise UserError("Nobody judges a clip twice: give at least as many clips as votes per participant.")
    if participants < 2 or clips < 2 or min(icc_participant, icc_clip) < 0 or icc_participant + icc_clip >= 1:
        raise UserError(
            "Give two participants and two clips or more, and shares of variance that sum to under 1."
        )
    spreads = deviations(icc_participant, icc_clip)
    mean_world = two_methods(true, *spreads)
    plan = Plan(methods=("a", "b"), level=1 - alpha, draws=draws)
    clustered = exact = wrong = 0
    shares: list[float] = []
    for study in range(studies):
        if progress is not None:
            progress(study / studies)
        world = replace(mean_world, seed=seed + 1 + study)
        rows = [
            {"participant": f"p{person.number}", "clip_id": f"c{clip}", "method_left": "a",
             "method_right": "b", "choice": person.choose(f"c{clip}", "a", "b")}
            for person in (Person(world, number) for number in range(participants))
            for clip in deal(person.number, clips, votes_each)
        ]  # fmt: skip
        found = prefer(read_votes(rows, plan), "a", "b", plan)
        shares.append(found.share)
        p = found.p_exact if np.isnan(found.p_cluster) else found.p_cluster
        significant = bool(p < alpha)
        clustered += significant
        exact += bool(found.p_exact < alpha)
        wrong += significant and (found.share > 0.5) != (true > 0.5)
    votes = participants * votes_each
    power = clustered / studies
    error = float(np.sqrt(max(power * (1 - power), 0.25 / studies) / studies))
    effect = float(np.var(shares, ddof=1) / (true * (1 - true) / votes)) if studies > 1 else float("nan")
    return Simulated(
        power, exact / studies, wrong / studies, error, effect, votes, studies,
    )  # fmt: skip


def deal(person: int, clips: int, each: int) -> NDArray[np.intp]:
    """The clips of one person: a window that moves on, so that clips are judged equally often within one."""
    return (person * each + np.arange(each)) % clips
