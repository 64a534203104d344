"""Bringing tokens of one modality to another number of time steps."""

from __future__ import annotations

import torch
from torch import Tensor


def to_grid(tokens: Tensor, steps: int) -> Tensor:
    """[B, T, C] -> [B, steps, C]: the mean over each new step's share of the old time line.

    Fewer steps average, more steps repeat; both keep the mean over time when no step is torn.
    """
    old = tokens.shape[1]
    if old == steps:
        return tokens
    if old % steps == 0:
        return tokens.unflatten(1, (steps, old // steps)).mean(dim=2)
    if steps % old == 0:
        return tokens.repeat_interleave(steps // old, dim=1)
    return _overlap(old, steps).to(tokens) @ tokens


def _overlap(old: int, new: int) -> Tensor:
    """[new, old] weights: how much of each new step's time lies in each old step; rows sum to 1."""
    start = torch.arange(new).unsqueeze(1) * old / new
    left = torch.arange(old).unsqueeze(0)
    shared = torch.minimum(start + old / new, left + 1) - torch.maximum(start, left)
    return shared.clamp_min(0) * new / old
