"""Tokens of several crops of every clip, computed once by fixed encoders: heads then train in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from mrcmv.media import Progress
from mrcmv.model import MrcmvNet
from mrcmv.model.preprocess import Recipe
from mrcmv.training.batches import Clips, collate, inputs, random_start
from mrcmv.training.config import AugmentConfig
from mrcmv.training.parallel import Team, device_of, move
from mrcmv.training.precision import lower_precision


@dataclass(frozen=True)
class TokenBank:
    """Tokens of n clips, K crops each; crop 0 is the first 32 s without augmentation, as in the test.

    picture [n, K, 8, C]; voice and music [n, K, 72, 128]; voice_present bool [n, K];
    starts float [n, K] in seconds.
    """

    picture: Tensor
    voice: Tensor
    voice_present: Tensor
    music: Tensor
    starts: Tensor

    def __len__(self) -> int:
        return len(self.picture)

    @property
    def crops(self) -> int:
        return self.picture.shape[1]

    def rows(self, clips: Sequence[int], crops: Sequence[int]) -> TokenBank:
        """One crop each of the clips named, as a bank with K = 1 taken away: [len(clips), ...]."""
        index = (
            torch.as_tensor(np.asarray(clips, dtype=np.int64), device=self.picture.device),
            torch.as_tensor(np.asarray(crops, dtype=np.int64), device=self.picture.device),
        )
        return TokenBank(*(getattr(self, field.name)[index] for field in fields(self)))

    def part(self, clips: Sequence[int]) -> TokenBank:
        """All crops of the clips named."""
        index = torch.as_tensor(np.asarray(clips, dtype=np.int64), device=self.picture.device)
        return TokenBank(*(getattr(self, field.name)[index] for field in fields(self)))

    def to(self, device: torch.device) -> TokenBank:
        return move(self, device)

    def state(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def make_bank(
    net: MrcmvNet,
    clips: Clips,
    crops: int,
    seed: int,
    augment: AugmentConfig | None,
    precision: str = "float32",
    progress: Progress | None = None,
    team: Team | None = None,
) -> TokenBank:
    """Encode ``crops`` crops of every clip; all but the first are random and augmented.

    Every process of a ``team`` encodes its share of the clips. The bank lies in ordinary memory.
    """
    team = team or Team()
    recipe = Recipe(net.config)
    net.eval()
    device = device_of(net)
    mine = range(len(clips))[team.share(len(clips))]
    columns: dict[str, list[Tensor]] = {field.name: [] for field in fields(TokenBank)}
    for index in mine:
        random = np.random.default_rng([seed, 77, index])
        clip = clips.load(index)
        starts = [0.0, *(random_start(clip, random) for _ in range(crops - 1))]
        made = [inputs(clip.crop(starts[0]), recipe)]
        made += [inputs(clip.crop(start), recipe, random, augment) for start in starts[1:]]
        batch = move(collate(made, recipe), device)
        with torch.inference_mode(), lower_precision(precision, device.type):
            columns["picture"].append(net.encode_picture(batch.picture).float().cpu())
            columns["voice"].append(voice_tokens(net, batch.voice, batch.voice_present).cpu())
            columns["music"].append(net.encode_music(batch.music).float().cpu())
        columns["voice_present"].append(batch.voice_present.cpu())
        columns["starts"].append(torch.tensor(starts))
        if progress is not None:
            progress((index + 1 - mine.start) / len(mine))
    # a clone outside of inference mode, so that training may use the tokens
    return TokenBank(**{name: torch.stack(team.collect(values)).clone() for name, values in columns.items()})


def voice_tokens(net: MrcmvNet, voice: Tensor, present: Tensor) -> Tensor:
    """Patches [B, 72, 1, 96, 64] -> float32 tokens [B, 72, 128], zeros where nobody speaks."""
    tokens = torch.zeros(*voice.shape[:2], net.config.vggish_out, device=voice.device)
    if present.any():
        tokens[present] = net.encode_voice(voice[present]).float()
    return tokens
