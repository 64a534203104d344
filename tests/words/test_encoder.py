"""The sentence encoder against its makers' own, and what happens without its weights."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mrcmv.words import NoEncoder, SentenceEncoder
from mrcmv.words.encoder import PACKAGE

TEXTS = ["slow sad piano", "8-bit chiptune with drums!", "", "没有鼓 Café", "calm " * 400]

MAKERS = Path(__file__).with_name("makers.npy")
"""What sentence-transformers gives for `TEXTS`: ``python -m tests.words.test_encoder`` writes it."""


def test_vectors_are_those_of_the_makers_own_code(encoder: SentenceEncoder) -> None:
    assert np.abs(encoder.encode(TEXTS) - np.load(MAKERS)).max() < 1e-5


def test_vectors_have_length_one_and_do_not_depend_on_company(encoder: SentenceEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert together.shape == (5, 384)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.abs(together[0] - encoder.encode(TEXTS[:1])[0]).max() < 1e-5
    assert encoder.encode([]).shape == (0, 384)


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(NoEncoder, match="pip install"):
        SentenceEncoder(tmp_path)


def test_neither_transformers_nor_sentence_transformers_is_imported() -> None:
    code = (
        "import sys; from mrcmv.words import SentenceEncoder; SentenceEncoder.load().encode(['a']);"
        "sys.exit('transformers' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def write_makers() -> None:
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    assert found.submodule_search_locations
    from sentence_transformers import SentenceTransformer

    makers = SentenceTransformer(f"{found.submodule_search_locations[0]}/model", device="cpu")
    np.save(MAKERS, makers.encode(TEXTS, normalize_embeddings=True))


if __name__ == "__main__":
    write_makers()
