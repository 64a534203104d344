"""Training on pairs, a clip and its own music: first the heads on cached tokens, then everything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mrcmv.media import UserError
from mrcmv.model import MrcmvNet
from mrcmv.model.preprocess import Recipe
from mrcmv.training.batches import Clips, changed_inputs, collate, draw_changes, random_start
from mrcmv.training.config import AugmentConfig, StageConfig, TrainConfig
from mrcmv.training.judge import LEAST_JUDGED, judge
from mrcmv.training.losses import PairLoss
from mrcmv.training.parallel import Team, device_of, move
from mrcmv.training.precision import lower_precision, scaler_for
from mrcmv.training.prepared import Prepared
from mrcmv.training.runner import Averager, Stage, converged, descend, optimizer_for
from mrcmv.training.tokens import TokenBank, make_bank, voice_tokens
from mrcmv.training.truth import Truth


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
    draw = move(torch.from_numpy(random.random(len(present))), present.device)
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
        team: Team | None = None,
    ) -> None:
        self.net, self.config, self.plan, self.truth = net, config, plan, truth
        self.team, self.device = team or Team(), device_of(net)
        self.loss = loss.to(self.device)
        self.module = nn.ModuleDict({"net": module, "loss": self.loss})
        self.optimizer = optimizer_for(self.module, plan)
        self.averager = Averager(self.module, plan.average) if plan.average else None
        self.scaler = scaler_for(config.precision, self.device.type)

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
            over=self.over,
            scaler=self.scaler,
        )

    def over(self, history: list[dict[str, Any]]) -> bool:
        """Whether the loss has converged: by our reading, when it falls no more, counted in margins,
        while the margin is being raised."""
        if not self.plan.patience:
            return False
        loss = self.config.loss
        first = loss.margin_warm_epochs if loss.kind == "triplet" else 0
        done = [row for row in history if row["epoch"] >= 0]
        losses = [row["match"] / row.get("margin", 1.0) for row in done]
        return len(done) >= first + self.plan.patience and converged(losses, self.plan.patience)

    @abstractmethod
    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        """(queries [b, 512], music [b, 512], starts of the crops in seconds [B]) of random crops.

        Random numbers are drawn for all B clips; embedded are the b of this process's share.
        """

    @abstractmethod
    def score(self) -> tuple[float, dict[str, float]]:
        """Judge the network as it is on validation clips."""

    def epoch(self, index: int, random: np.random.Generator) -> dict[str, float]:
        """One pass over the training clips, a random crop of each."""
        self.net.train()
        logs = []
        for chosen in batches_of(len(self.truth.videos), self.plan.batch, random):
            if len(chosen) < self.team.size:
                raise UserError(f"A batch of {len(chosen)} is too small for {self.team.size} processes.")
            query, music, starts = self.embed(chosen, random)
            query, music = (self.team.gather(own, len(chosen)) for own in (query, music))
            rows = torch.as_tensor(chosen)
            labels, tracks, described = (
                move(known, self.device)
                for known in (
                    self.truth.label(chosen, starts),
                    self.truth.tracks[rows],
                    self.truth.described[rows],
                )
            )
            parts = self.loss(query, music, labels, tracks, index, described)
            descend(parts.total, self.module, self.optimizer, self.scaler, self._meet)
            if self.averager is not None:
                self.averager.update()
            logs.append(parts.log)
        return mean_log(logs)

    def _meet(self) -> None:
        self.team.sum_gradients(self.module, whole=self.loss)


class HeadStage(PairStage):
    """Heads on cached tokens; the encoders stay as they are."""

    name = "heads"

    def __init__(
        self,
        net: MrcmvNet,
        config: TrainConfig,
        bank: TokenBank,
        truth: Truth,
        validation: TokenBank,
        team: Team | None = None,
    ) -> None:
        loss = pair_loss(config, net, truth)
        super().__init__(net, config, config.heads, truth, heads_of(net), loss, team)
        self.validation, self.judged = validation, len(validation)
        heard = bank.voice[bank.voice_present] if bank.voice_present.any() else bank.voice.flatten(0, 1)
        spread = {
            "picture": bank.picture.std(dim=(0, 1, 2)),
            "voice": heard.std(dim=(0, 1)),
            "music": bank.music.std(dim=(0, 1, 2)),
        }
        self.spread = {kind: move(value, self.device) for kind, value in spread.items()}
        self.starts, self.bank = bank.starts, move(bank, self.device)

    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        crops = random.integers(self.bank.crops, size=len(chosen)).tolist()
        rows = self.bank.rows(chosen, crops)
        voice, picture = drop_modalities(rows.voice_present, random, self.config.augment)
        mine = self.team.share(len(chosen))
        query, _ = self.net.query_from_tokens(
            self._noisy(rows.picture[mine], "picture"),
            self._noisy(rows.voice[mine], "voice"),
            voice[mine],
            picture[mine],
        )
        music = self.net.music_from_tokens(self._noisy(rows.music[mine], "music"))
        return query, music, self.starts[chosen, crops].tolist()

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
        team: Team | None = None,
    ) -> None:
        super().__init__(net, config, config.finetune, truth, net, loss, team)
        net.freeze_batchnorm()
        self.train, self.validation, self.judged = train, validation, len(validation)
        self.recipe = Recipe(net.config)
        self._outlines: dict[int, Prepared] = {}

    def embed(self, chosen: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, list[float]]:
        mine = self.team.share(len(chosen))
        rows: list[Any] = []
        starts, present = [], []
        for place, index in enumerate(chosen):
            own = mine.start <= place < mine.stop
            clip = self.train.load(index) if own else self._outline(index)
            starts.append(random_start(clip, random))
            crop = clip.crop(starts[-1])
            changes = draw_changes(crop, random, self.config.augment)
            present.append(crop.voice is not None)
            if own:
                rows.append(changed_inputs(crop, self.recipe, changes))
        heard, seen = (
            move(kept[mine], self.device)
            for kept in drop_modalities(torch.tensor(present), random, self.config.augment)
        )
        batch = move(collate(rows, self.recipe), self.device)
        with lower_precision(self.config.precision, self.device.type):
            picture = self.net.encode_picture(batch.picture)
            voice = voice_tokens(self.net, batch.voice, heard)
            music = self.net.encode_music(batch.music)
        query, _ = self.net.query_from_tokens(picture.float(), voice, heard, seen)
        return query, self.net.music_from_tokens(music.float()), starts

    def _outline(self, index: int) -> Prepared:
        """Of a clip in another process's share; kept, as every epoch asks again."""
        if index not in self._outlines:
            self._outlines[index] = self.train.outline(index)
        return self._outlines[index]

    def score(self) -> tuple[float, dict[str, float]]:
        if self.judged < LEAST_JUDGED:
            return 0.0, {}
        bank = make_bank(
            self.net, self.validation, 1, self.config.seed, None, self.config.precision, team=self.team
        )
        return judge(self.net, bank)
