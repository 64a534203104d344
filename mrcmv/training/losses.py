"""Losses that draw a query to its own music and away from that of others.

``query`` and ``music`` are [B, D] embeddings of B pairs as the network normalises them: after
LayerNorm two unrelated vectors lie about 2 D = 1024 apart (squared), after L2 about 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mrcmv.training.config import LossConfig


def margin_at(config: LossConfig, epoch: int) -> float:
    """The margin of epoch 0, 1, ...: constant, then raised step by step (section 4.1)."""
    late = epoch - config.margin_warm_epochs
    return (
        config.margin if late < 0 else config.margin + config.margin_step * (late // config.margin_every + 1)
    )


def squared_distances(query: Tensor, music: Tensor) -> Tensor:
    """[B, B] squared Euclidean distances, query i against music j."""
    return (query[:, None, :] - music[None, :, :]).pow(2).sum(dim=-1)


def triplet(
    query: Tensor, music: Tensor, negative: Tensor, margin: float, negatives: str = "mean"
) -> tuple[Tensor, Tensor]:
    """Hinge of every (pair, negative), both ways: the query against other music and back.

    Parameters
    ----------
    negative
        bool [B, B], symmetric: True where query i and music j belong apart.
    negatives
        ``mean`` over all negatives, or the ``hardest`` negative of each anchor.

    Returns
    -------
    The loss, and the fraction of hinges that are active (above zero).
    """
    distance = squared_distances(query, music)
    own = distance.diagonal()
    hinges = torch.stack([margin + own[:, None] - distance, margin + own[:, None] - distance.T])
    valid = negative.expand_as(hinges)
    count = valid.sum().clamp(min=1)
    active = ((hinges > 0) & valid).sum() / count
    if negatives == "hardest":
        worst = hinges.masked_fill(~valid, -math.inf).amax(dim=-1).clamp(min=0)
        return worst.mean(), active
    return (hinges.clamp(min=0) * valid).sum() / count, active


def infonce(query: Tensor, music: Tensor, same_track: Tensor, temperature: Tensor | float) -> Tensor:
    """Symmetric cross entropy over cosine similarities; other clips with the same track are no negatives."""
    logits = F.normalize(query, dim=-1) @ F.normalize(music, dim=-1).T / temperature
    other = same_track & ~torch.eye(len(query), dtype=torch.bool, device=query.device)
    logits = logits.masked_fill(other, -math.inf)
    own = torch.arange(len(query), device=query.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


class LossParts(NamedTuple):
    """The loss to minimise and what is worth a line in the log."""

    total: Tensor
    log: dict[str, float]


class PairLoss(nn.Module):
    """The whole loss with what it learns: classifiers of pseudo labels, a temperature, read-outs.

    Parameters
    ----------
    labels
        Number of pseudo labels in the training set.
    dimension
        Of the embeddings.
    descriptors
        Number of music descriptors for the auxiliary task (0 for none).
    """

    def __init__(self, config: LossConfig, labels: int, dimension: int, descriptors: int = 0) -> None:
        super().__init__()
        self.config = config
        # The paper's "two learnable matrices", one for each side; a pair shares its label.
        self.query_labels = nn.Linear(dimension, labels, bias=False)
        self.music_labels = nn.Linear(dimension, labels, bias=False)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(config.temperature)))
        self.query_describes = nn.Linear(dimension, descriptors) if descriptors else None
        self.music_describes = nn.Linear(dimension, descriptors) if descriptors else None

    def forward(
        self,
        query: Tensor,
        music: Tensor,
        labels: Tensor,
        tracks: Tensor,
        epoch: int,
        described: Tensor | None = None,
    ) -> LossParts:
        """``labels`` and ``tracks`` are int64 [B]; ``described`` is [B, descriptors], standardised."""
        config = self.config
        log: dict[str, float] = {}
        same_track = tracks[:, None] == tracks[None, :]
        margin = margin_at(config, epoch)
        apart = (labels[:, None] != labels[None, :]) & ~same_track
        if config.kind == "triplet":
            total, active = triplet(query, music, apart, margin, config.negatives)
            log |= {"margin": margin, "active": active.item()}
        else:
            temperature = self.log_temperature.exp().clamp(0.01, 1.0)
            total = infonce(query, music, same_track, temperature)
            log |= {"temperature": temperature.item()}
        log["match"] = total.item()
        if config.pseudo_weight:
            named = F.cross_entropy(self.query_labels(query), labels)
            named = named + F.cross_entropy(self.music_labels(music), labels)
            total = total + config.pseudo_weight * named
            log["pseudo"] = named.item()
        if config.describe_weight and described is not None and self.query_describes is not None:
            assert self.music_describes is not None
            told = F.mse_loss(self.query_describes(query), described)
            told = told + F.mse_loss(self.music_describes(music), described)
            total = total + config.describe_weight * told
            log["describe"] = told.item()
        log["loss"] = total.item()
        return LossParts(total, log)
