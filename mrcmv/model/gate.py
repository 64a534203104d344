"""The fusion gate: how much of the picture and of the voice goes on, per dimension and moment."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mrcmv.model.config import Fusion, GateKind


class GateInfo(NamedTuple):
    """What the gate did.

    Attributes
    ----------
    gate
        [B, T, d_v + d_a]: the weights.
    picture_energy, voice_energy
        [B, T]: sum over depth of |g_v * V'| and of |g_a * A'|; 0 where a modality is absent.
    """

    gate: Tensor
    picture_energy: Tensor
    voice_energy: Tensor

    def shares(self) -> Tensor:
        """[B, 2] shares of picture and voice: their energies summed over time, over the sum of both."""
        energy = torch.stack([self.picture_energy.sum(1), self.voice_energy.sum(1)], dim=1)
        return energy / energy.sum(dim=1, keepdim=True).clamp_min(1e-12)


class FusionGate(nn.Module):
    """g = act([V', A'] W + b) with depth d_v + d_a; the first d_v weigh V', the rest A'.

    The paper's activation is ReLU. ``sigmoid`` is an ablation; ``ones`` passes both untouched, which
    with the sum is the paper's plain summation.
    """

    def __init__(
        self, d_v: int, d_a: int, kind: GateKind = "relu", fusion: Fusion = "sum", bias: float = 1.0
    ) -> None:
        super().__init__()
        if fusion == "sum" and d_v != d_a:
            raise ValueError("a sum needs both modalities at one depth")
        self.d_v, self.kind, self.fusion = d_v, kind, fusion
        self.out_depth = d_v if fusion == "sum" else d_v + d_a
        self.weigh = None if kind == "ones" else nn.Linear(d_v + d_a, d_v + d_a)
        if self.weigh is not None:
            nn.init.constant_(self.weigh.bias, bias)

    def forward(self, picture: Tensor, voice: Tensor) -> tuple[Tensor, GateInfo]:
        """V' [B, T, d_v], A' [B, T, d_a] -> fused [B, T, d_v or d_v + d_a] and `GateInfo`."""
        both = torch.cat([picture, voice], dim=-1)
        if self.weigh is None:
            gate = torch.ones_like(both)
        elif self.kind == "relu":
            gate = torch.relu(self.weigh(both))
        else:
            gate = torch.sigmoid(self.weigh(both))
        seen = gate[..., : self.d_v] * picture
        heard = gate[..., self.d_v :] * voice
        fused = seen + heard if self.fusion == "sum" else torch.cat([seen, heard], dim=-1)
        return fused, GateInfo(gate, seen.abs().sum(-1), heard.abs().sum(-1))
