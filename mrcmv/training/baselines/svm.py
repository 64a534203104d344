"""The classical line with a support vector machine that tells true pairs from others.

Source: Joachims 2002 (*Optimizing search engines using clickthrough data*: ranking by an SVM on
features of the pair) with RBF kernels as in Cortes & Vapnik 1995, by scikit-learn. The pair's features
are what two ridge regressions, one from the picture and one from the voice, miss of the track's principal
components, and the products of told and true. The regressions tell held-out clips when the SVM learns,
so that it sees errors as large as those it will meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.baselines.cca import principal_axes
from mrcmv.training.baselines.clipset import ClipSet, Fitted, Pool
from mrcmv.training.baselines.linear import FloatArray, Scaler, choose, folds, mean_relative_rank, ridge

KINDS = ("picture", "voice")
COMPONENTS = 8
NEGATIVES = 5
STRENGTHS = (0.3, 1.0, 3.0)
FOLDS = 5
SETTINGS = tuple(product((0.1, 1.0), (0.003, 0.01, 0.03)))
"""(C, gamma) of the RBF kernel."""


@dataclass(frozen=True)
class Teller:
    """Ridge regression from one modality to the principal components of the music."""

    kind: str
    scaler: Scaler
    weights: FloatArray
    offset: FloatArray

    def __call__(self, clips: ClipSet) -> FloatArray:
        """[n, COMPONENTS] told of every clip."""
        return np.asarray(self.scaler(clips.table(self.kind, self.scaler.names)) @ self.weights + self.offset)


@dataclass(frozen=True)
class SvmFitted:
    """The regressions, the music's axes, and the SVM (of scikit-learn) on pairs."""

    tellers: tuple[Teller, ...]
    music: Scaler
    axes: FloatArray
    machine: Any

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        track = self.music(test.music(pool, self.music.names)) @ self.axes
        told = np.stack([teller(test) for teller in self.tellers], axis=1)
        return all_scores(self.machine, told, track).astype(np.float32)


def pair_features(told: FloatArray, track: FloatArray) -> FloatArray:
    """[p, 4 * COMPONENTS] of p pairs, told [p, 2, COMPONENTS] and track [p, COMPONENTS]."""
    missed = np.abs(told - track[:, None])
    return np.concatenate(
        [missed.reshape(len(track), -1), (told * track[:, None]).reshape(len(track), -1)], 1
    )


def all_scores(machine: Any, told: FloatArray, track: FloatArray) -> FloatArray:
    """Decision value of every query with every track, [queries, tracks]."""
    count = len(track)
    return np.stack(
        [machine.decision_function(pair_features(np.repeat(row[None], count, 0), track)) for row in told]
    )


def teach(
    told: FloatArray, track: FloatArray, names: Sequence[str], setting: tuple[float, float], seed: int
) -> Any:
    """An SVM on the true pairs and `NEGATIVES` others per clip, both classes of the same weight.

    ``names`` of the clips' tracks: a rendition of the same track is no wrong pair.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    random = np.random.default_rng([seed, 72])
    query, candidate = list(range(len(track))), list(range(len(track)))
    for clip, name in enumerate(names):
        others = np.flatnonzero(np.asarray(names) != name)
        chosen = random.permutation(others)[:NEGATIVES].tolist()
        query += [clip] * len(chosen)
        candidate += chosen
    own = np.arange(len(query)) < len(track)
    machine = make_pipeline(StandardScaler(), SVC(C=setting[0], gamma=setting[1], class_weight="balanced"))
    return machine.fit(pair_features(told[query], track[candidate]), own)


def fit_svm(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """Regressions on the training clips, then the SVM; folds of the training clips choose C and gamma."""
    music = Scaler.fit(train.music())
    scaled = music(train.music(like=music.names))
    axes = principal_axes(scaled, COMPONENTS)
    axes = axes / ((scaled @ axes).std(0) + 1e-9)
    track = scaled @ axes
    tellers, told = [], []
    for kind in KINDS:
        scaler = Scaler.fit(train.table(kind))
        inputs = scaler(train.table(kind, scaler.names))
        tried = {each: _held_out(inputs, track, each, train.tracks, seed) for each in STRENGTHS}
        missed = {each: float(np.square(out - track).mean()) for each, out in tried.items()}
        strength = choose(STRENGTHS, missed.__getitem__)
        told.append(tried[strength])
        tellers.append(Teller(kind, scaler, *ridge(inputs, track, strength)))
    both = np.stack(told, axis=1)

    def loss(setting: tuple[float, float]) -> float:
        total = 0.0
        for learn, judge in folds(train.tracks, FOLDS, seed, once=True):
            scores = all_scores(
                teach(both[learn], track[learn], [train.tracks[i] for i in learn], setting, seed),
                both[judge],
                track[judge],
            )
            total += len(judge) * mean_relative_rank(scores)
        return total

    setting = choose(SETTINGS, loss)
    return SvmFitted(tuple(tellers), music, axes, teach(both, track, train.tracks, setting, seed))


def _held_out(
    inputs: FloatArray, outputs: FloatArray, strength: float, tracks: Sequence[str], seed: int
) -> FloatArray:
    """What a regression learned on the other folds tells of every clip."""
    told = np.zeros_like(outputs)
    for learn, judge in folds(tracks, 2 * FOLDS, seed):
        weights, offset = ridge(inputs[learn], outputs[learn], strength)
        told[judge] = inputs[judge] @ weights + offset
    return told
