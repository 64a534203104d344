"""The classical line: canonical correlation analysis of hand-crafted features.

Source: Hotelling 1936; for retrieval across modalities Rasiwasia et al. 2010 (*A new approach to
cross-modal multimedia retrieval*). PCA of each side, then CCA with ridge regularisation (Vinod 1976),
solved by the SVD of the whitened cross-covariance. Candidates are ranked either by the cosine of the
canonical scores, each weighed by its correlation, or by the evidence of the Gaussian model of CCA
(Bach & Jordan 2005); cross-validation chooses, as it does the ridge and the number of components.
Picture and voice are fused early (one CCA of both) or late (sum of the two CCAs' scores).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.baselines.clipset import ClipSet, Fitted, Pool
from mrcmv.training.baselines.linear import (
    FloatArray,
    Scaler,
    Trial,
    choose,
    mean_relative_rank,
    standard_rows,
    trials,
)


@dataclass(frozen=True)
class Setting:
    """Principal components kept of each side, ridge (share of the variance), canonical pairs, scoring."""

    principal: int
    ridge: float
    pairs: int
    scoring: Literal["cosine", "evidence"]


SCORINGS: tuple[Literal["cosine", "evidence"], ...] = ("cosine", "evidence")
SETTINGS = tuple(
    Setting(principal, ridge, pairs, scoring)
    for principal, ridge, pairs, scoring in product(
        (16, 32, 64), (0.1, 0.3, 1.0, 3.0), (3, 4, 6, 10), SCORINGS
    )
)


@dataclass(frozen=True)
class Projection:
    """Linear maps of a query [k, pairs] and of a track [m, pairs] and the pairs' correlations."""

    query: FloatArray
    track: FloatArray
    correlation: FloatArray

    def scores(self, query: FloatArray, track: FloatArray, setting: Setting) -> FloatArray:
        """float64 [queries, tracks] of standardised features."""
        pairs = slice(0, setting.pairs)
        u, v = query @ self.query[:, pairs], track @ self.track[:, pairs]
        r = self.correlation[pairs]
        if setting.scoring == "cosine":
            u = u * r / (np.linalg.norm(u * r, axis=1, keepdims=True) + 1e-9)
            v = v / (np.linalg.norm(v, axis=1, keepdims=True) + 1e-9)
            return np.asarray(u @ v.T)
        # log p(u, v) - log p(u) - log p(v) of unit Gaussians with correlation r, constants left out
        rest = 1 - r**2
        usual = r**2 / rest
        return np.asarray((u * r / rest) @ v.T - 0.5 * (v**2 @ usual) - 0.5 * (u**2 @ usual)[:, None])


def principal_axes(values: FloatArray, count: int) -> FloatArray:
    """[k, count] axes on which standardised ``values`` [n, k] vary most."""
    axes = np.linalg.svd(values - values.mean(0), full_matrices=False)[2]
    return np.asarray(axes[:count].T)


def canonical(query: FloatArray, track: FloatArray, ridge: float) -> Projection:
    """Ridge CCA of centred [n, k] and [n, m]: all min(k, m) pairs, best first."""
    n = len(query)
    left, right = _whitener(query, ridge), _whitener(track, ridge)
    cross = left.T @ (query.T @ track / n) @ right
    u, singular, vt = np.linalg.svd(cross, full_matrices=False)
    a, b = left @ u, right @ vt.T
    # scores of unit spread on the training clips
    a = a / ((query @ a).std(0) + 1e-9)
    b = b / ((track @ b).std(0) + 1e-9)
    return Projection(a, b, np.clip(singular, 0, 0.99))


def _whitener(values: FloatArray, ridge: float) -> FloatArray:
    """[k, k] that makes the covariance plus ``ridge`` times its mean variance the identity."""
    covariance = values.T @ values / len(values)
    covariance += ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    value, vector = np.linalg.eigh(covariance)
    return np.asarray(vector / np.sqrt(value))


@dataclass(frozen=True)
class Part:
    """One CCA: which modalities make its query, how features are scaled, and the maps."""

    kinds: tuple[str, ...]
    scalers: tuple[Scaler, ...]
    music: Scaler
    projection: Projection
    setting: Setting

    def scores(self, test: ClipSet, pool: Pool) -> FloatArray:
        """float64 [n, n] of the test clips."""
        query = stack(test, self.kinds, self.scalers)
        track = self.music(test.music(pool, self.music.names))
        return self.projection.scores(query, track, self.setting)


@dataclass(frozen=True)
class CcaFitted:
    """Scores of its parts are added: evidence as it is, cosines after every query's were standardised."""

    parts: tuple[Part, ...]

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        if len(self.parts) == 1:
            return self.parts[0].scores(test, pool).astype(np.float32)
        return np.sum([standard_rows(part.scores(test, pool)) for part in self.parts], axis=0).astype(
            np.float32
        )


def stack(clips: ClipSet, kinds: tuple[str, ...], scalers: tuple[Scaler, ...]) -> FloatArray:
    """Scaled features of several modalities beside each other, [n, k]."""
    return np.concatenate(
        [scaler(clips.table(kind, scaler.names)) for kind, scaler in zip(kinds, scalers, strict=True)], axis=1
    )


def fit_part(kinds: tuple[str, ...], train: ClipSet, validation: ClipSet, seed: int = 0) -> Part:
    """Choose a `Setting` by cross-validation and learn one CCA on all training clips."""
    scalers = tuple(Scaler.fit(train.table(kind)) for kind in kinds)
    music = Scaler.fit(train.music())
    query, track = stack(train, kinds, scalers), music(train.music(like=music.names))
    unseen = stack(validation, kinds, scalers), music(validation.music(like=music.names))
    setting = choose_setting(trials((query, track), unseen, train.tracks, seed))
    return Part(kinds, scalers, music, fit_projection(query, track, setting), setting)


def fit_projection(query: FloatArray, track: FloatArray, setting: Setting) -> Projection:
    """PCA, then CCA, of scaled features; the maps act on the features themselves."""
    left, right = principal_axes(query, setting.principal), principal_axes(track, setting.principal)
    found = canonical(query @ left, track @ right, setting.ridge)
    return Projection(left @ found.query, right @ found.track, found.correlation)


def choose_setting(rounds: list[Trial]) -> Setting:
    """The setting with the best mean relative rank of the clips judged over all rounds."""
    loss = dict.fromkeys(SETTINGS, 0.0)
    for each in rounds:
        left = principal_axes(each.learn[0], max(s.principal for s in SETTINGS))
        right = principal_axes(each.learn[1], max(s.principal for s in SETTINGS))
        inputs = [values @ axes for values, axes in zip(each.learn, (left, right), strict=True)]
        judged = [values @ axes for values, axes in zip(each.judge, (left, right), strict=True)]
        for (principal, strength), settings in groupby(SETTINGS, lambda s: (s.principal, s.ridge)):
            found = canonical(inputs[0][:, :principal], inputs[1][:, :principal], strength)
            for setting in settings:
                scores = found.scores(judged[0][:, :principal], judged[1][:, :principal], setting)
                loss[setting] += len(scores) * mean_relative_rank(scores)
    return choose(SETTINGS, loss.__getitem__)


def fit_cca(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """CCA of the picture and CCA of the voice, fused late."""
    return CcaFitted(tuple(fit_part((kind,), train, validation, seed) for kind in ("picture", "voice")))


def fit_cca_early(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """One CCA of picture and voice side by side."""
    return CcaFitted((fit_part(("picture", "voice"), train, validation, seed),))


def fit_cca_picture(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """CCA of the picture alone."""
    return CcaFitted((fit_part(("picture",), train, validation, seed),))


def fit_cca_voice(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """CCA of the voice alone."""
    return CcaFitted((fit_part(("voice",), train, validation, seed),))
