"""`benchmarks.musicnn_reference --write` kept what TensorFlow says about the same sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.musicnn_reference import example_sound
from mrcmv.tagging import NAMES, Tagger

ORIGINAL = json.loads((Path(__file__).parent / "original.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_tags_are_those_of_the_original(name: str) -> None:
    ours = Tagger.load(name).tag_matrix(example_sound())
    np.testing.assert_allclose(ours, np.asarray(ORIGINAL[name]), atol=1e-4)
