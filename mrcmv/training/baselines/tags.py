"""Matching by words for music, and a random track under a style that fits.

Sources: emotion-tag matching as in Lin et al. 2016 and Shah et al. (the paper's references 3 and 4):
tell the query's mood words, rank tracks by how like their words are. And what the editors of the paper's
Table 3 did: choose the style, then take any track of that style.

Words of tracks are those of musicnn (Pons & Serra 2019, trained on MagnaTagATune), as `mrcmv.tagging`
computes them; of its 50 those that tell mood, tempo and style, none that tells of singers. What words
suit a query is learned by ridge regression from hand-crafted picture and voice features to the words
of the true tracks of training clips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.baselines.cca import stack
from mrcmv.training.baselines.clipset import MUSIC_OF, ClipSet, Fitted, Pool, Table
from mrcmv.training.baselines.linear import FloatArray, Scaler, choose, ridge, trials, unit

WORDS = (
    "slow",
    "fast",
    "soft",
    "quiet",
    "loud",
    "ambient",
    "techno",
    "strings",
    "classical",
    "electronic",
    "rock",
    "drums",
    "beat",
    "beats",
    "synth",
    "dance",
    "metal",
    "piano",
    "guitar",
    "weird",
    "harp",
    "flute",
)
KINDS = ("picture", "voice")
STRENGTHS = (0.3, 1.0, 3.0, 10.0)
FITTING = 1 / 3
"""A track has a style when it is among this share of the training tracks for that word."""


def words(clips: ClipSet, pool: Pool = "clean") -> Table:
    """Log-odds of `WORDS` for every track, float32 [n, words]."""
    table = clips.table(f"tags {MUSIC_OF[pool]}", WORDS)
    likely = np.clip(table.values, 1e-4, 1 - 1e-4)
    return Table(table.names, np.log(likely / (1 - likely)))


@dataclass(frozen=True)
class WordTeller:
    """What words suit a query: ridge regression to the words' standard scores [n, words]."""

    scalers: tuple[Scaler, ...]
    words: Scaler
    weights: FloatArray
    offset: FloatArray

    def told(self, clips: ClipSet) -> FloatArray:
        """Told from picture and voice, [n, words]."""
        return np.asarray(stack(clips, KINDS, self.scalers) @ self.weights + self.offset)

    def of_tracks(self, clips: ClipSet, pool: Pool) -> FloatArray:
        """Of the tracks themselves, [n, words]."""
        return self.words(_like(words(clips, pool), self.words.names))


def fit_teller(train: ClipSet, validation: ClipSet, seed: int) -> WordTeller:
    """Learn from the training clips; folds and the validation clips choose the ridge by squared error."""
    scaler = Scaler.fit(words(train))
    scalers = tuple(Scaler.fit(train.table(kind)) for kind in KINDS)

    def both(clips: ClipSet) -> tuple[FloatArray, FloatArray]:
        return stack(clips, KINDS, scalers), scaler(_like(words(clips), scaler.names))

    query, track = both(train)
    rounds = trials((query, track), both(validation), train.tracks, seed)

    def loss(strength: float) -> float:
        total = 0.0
        for each in rounds:
            weights, offset = ridge(*each.learn, strength)
            total += float(np.square(each.judge[0] @ weights + offset - each.judge[1]).sum())
        return total

    return WordTeller(scalers, scaler, *ridge(query, track, choose(STRENGTHS, loss)))


@dataclass(frozen=True)
class TagsFitted:
    """Ranks tracks by the cosine of their words and the words that suit the query."""

    teller: WordTeller

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        return (unit(self.teller.told(test)) @ unit(self.teller.of_tracks(test, pool)).T).astype(np.float32)


@dataclass(frozen=True)
class RandomFitted:
    """1 for tracks of the style told, 0 for others, and chance decides among equals.

    ``edges`` [words]: how much of a word a track needs to have that style.
    """

    teller: WordTeller
    edges: FloatArray
    seed: int

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        style = self.teller.told(test).argmax(axis=1)
        fits = self.teller.of_tracks(test, pool) >= self.edges
        chance = np.random.default_rng([self.seed, 76]).uniform(0, 0.5, (len(test), len(test)))
        return (fits[:, style].T + chance).astype(np.float32)


def fit_tags(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """Emotion-tag matching."""
    return TagsFitted(fit_teller(train, validation, seed))


def fit_random_tags(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """A random track of the style that suits the query best."""
    teller = fit_teller(train, validation, seed)
    edges = np.quantile(teller.of_tracks(train, "clean"), 1 - FITTING, axis=0)
    return RandomFitted(teller, edges, seed)


def _like(table: Table, names: tuple[str, ...]) -> Table:
    """The named columns of a table."""
    return Table(names, table.values[:, [table.names.index(name) for name in names]])
