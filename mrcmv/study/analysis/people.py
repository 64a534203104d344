"""Simulated participants whose true preferences are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logit

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LATENT = np.pi**2 / 3  # variance of the logistic noise of one vote


@dataclass(frozen=True)
class World:
    """How people truly choose: Davidson's model with effects of person, clip and side.

    Attributes
    ----------
    strengths : true log-strength per method.
    ties : Davidson's tie parameter; two equals tie with probability ties / (2 + ties). 0: no ties.
    side : log-odds by which the left side gains for being left.
    participant_sd, clip_sd : standard deviation, in log-odds, of how far a person's or a clip's preference
        between two methods is from the mean.
    inattentive : share of participants who answer by chance, quickly and without watching to the end.
    seed : everything follows from it.
    """

    strengths: Mapping[str, float]
    ties: float = 0.0
    side: float = 0.0
    participant_sd: float = 0.0
    clip_sd: float = 0.0
    inattentive: float = 0.0
    seed: int = 0

    def normal(self, *what: str) -> float:
        """A standard normal number that belongs to these names, always the same."""
        return _normal(self.seed, what)

    def effect(self, clip: str, method: str) -> float:
        """How far this clip favours this method, in log-odds."""
        return self.clip_sd * self.normal("clip", clip, method) / np.sqrt(2)

    def chances(self, difference: float | NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        """(win, tie) probabilities of the first of two whose log-strengths differ so; Davidson's model."""
        half = np.asarray(difference) / 2
        total = np.exp(half) + np.exp(-half) + self.ties
        return np.exp(half) / total, self.ties / total

    def share(self, a: str, b: str, *, half_ties: bool = False) -> float:
        """True share of (decided) votes for ``a`` over all people and clips, with sides balanced."""
        spread = np.hypot(self.participant_sd, self.clip_sd)
        middle = self.strengths[a] - self.strengths[b] + spread * NODES
        wins = losses = 0.0
        for side in (self.side, -self.side):
            win, tie = self.chances(middle + side)
            wins += float(WEIGHTS @ (win + tie / 2 * half_ties))
            losses += float(WEIGHTS @ (1 - win - tie + tie / 2 * half_ties))
        return wins / (wins + losses)

    def tie_scale(self) -> float:
        """Davidson's tie parameter of the votes of all people and clips, which differ from one another."""
        spread = np.hypot(self.participant_sd, self.clip_sd)
        found = []
        for a, b in combinations(self.strengths, 2):
            wins = ties = 0.0
            for side in (self.side, -self.side):
                win, tie = self.chances(self.strengths[a] - self.strengths[b] + spread * NODES + side)
                wins, ties = wins + float(WEIGHTS @ win) / 2, ties + float(WEIGHTS @ tie) / 2
            found.append(ties / np.sqrt(wins * (1 - wins - ties)))
        return float(np.mean(found))

    def scale(self, *, half_ties: bool = False) -> dict[str, float]:
        """True Bradley-Terry log-strengths, centred, of the shares over all people and clips."""
        from mrcmv.study.analysis.strengths import fit

        names = list(self.strengths)
        table = np.array(
            [[0 if a == b else self.share(a, b, half_ties=half_ties) for b in names] for a in names]
        )
        return dict(zip(names, map(float, fit(table.reshape(1, -1), len(names))[0]), strict=True))


@lru_cache(maxsize=200_000)
def _normal(seed: int, what: tuple[str, ...]) -> float:
    return float(np.random.default_rng([seed, *(crc32(name.encode()) for name in what)]).normal())


@dataclass(frozen=True)
class Person:
    """One simulated participant; ``number`` and the world's seed decide everything about it."""

    world: World
    number: int
    attentive: bool = field(init=False)

    def __post_init__(self) -> None:
        draw = np.random.default_rng([self.world.seed, 7, self.number]).random()
        object.__setattr__(self, "attentive", bool(draw >= self.world.inattentive))

    @cached_property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng([self.world.seed, 11, self.number])

    def taste(self, method: str) -> float:
        return self.world.participant_sd * self.world.normal("person", str(self.number), method) / np.sqrt(2)

    def favour(self, clip: str, method: str) -> float:
        """What this person finds in this method on this clip, as a log-strength."""
        return self.world.strengths[method] + self.taste(method) + self.world.effect(clip, method)

    def choose(self, clip: str, left: str, right: str) -> str:
        """left, right or tie."""
        if not self.attentive:
            return str(self.rng.choice(["left", "right"]))
        world = self.world
        win, tie = world.chances(self.favour(clip, left) - self.favour(clip, right) + world.side)
        draw = self.rng.random()
        return "left" if draw < win else "tie" if draw < win + tie else "right"

    def best(self, clip: str, names: Sequence[str]) -> int:
        """Place of the one chosen of several by Luce's choice: the largest sum of favour and Gumbel noise."""
        if not self.attentive:
            return int(self.rng.integers(len(names)))
        favour = np.array([self.favour(clip, name) for name in names])
        return int(np.argmax(favour + self.rng.gumbel(size=len(names))))

    def rate(self, clip: str, method: str, points: int) -> int:
        """A rating from 1 to ``points`` that rises by one for a favour of one log-odds."""
        if not self.attentive:
            return int(self.rng.integers(1, points + 1))
        middle = (points + 1) / 2 + self.favour(clip, method)
        return int(np.clip(round(middle + float(self.rng.normal())), 1, points))

    def attends(self) -> bool:
        """Whether an attention item is answered rightly."""
        return self.attentive or bool(self.rng.random() < 0.5)

    def seconds(self) -> float:
        """Response time in seconds: log-normal, median 4 s; the inattentive answer in about half a second."""
        return float(
            np.exp(self.rng.normal(np.log(4.0 if self.attentive else 0.5), 0.5 if self.attentive else 0.3))
        )

    def watched(self, length: float) -> float:
        """Seconds watched of a side that lasts ``length`` seconds."""
        return length * (1.0 if self.attentive else float(self.rng.uniform(0.2, 0.9)))


def deviations(icc_participant: float, icc_clip: float) -> tuple[float, float]:
    """Standard deviations (participant, clip), in log-odds, from shares of a vote's latent variance."""
    rest = 1 - icc_participant - icc_clip
    return float(np.sqrt(LATENT * icc_participant / rest)), float(np.sqrt(LATENT * icc_clip / rest))


def two_methods(
    true: float, participant_sd: float, clip_sd: float, seed: int = 0, ties: float = 0.0
) -> World:
    """A world of methods ``a`` and ``b`` whose share for ``a`` over all people and clips is ``true``."""

    def world(gap: float) -> World:
        return World({"a": gap / 2, "b": -gap / 2}, ties, 0.0, participant_sd, clip_sd, 0.0, seed)

    edge = abs(logit(true)) * (2 + participant_sd + clip_sd) + 1
    return world(brentq(lambda gap: world(gap).share("a", "b") - true, -edge, edge))
