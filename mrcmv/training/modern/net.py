"""A thin network: one small transformer for each of picture, voice and music, gated late fusion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mrcmv.training.modern.crops import TOKENS

EMBEDDING = 512


@dataclass(frozen=True)
class Side:
    """One modality of a batch: tokens [B, 32, k], summary [B, s]."""

    tokens: Tensor
    summary: Tensor

    def rows(self, chosen: Tensor) -> Side:
        return Side(self.tokens[chosen], self.summary[chosen])

    def noisy(self, deviation: float) -> Side:
        """With normal noise, in units of the features' own spread."""
        if not deviation:
            return self
        return Side(
            self.tokens + deviation * torch.randn_like(self.tokens),
            self.summary + deviation * torch.randn_like(self.summary),
        )


class Encoder(nn.Module):
    """A side -> [B, width]: what one layer of attention makes of the seconds, beside the crop's summary."""

    def __init__(self, token: int, summary: int, width: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(token, width)
        self.place = nn.Parameter(torch.randn(TOKENS, width) * 0.02)
        self.attend = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=dropout / 2, batch_first=True, norm_first=True, activation="gelu"
        )
        self.whole = nn.Linear(summary, width)
        self.drop = nn.Dropout(dropout)
        self.join = nn.Linear(3 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, side: Side) -> Tensor:
        seconds = self.attend(self.enter(self.drop(side.tokens)) + self.place)
        parts = [seconds.mean(dim=1), seconds.std(dim=1), self.whole(self.drop(side.summary))]
        joined: Tensor = self.norm(self.join(self.drop(F.gelu(torch.cat(parts, dim=1)))))
        return joined


class ModernNet(nn.Module):
    """Queries (picture and voice) and music as unit vectors [B, 512].

    ``widths`` gives (features of a token, numbers of a summary) for picture, voice and music.
    """

    def __init__(
        self, widths: dict[str, tuple[int, int]], width: int, dropout: float, temperature: float
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(
            {kind: Encoder(*sizes, width, dropout) for kind, sizes in widths.items()}
        )
        self.leave = nn.ModuleDict({kind: nn.Linear(width, EMBEDDING, bias=False) for kind in widths})
        self.gate = nn.Linear(2 * width, 1)
        self.drop = nn.Dropout(dropout)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))

    @property
    def temperature(self) -> Tensor:
        return self.log_temperature.exp().clamp(0.02, 1.0)

    def music(self, side: Side) -> Tensor:
        return F.normalize(self._unit("music", self.encoders["music"](side)), dim=1)

    def query(
        self, picture: Side, voice: Side, seen: Tensor, heard: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(query, picture alone, voice alone, share of the picture [B]).

        ``seen`` and ``heard`` are bool [B]: what may be used; at least one of them is true.
        """
        looks, sounds = self.encoders["picture"](picture), self.encoders["voice"](voice)
        share = torch.sigmoid(self.gate(self.drop(torch.cat([looks, sounds], dim=1))))[:, 0]
        share = torch.where(heard, torch.where(seen, share, torch.zeros_like(share)), torch.ones_like(share))
        alone = [self._unit("picture", looks), self._unit("voice", sounds)]
        both = share[:, None] * alone[0] + (1 - share[:, None]) * alone[1]
        return F.normalize(both, dim=1), alone[0], alone[1], share

    def _unit(self, kind: str, vector: Tensor) -> Tensor:
        return F.normalize(self.leave[kind](self.drop(vector)), dim=1)
