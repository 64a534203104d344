"""Training on pairs, a clip and its own music: first the heads on cached tokens, then everything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mrcmv.model import MrcmvNet
from mrcmv.model.preprocess import Recipe
from mrcmv.training.batches import Clips, collate, inputs, random_start
from mrcmv.training.config import AugmentConfig, StageConfig, TrainConfig
from mrcmv.training.judge import LEAST_JUDGED, judge
from mrcmv.training.losses import PairLoss
from mrcmv.training.precision import lower_precision
from mrcmv.training.runner import Averager, Stage, optimizer_for
from mrcmv.training.tokens import TokenBank, make_bank, voice_tokens
from mrcmv.training.truth import Truth

LARGEST_GRADIENT = 5.0
"""Norm to which gradients are clipped: the first steps of a fresh head are steep."""


def pair_loss(config: TrainConfig, net: MrcmvNet, truth: Truth) -> PairLoss:
    """The loss with fresh classifiers, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return PairLoss(config.loss, truth.labels.count, net.config.embedding, truth.described.shape[1])


def heads_of(net: MrcmvNet) -> nn.ModuleDict:
    """Everything of the network but its encoders."""
    return nn.ModuleDict({name: part for name, part in net.named_children() if not name.endswith("_encoder")})


def drop_modalities(
    present: Tensor, random: np.random.Generator, augment: AugmentConfig
) -> tuple[Tensor, Tensor]:
    """(voice present, picture present), bool [B]: one of both taken away now and then, never both."""
    draw = torch.from_numpy(random.random(len(present)))
    voice = present & (draw >= augment.voice_drop)
    picture = ~(voice & (draw >= 1 - augment.picture_drop))
    return voice, picture


def batches_of(count: int, size: int, random: np.random.Generator) -> Iterator[list[int]]:
    """A random order of 0 .. count - 1 in even batches of at most about ``size``; none of one item."""
    order = random.permutation(count)
    for part in np.array_split(order, max(1, round(count / size))):
        yield part.tolist()


def mean_log(logs: list[dict[str, float]]) -> dict[str, float]:
    """Mean of every entry over the steps of an epoch."""
    return {name: round(float(np.mean([log[name] for log in logs])), 5) for name in logs[0]} if logs else {}


class PairStage(ABC):
    """What both stages share: the loss, the optimiser, the moving average, the step."""

    name: str
    judged: int

    def __init__(
        self,
        net: MrcmvNet,
        config: TrainConfig,
        plan: StageConfig,
        truth: Truth,
        module: nn.Module,
        loss: PairLoss,
    ) -> None:
        self.net, self.config, self.plan, self.truth, self.loss = net, config, plan, truth, loss
        self.module = nn.ModuleDict({"net": module, "loss": loss})
        self.optimizer = optimizer_for(self.module, plan)
        self.averager = Averager(self.module, plan.average) if plan.average else None

    def stage(self) -> Stage:
        """For `mrcmv.training.runner.run_stage`."""
        return Stage(
            name=self.name,
            epochs=self.plan.epochs,
            module=self.module,
            optimizer=self.optimizer,
            epoch=self.epoch,
            score=self.score,
            keep=self.plan.keep if self.judged >= LEAST_JUDGED else "last",
            averager=self.averager,
            judge_start=True,
        )

    @abstractmethod
    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        """(queries [B, 512], music [B, 512], starts of the crops in seconds) of random crops."""

    @abstractmethod
    def score(self) -> tuple[float, dict[str, float]]:
        """Judge the network as it is on validation clips."""

    def epoch(self, index: int, random: np.random.Generator) -> dict[str, float]:
        """One pass over the training clips, a random crop of each."""
        self.net.train()
        logs = []
        for chosen in batches_of(len(self.truth.videos), self.plan.batch, random):
            query, music, starts = self.embed(chosen, random)
            rows = torch.as_tensor(chosen)
            labels = self.truth.label(chosen, starts)
            described = self.truth.described[rows]
            parts = self.loss(query, music, labels, self.truth.tracks[rows], index, described)
            self.optimizer.zero_grad(set_to_none=True)
            parts.total.backward()
            nn.utils.clip_grad_norm_(self.module.parameters(), LARGEST_GRADIENT)
            self.optimizer.step()
            if self.averager is not None:
                self.averager.update()
            logs.append(parts.log)
        return mean_log(logs)


class HeadStage(PairStage):
    """Heads on cached tokens; the encoders stay as they are."""

    name = "heads"

    def __init__(
        self, net: MrcmvNet, config: TrainConfig, bank: TokenBank, truth: Truth, validation: TokenBank
    ) -> None:
        super().__init__(net, config, config.heads, truth, heads_of(net), pair_loss(config, net, truth))
        self.bank, self.validation, self.judged = bank, validation, len(validation)
        heard = bank.voice[bank.voice_present] if bank.voice_present.any() else bank.voice.flatten(0, 1)
        self.spread = {
            "picture": bank.picture.std(dim=(0, 1, 2)),
            "voice": heard.std(dim=(0, 1)),
            "music": bank.music.std(dim=(0, 1, 2)),
        }

    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        rows = self.bank.rows(chosen, random.integers(self.bank.crops, size=len(chosen)).tolist())
        voice, picture = drop_modalities(rows.voice_present, random, self.config.augment)
        query, _ = self.net.query_from_tokens(
            self._noisy(rows.picture, "picture"), self._noisy(rows.voice, "voice"), voice, picture
        )
        return query, self.net.music_from_tokens(self._noisy(rows.music, "music")), rows.starts.tolist()

    def _noisy(self, tokens: Tensor, kind: str) -> Tensor:
        noise = self.config.augment.token_noise
        return tokens + torch.randn_like(tokens) * self.spread[kind] * noise if noise else tokens

    def score(self) -> tuple[float, dict[str, float]]:
        return judge(self.net, self.validation)


class EndToEndStage(PairStage):
    """All weights on random crops; BatchNorm keeps its statistics, as batches are a few clips."""

    name = "finetune"

    def __init__(
        self,
        net: MrcmvNet,
        config: TrainConfig,
        train: Clips,
        truth: Truth,
        validation: Clips,
        loss: PairLoss,
    ) -> None:
        super().__init__(net, config, config.finetune, truth, net, loss)
        net.freeze_batchnorm()
        self.train, self.validation, self.judged = train, validation, len(validation)
        self.recipe = Recipe(net.config)

    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        rows: list[Any] = []
        starts = []
        for index in chosen:
            clip = self.train.load(index)
            starts.append(random_start(clip, random))
            rows.append(inputs(clip.crop(starts[-1]), self.recipe, random, self.config.augment))
        batch = collate(rows, self.recipe)
        heard, seen = drop_modalities(batch.voice_present, random, self.config.augment)
        with lower_precision(self.config.precision):
            picture = self.net.encode_picture(batch.picture)
            voice = voice_tokens(self.net, batch.voice, heard)
            music = self.net.encode_music(batch.music)
        query, _ = self.net.query_from_tokens(picture.float(), voice, heard, seen)
        return query, self.net.music_from_tokens(music.float()), starts

    def score(self) -> tuple[float, dict[str, float]]:
        if self.judged < LEAST_JUDGED:
            return 0.0, {}
        bank = make_bank(self.net, self.validation, 1, self.config.seed, None, self.config.precision)
        return judge(self.net, bank)
