"""The network of the paper as one torch module: encoders, attention, fusion gate, heads.

The query (picture and voice-over) and the music go through separate branches and meet only in the
loss or in the search, so tracks are embedded before any query comes.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from mrcmv.model.attention import AttStack, sinusoidal_positions
from mrcmv.model.config import ModelConfig
from mrcmv.model.gate import FusionGate, GateInfo
from mrcmv.model.grid import to_grid
from mrcmv.model.slowfast import SlowFast
from mrcmv.model.vggish import VGGish


class Project(nn.Module):
    """The fully connected layer of one modality into the common space: [B, T, C] -> [B, T, d]."""

    def __init__(self, depth: int, config: ModelConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(depth) if config.input_norm == "layer" else nn.Identity()
        self.dropout = nn.Dropout(config.input_dropout)
        self.linear = nn.Linear(depth, config.d_model)
        self.positions = config.positions

    def forward(self, tokens: Tensor) -> Tensor:
        projected = self.linear(self.dropout(self.norm(tokens)))
        if self.positions == "none":
            return projected
        return projected + sinusoidal_positions(*projected.shape[1:]).to(projected)


class Head(nn.Module):
    """Flatten, fully connected, normalise: [B, T, C] -> [B, embedding].

    ``layernorm`` (no learned scale) puts every embedding at length sqrt(512), so that two unrelated ones
    are about 1024 apart in squared distance; ``l2`` puts it at length 1. Either way the squared distance
    is 2 |e|^2 (1 - cosine), so ranking by cosine is ranking by distance.
    """

    def __init__(self, steps: int, depth: int, config: ModelConfig) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.head_dropout)
        rank = config.head_rank
        self.linear = (
            nn.Sequential(nn.Linear(steps * depth, rank, bias=False), nn.Linear(rank, config.embedding))
            if rank
            else nn.Linear(steps * depth, config.embedding)
        )
        self.normalize = config.normalize

    def forward(self, tokens: Tensor) -> Tensor:
        vector = self.linear(self.dropout(tokens.flatten(1)))
        if self.normalize == "l2":
            return functional.normalize(vector, dim=-1)
        return functional.layer_norm(vector, vector.shape[-1:])


class MrcmvNet(nn.Module):
    """Query: (picture, voice) -> [B, 512]. Music: patches -> [B, 512].

    Shapes of the inputs (see `mrcmv.model.preprocess`): picture [B, 3, 64, S, S]; voice and music
    patches [B, 72, 1, 96, 64]; ``*_present`` [B] bool, None meaning that all are there.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        depth = config.branch_depth
        self.picture_encoder = SlowFast(config)
        self.voice_encoder = VGGish(config)
        self.music_encoder = VGGish(config)
        self.picture_project = Project(sum(config.picture_channels), config)
        self.voice_project = Project(config.vggish_out, config)
        self.music_project = Project(config.vggish_out, config)
        own, across = config.arrangement != "cross", config.arrangement != "self"
        self.picture_sa, self.picture_cma = _attention(config, own), _attention(config, across)
        self.voice_sa, self.voice_cma = _attention(config, own), _attention(config, across)
        self.music_sa = _attention(config, own)
        self.gate = FusionGate(depth, depth, config.gate, config.fusion, config.gate_bias)
        self.query_head = Head(config.grid_steps, self.gate.out_depth, config)
        self.music_head = Head(config.music_steps, config.d_model, config)
        self.batchnorm_frozen = False

    def forward(
        self,
        picture: Tensor,
        voice: Tensor | None,
        voice_present: Tensor | None = None,
        picture_present: Tensor | None = None,
    ) -> tuple[Tensor, GateInfo]:
        """-> query [B, 512] and what the gate did. ``voice=None``: nobody speaks in the whole batch."""
        voice_tokens = None if voice is None else self.encode_voice(voice, voice_present)
        return self.query_from_tokens(
            self.encode_picture(picture), voice_tokens, voice_present, picture_present
        )

    def music(self, patches: Tensor) -> Tensor:
        """[B, 72, 1, 96, 64] -> [B, 512]."""
        return self.music_from_tokens(self.encode_music(patches))

    def encode_picture(self, picture: Tensor) -> Tensor:
        """[B, 3, 64, S, S] -> [B, 8 (or 64), Cs + Cf] tokens."""
        features = self.picture_encoder(picture)
        return features.on_slow_grid() if self.config.picture_grid == "slow" else features.on_fast_grid()

    def encode_voice(self, voice: Tensor, voice_present: Tensor | None = None) -> Tensor:
        """[B, 72, 1, 96, 64] -> [B, 72, 128] tokens.

        Absent rows become zeros without passing the encoder: they cost nothing and do not disturb the
        statistics of its BatchNorm.
        """
        if voice_present is None:
            return self.voice_encoder(voice)
        tokens = voice.new_zeros(*voice.shape[:2], self.config.vggish_out)
        if voice_present.any():
            tokens[voice_present] = self.voice_encoder(voice[voice_present])
        return tokens

    def encode_music(self, patches: Tensor) -> Tensor:
        """[B, 72, 1, 96, 64] -> [B, 72, 128] tokens."""
        return self.music_encoder(patches)

    def query_from_tokens(
        self,
        picture_tokens: Tensor,
        voice_tokens: Tensor | None,
        voice_present: Tensor | None = None,
        picture_present: Tensor | None = None,
    ) -> tuple[Tensor, GateInfo]:
        """Tokens of `encode_picture` and `encode_voice` -> query [B, 512] and what the gate did.

        Where a modality is absent the other one's CMA attends to its own tokens, and the absent half
        enters the gate as zeros; whatever its tokens hold has no influence.
        """
        batch = picture_tokens.shape[0]
        if voice_tokens is None:
            voice_tokens = picture_tokens.new_zeros(batch, self.config.patches, self.config.vggish_out)
            voice_present = torch.zeros(batch, dtype=torch.bool, device=picture_tokens.device)
        picture = self.picture_project(_blank(picture_tokens, picture_present))
        voice = self.voice_project(_blank(voice_tokens, voice_present))
        seen, heard = self._attend(picture, voice, voice_present, picture_present)
        steps = self.config.grid_steps
        fused, info = self.gate(
            _blank(to_grid(seen, steps), picture_present), _blank(to_grid(heard, steps), voice_present)
        )
        return self.query_head(fused), info

    def _attend(
        self, picture: Tensor, voice: Tensor, voice_present: Tensor | None, picture_present: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Projected tokens [B, T, d] of both -> [B, T, branch_depth] each, after SA and CMA as arranged."""
        arrangement = self.config.arrangement
        own_picture, own_voice = self.picture_sa(picture), self.voice_sa(voice)
        if arrangement == "self":
            return own_picture, own_voice
        if arrangement == "sequential":  # CMA(SA(V), SA(A)) and CMA(SA(A), SA(V))
            picture, voice = own_picture, own_voice
        seen = self.picture_cma(picture, *_other_or_own(voice, picture, voice_present))
        heard = self.voice_cma(voice, *_other_or_own(picture, voice, picture_present))
        if arrangement == "parallel":  # [SA(V), CMA(V, A)] and [SA(A), CMA(A, V)] in depth
            return torch.cat([own_picture, seen], dim=-1), torch.cat([own_voice, heard], dim=-1)
        return seen, heard

    def music_from_tokens(self, tokens: Tensor) -> Tensor:
        """[B, 72, 128] -> [B, 512]; self-attention only, as nothing else is known of the query."""
        attended = self.music_sa(self.music_project(tokens))
        return self.music_head(to_grid(attended, self.config.music_steps))

    def freeze_batchnorm(self, frozen: bool = True) -> Self:
        """Let BatchNorm use its stored statistics in training too; for batches of a few clips."""
        self.batchnorm_frozen = frozen
        return self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if self.batchnorm_frozen:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self


def _attention(config: ModelConfig, used: bool) -> nn.Module:
    return AttStack(config) if used else nn.Identity()


def _blank(tokens: Tensor, present: Tensor | None) -> Tensor:
    """Zeros in the rows that are absent (a fill, so that not even NaN gets through)."""
    return tokens if present is None else tokens.masked_fill(~present[:, None, None], 0.0)


def _other_or_own(other: Tensor, own: Tensor, present: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """What CMA attends to and the mask over it: the other modality, or one's own where it is absent."""
    if present is None:
        return other, None
    rows = present[:, None]
    visible = torch.cat([rows.expand(-1, other.shape[1]), (~rows).expand(-1, own.shape[1])], dim=1)
    return torch.cat([other, own], dim=1), visible
