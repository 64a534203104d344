"""With the real weights, which the first test fetches once through pip."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.musicnn_reference import example_sound
from mrcmv.media import UserError
from mrcmv.tagging import FEATURES, Tagger


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load("MTT")


def test_tags_fit_what_is_heard(tagger: Tagger) -> None:
    parts = [tagger.tags(part) for part in np.split(example_sound(), 3)]
    for tag, place in {"slow": 0, "soft": 0, "drums": 1, "beat": 1, "synth": 2, "techno": 2}.items():
        assert np.argmax([part[tag] for part in parts]) == place, tag
    assert next(iter(parts[2])) == "electronic"


def test_an_embedding_is_the_mean_of_its_windows(tagger: Tagger) -> None:
    sound = example_sound()
    rows = tagger.embed(sound)
    assert rows.shape == (3, FEATURES)
    np.testing.assert_allclose(tagger.mean_embedding(sound), rows.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(
        tagger.both(sound)[0].mean(axis=0).max(), max(tagger.tags(sound).values()), atol=1e-6
    )
    # a window on its own is heard almost as within the sound: only the edges differ
    alone = tagger.embed(sound[: len(sound) // 3])
    assert np.corrcoef(alone[0], rows[0])[0, 1] > 0.99


def test_what_cannot_be_tagged_is_said(tagger: Tagger) -> None:
    with pytest.raises(UserError, match="empty"):
        tagger.tags(np.zeros(0, np.float32))
    with pytest.raises(ValueError, match="mono"):
        tagger.tags(np.zeros((100, 2), np.float32))
    with pytest.raises(UserError, match="choose one of MTT, MSD"):
        Tagger.load("AudioSet")
