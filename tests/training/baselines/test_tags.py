"""Words of tracks, and a random track of the style."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mrcmv.training.baselines import BASELINES
from mrcmv.training.baselines.tags import WORDS
from mrcmv.training.metrics import ranks

from .synthetic import Given, linear_pairs


def worded(folder: Path, count: int, seed: int) -> Given:
    """Pairs whose music has words: log-odds that follow the music's columns; and a word about singers."""
    clips = linear_pairs(folder, count, seed)
    odds = clips.tables["music"] @ np.random.default_rng(98).standard_normal((15, len(WORDS) + 1)) / 4
    likely = 1 / (1 + np.exp(-odds))
    names = [*WORDS, "female vocal"]
    clips.tables.update({"tags music": likely, "tags rest": likely[:, ::-1].copy()})
    return Given(folder, clips.tables, names={"tags music": names, "tags rest": names})


def sets(folder: Path) -> tuple[Given, Given, Given]:
    return (
        worded(folder / "train", 120, 1),
        worded(folder / "validation", 20, 2),
        worded(folder / "test", 60, 3),
    )


def test_words_find_their_music(tmp_path: Path) -> None:
    train, validation, test = sets(tmp_path)
    assert np.median(ranks(BASELINES["tags"](train, validation, seed=0).similarity(test))) <= 5


def test_random_under_style_is_the_same_by_seed_and_better_than_chance(tmp_path: Path) -> None:
    train, validation, test = sets(tmp_path)
    found = [BASELINES["random-tags"](train, validation, seed=seed).similarity(test) for seed in (4, 4, 5)]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    # the style itself does not depend on the seed: 1 above the noise or 0
    assert np.array_equal(found[0] >= 1, found[2] >= 1)
    assert 0.1 < (found[0] >= 1).mean() < 0.6
    assert ranks(found[0]).mean() < 24  # by chance 30.5
    assert len(np.unique(found[0])) > 3000  # no ties


def test_words_of_a_separated_pool_are_its_own(tmp_path: Path) -> None:
    train, validation, test = sets(tmp_path)
    fitted = BASELINES["tags"](train, validation, seed=0)
    assert not np.array_equal(fitted.similarity(test), fitted.similarity(test, "separated"))
