"""One general attention module of two arguments: SA = Att(X, X), CMA = Att(X, Y).

The encoder sub-layer of Vaswani et al., *Attention is all you need* (2017), post-norm.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mrcmv.model.config import ModelConfig


class Att(nn.Module):
    """Multi-head attention of X over Y, residual, LayerNorm, feed-forward, residual, LayerNorm."""

    def __init__(self, depth: int, heads: int, ffn_ratio: float = 4.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(depth, depth)
        # A bias on the keys moves all scores of a query alike and so changes nothing.
        self.key = nn.Linear(depth, depth, bias=False)
        self.value = nn.Linear(depth, depth)
        self.out = nn.Linear(depth, depth)
        hidden = round(depth * ffn_ratio)
        self.feed_forward = nn.Sequential(
            nn.Linear(depth, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, depth)
        )
        self.norm_attention = nn.LayerNorm(depth)
        self.norm_feed_forward = nn.LayerNorm(depth)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, y: Tensor, visible: Tensor | None = None) -> Tensor:
        """X [B, T, d], Y [B, S, d] -> [B, T, d].

        ``visible`` [B, S] bool: which steps of Y may be attended to (at least one per row); None: all.
        """
        x = self.norm_attention(x + self.dropout(self._attend(x, y, visible)))
        return self.norm_feed_forward(x + self.dropout(self.feed_forward(x)))

    def _attend(self, x: Tensor, y: Tensor, visible: Tensor | None) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query(x), self.key(y), self.value(y))
        )
        mask = None if visible is None else visible[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.out(mixed.transpose(1, 2).flatten(2))


class AttStack(nn.Module):
    """``layers`` modules in a row. Without Y each attends to its own input (SA), else to Y (CMA)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Att(config.d_model, config.heads, config.ffn_ratio, config.attention_dropout)
            for _ in range(config.layers)
        )

    def forward(self, x: Tensor, y: Tensor | None = None, visible: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, x if y is None else y, visible)
        return x


def sinusoidal_positions(steps: int, depth: int, end: float = 32.0) -> Tensor:
    """[steps, depth] sines and cosines of the middle of each step.

    All modalities count in seconds of the same 32 s window, so that a picture token and the voice
    tokens of the same moment carry like positions although their numbers of steps differ.
    """
    time = (torch.arange(steps, dtype=torch.float32) + 0.5) * (end / steps)
    pair = torch.arange((depth + 1) // 2, dtype=torch.float32)
    angle = time[:, None] * torch.exp(pair * (-2.0 / depth) * math.log(100.0))  # periods 2 pi to 200 pi s
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :depth]
