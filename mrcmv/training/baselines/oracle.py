"""Ceilings: what could be reached by somebody who knows what no network is told.

*Planned*: knows the scores that drove every clip and the rule that links them to the music's factors,
``drive = r * factor + sqrt(1 - r**2) * noise``. The likelihood of a clip's seven drives under every
track's factors ranks the tracks; nothing that sees the rendered clip can be expected to do better.

*Measured*: knows what the builder wrote down about the rendered clip (state of the game, light,
delivery, words, pauses; within the 32 s that all methods see) and learns on the training clips to tell
the four factors from it by ridge regression; the regression's errors on held-out training clips make
the likelihood. It is what a perfect reader of pictures and voice could reach with this much training
data, and so a bound in practice but not in theory. Both are given the music's factors themselves, so
for them a separated pool is the same as the clean one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError
from mrcmv.training.baselines.clipset import ClipSet, Fitted, Pool, Table
from mrcmv.training.baselines.linear import FloatArray, Scaler, choose, folds, gaussian_evidence, ridge
from mrcmv.training.baselines.reader import READERS
from mrcmv.training.freedoom400.rule import FACTORS, LINKS

Reads = Literal["both", "picture", "voice"]
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
PICTURE_DRIVES = ("game", "light", "cuts", "contrast")
VOICE_DRIVES = ("delivery", "pitch", "pauses", "contrast")
DRIVES: dict[Reads, tuple[str, ...]] = {
    "both": tuple(LINKS),
    "picture": PICTURE_DRIVES,
    "voice": VOICE_DRIVES,
}


def factors_of(labels: list[dict[str, Any]]) -> FloatArray:
    """The music's factors as the plan has them, [n, 4] standard normal scores."""
    try:
        return np.array([[each["plan"]["factors"][name] for name in FACTORS] for each in labels])
    except (KeyError, TypeError):
        raise UserError("The oracles need clips that `data build` made: these labels have no plan.") from None


def plan_likelihood(labels: list[dict[str, Any]], reads: Reads = "both") -> NDArray[np.float32]:
    """log p(drives of clip i | factors of track j), float32 [n, n], from clips' labels."""
    factors = factors_of(labels)
    total = np.zeros((len(labels), len(labels)))
    for drive in DRIVES[reads]:
        factor, strength = LINKS[drive]
        told = np.array([each["plan"][drive] for each in labels])
        expected = strength * factors[:, FACTORS.index(factor)]
        total -= (told[:, None] - expected[None, :]) ** 2 / (2 * (1 - strength**2))
    return total.astype(np.float32)


@dataclass(frozen=True)
class PlanOracle:
    """Nothing is learned: the rule is known."""

    reads: Reads = "both"

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        return plan_likelihood(test.labels(), self.reads)


@dataclass(frozen=True)
class MeasuredOracle:
    """One reader per modality; given the track they are independent, so their evidence adds up."""

    readers: tuple[Reader, ...]

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        labels = test.labels()
        return np.sum([reader.evidence(labels) for reader in self.readers], axis=0).astype(np.float32)


@dataclass(frozen=True)
class Reader:
    """A regression from what is written down about a clip to the music's factors, and its errors."""

    modality: str
    scaler: Scaler
    weights: FloatArray
    offset: FloatArray
    centre: FloatArray
    residual: FloatArray
    prior: FloatArray

    def evidence(self, labels: list[dict[str, Any]]) -> FloatArray:
        """log p(notes of clip i | factors of track j) up to a constant per clip, float64 [n, n]."""
        told = self.scaler(read(labels, self.modality, self.scaler.names)) @ self.weights + self.offset
        factors = factors_of(labels)
        return gaussian_evidence(told - self.centre, self.residual, self.prior, factors - self.centre)


def read(labels: list[dict[str, Any]], modality: str, like: tuple[str, ...] | None = None) -> Table:
    """What is written down about one modality of clips as named numbers."""
    rows = [READERS[modality](each) for each in labels]
    names = like if like is not None else tuple(dict.fromkeys(name for row in rows for name in row))
    values = np.array([[row.get(name, np.nan) for name in names] for row in rows], dtype=np.float32)
    return Table(names, values)


def fit_reader(modality: str, clips: ClipSet, seed: int = 0) -> Reader:
    """Learn from training clips' labels; the ridge is chosen by held-out squared error on them."""
    labels = clips.labels()
    scaler = Scaler.fit(read(labels, modality))
    inputs = scaler(read(labels, modality, scaler.names))
    factors = factors_of(labels)
    parts = folds(clips.tracks, min(10, len(inputs)), seed)

    def errors(strength: float) -> FloatArray:
        missed = np.zeros_like(factors)
        for learn, judge in parts:
            weights, offset = ridge(inputs[learn], factors[learn], strength)
            missed[judge] = inputs[judge] @ weights + offset - factors[judge]
        return missed

    strength = choose(STRENGTHS, lambda each: float(np.square(errors(each)).mean()))
    missed = errors(strength)
    weights, offset = ridge(inputs, factors, strength)
    centre = factors.mean(0)
    return Reader(
        modality,
        scaler,
        weights,
        offset,
        centre,
        residual=missed.T @ missed / len(missed) + 1e-3 * np.eye(len(FACTORS)),
        prior=np.atleast_2d(np.cov((factors - centre).T)) + 1e-3 * np.eye(len(FACTORS)),
    )


def fit_plan_oracle(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """The planned ceiling."""
    return PlanOracle()


def fit_measured_oracle(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """The realised ceiling, picture and voice."""
    return MeasuredOracle(tuple(fit_reader(modality, train, seed) for modality in READERS))


def fit_measured_picture(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """The realised ceiling of the picture alone."""
    return MeasuredOracle((fit_reader("picture", train, seed),))


def fit_measured_voice(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """The realised ceiling of the voice alone."""
    return MeasuredOracle((fit_reader("voice", train, seed),))
