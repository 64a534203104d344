"""Blanking parts of a clip: what changes, what must not, and where short clips repeat."""

from __future__ import annotations

import numpy as np
import pytest

from mrcmv.model import ModelConfig, Mrcmv
from mrcmv.model.attribution import Attribution, stretch_edges, stretch_of
from tests.model.conftest import RATE, tone


@pytest.fixture(scope="module")
def model() -> Mrcmv:
    return Mrcmv(ModelConfig.debug(), seed=3)


@pytest.fixture(scope="module")
def half_spoken() -> np.ndarray:
    """32 s: somebody speaks in the first half only."""
    return np.concatenate([tone(300, 16), np.zeros(16 * RATE, np.float32)])


@pytest.fixture(scope="module")
def found(model: Mrcmv, frames: np.ndarray, half_spoken: np.ndarray) -> Attribution:
    return model.attribute_query(frames, half_spoken, 32.0)


def test_the_whole_is_the_query_itself(
    model: Mrcmv, frames: np.ndarray, half_spoken: np.ndarray, found: Attribution
) -> None:
    query = model.embed_query(frames, half_spoken)
    assert np.abs(found.whole - query.vector).max() < 1e-4
    assert np.abs(found.picture_only - model.embed_query(frames, None).vector).max() < 1e-4
    picture, voice = found.picture_energy.sum(), found.voice_energy.sum()
    assert picture / (picture + voice) == pytest.approx(query.picture_share, abs=1e-5)


def test_shapes(found: Attribution) -> None:
    assert found.edges_s.tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 32]
    assert found.without_picture.shape == found.without_voice.shape == (8, 512)
    assert found.picture_energy.shape == found.voice_energy.shape == (8,)
    assert found.voice_only is not None


def test_silencing_silence_changes_nothing(found: Attribution) -> None:
    changed = np.abs(found.without_voice - found.whole).max(axis=1)
    assert (changed[:4] > 1e-4).all()
    assert (changed[5:] < 1e-4).all()


def test_blanking_a_still_picture_changes_nothing(model: Mrcmv, frames: np.ndarray) -> None:
    still = np.repeat(frames[:1], 64, axis=0)
    found = model.attribute_query(still, None, 32.0)
    assert np.abs(found.without_picture - found.whole).max() < 1e-3
    assert found.without_voice.shape == (0, 512)
    assert found.voice_only is None
    assert (found.voice_energy == 0).all()


def test_blanking_a_moving_picture_changes_the_query(found: Attribution) -> None:
    assert (np.abs(found.without_picture - found.whole).max(axis=1) > 1e-4).all()


def test_short_windows_repeat_and_every_repeat_is_blanked() -> None:
    edges = stretch_edges(8.0, 2.0)
    assert edges.tolist() == list(range(9))
    assert stretch_of(np.array([0.0, 0.99, 7.5, 8.0, 31.5]), edges).tolist() == [0, 0, 7, 0, 7]
    assert len(stretch_edges(1.2, 2.0)) == 3
    assert len(stretch_edges(0.1, 2.0)) == 2
    assert stretch_edges(99.0, 2.0)[-1] == 32.0


def test_a_short_clip(model: Mrcmv, frames: np.ndarray) -> None:
    found = model.attribute_query(frames, tone(300, 3), 3.0)
    assert found.edges_s[-1] == 3.0
    assert found.without_voice.shape == (6, 512)
