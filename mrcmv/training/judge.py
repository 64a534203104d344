"""Embedding clips from cached tokens, and how well they find their music."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mrcmv.model import MrcmvNet
from mrcmv.training.metrics import ranks, summary
from mrcmv.training.parallel import device_of
from mrcmv.training.tokens import TokenBank

LEAST_JUDGED = 2
"""Fewer validation clips say nothing: the last epoch is kept then."""
Use = Literal["both", "picture", "voice"]


def embed_bank(net: MrcmvNet, bank: TokenBank, use: Use = "both") -> tuple[Tensor, Tensor, Tensor]:
    """(queries [n, 512], music [n, 512], gate shares [n, 2]) of every clip's first crop.

    ``use``: ``both``, ``picture`` (the voice taken away) or ``voice`` (the picture taken away).
    """
    net.eval()
    device = device_of(net)
    first = bank.rows(range(len(bank)), [0] * len(bank)).to(device)
    nobody = torch.zeros(len(bank), dtype=torch.bool, device=device)
    with torch.inference_mode():
        query, gate = net.query_from_tokens(
            first.picture,
            first.voice,
            nobody if use == "picture" else first.voice_present,
            nobody if use == "voice" else None,
        )
        return query, net.music_from_tokens(first.music), gate.shares()


def cosine(query: Tensor, music: Tensor) -> NDArray[np.float32]:
    """[n, m] cosine similarities of [n, D] and [m, D]."""
    unit = functional.normalize(query.float(), dim=-1) @ functional.normalize(music.float(), dim=-1).T
    similarity: NDArray[np.float32] = unit.cpu().numpy()
    return similarity


def judge(net: MrcmvNet, bank: TokenBank) -> tuple[float, dict[str, float]]:
    """Score on validation clips: 1 when every pair comes first, 0.5 at chance, both directions.

    The mean relative rank is far less noisy on a few dozen clips than any R@K.
    """
    if len(bank) < LEAST_JUDGED:
        return 0.0, {}
    query, music, shares = embed_bank(net, bank)
    similarity = cosine(query, music)
    found = ranks(similarity)
    both = np.concatenate([found, ranks(similarity.T)])
    score = 1.0 - float((both - 1).mean()) / (len(found) - 1)
    said = {f"validation_{name}": value for name, value in summary(found, len(found)).items()}
    picture, voice = (shares[:, place].mean().item() for place in range(2))
    return score, said | {"picture_share": picture, "voice_share": voice}
