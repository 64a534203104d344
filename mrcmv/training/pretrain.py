"""Encoders learn free labels: the game's state, the delivery of speech, how music sounds.

Multi-task regression per token and per clip; targets are standardised on training clips. The
read-outs are thrown away afterwards, the encoders stay in the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mrcmv.media import Progress
from mrcmv.model import MrcmvNet
from mrcmv.model.preprocess import Recipe
from mrcmv.training.batches import Clips, inputs, patch_times, random_start
from mrcmv.training.config import PretrainConfig, TrainConfig
from mrcmv.training.labels import Kind, Scale, Targets, at_times, targets_of
from mrcmv.training.parallel import device_of, move
from mrcmv.training.precision import fast_layout, lower_precision, scaler_for
from mrcmv.training.runner import Stage, descend, run_stage

KINDS: tuple[Kind, ...] = ("voice", "music", "picture")
LEAST_CLIPS = 2


@dataclass(frozen=True)
class Labelled:
    """One clip with its standardised free labels: ``curves`` [n, k], ``scalars`` [s], NaN unknown."""

    index: int
    curves: np.ndarray
    scalars: np.ndarray


class Reader(nn.Module):
    """An encoder of the network with linear read-outs for every token and for the clip."""

    def __init__(self, kind: Kind, net: MrcmvNet, scale: Scale) -> None:
        super().__init__()
        self.kind = kind
        self.encoder: nn.Module = getattr(net, f"{kind}_encoder")
        picture = sum(net.config.picture_channels)
        channels = picture if kind == "picture" else net.config.vggish_out
        self.norm = nn.LayerNorm(channels)
        self.dropout = nn.Dropout(0.1)
        self.curves = nn.Linear(channels, len(scale.curves))
        self.scalars = nn.Linear(channels, len(scale.scalars))

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """Picture [B, 3, 64, S, S] or patches [B, P, 1, 96, 64] -> ([B, T, curves], [B, scalars])."""
        features = self.encoder(given)
        tokens = features.on_fast_grid() if self.kind == "picture" else features
        tokens = self.dropout(self.norm(tokens.float()))
        return self.curves(tokens), self.scalars(tokens.mean(dim=1))


def masked_mse(said: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error over the targets that are known (finite)."""
    known = torch.isfinite(wanted)
    error = (said - torch.nan_to_num(wanted)).pow(2) * known
    return error.sum() / known.sum().clamp(min=1)


def correlation(said: np.ndarray, wanted: np.ndarray) -> float:
    """Pearson's r over the known targets; 0 when either does not vary."""
    known = np.isfinite(wanted)
    x, y = said[known], wanted[known]
    if len(x) < 3 or x.std() < 1e-9 or y.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def labelled(kind: Kind, clips: Clips, scale: Scale | None = None) -> tuple[list[Labelled], Scale]:
    """All clips that have free labels for ``kind``; the scale is fitted when none is given."""
    found: list[tuple[int, Targets]] = []
    for index, item in enumerate(clips.items):
        targets = targets_of(kind, item, clips.load(index))
        if targets is not None:
            found.append((index, targets))
    scale = scale or Scale.fit([targets for _, targets in found])
    return [Labelled(index, *scale.standardise(targets)) for index, targets in found], scale


class _Task:
    """Training and judging of one encoder."""

    def __init__(
        self, kind: Kind, net: MrcmvNet, config: TrainConfig, train: Clips, validation: Clips
    ) -> None:
        self.kind, self.config, self.train, self.validation = kind, config, train, validation
        self.plan: PretrainConfig = config.pretrain
        self.recipe = Recipe(net.config)
        self.rows, self.scale = labelled(kind, train)
        self.judged, _ = labelled(kind, validation, self.scale)
        steps = net.config.fast_frames if kind == "picture" else net.config.patches
        self.times = (
            (np.arange(steps) + 0.5) * (32.0 / steps) if kind == "picture" else patch_times(net.config)
        )
        self.device = device_of(net)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.reader = Reader(kind, net, self.scale).to(self.device)
        self.batch = self.plan.picture_batch if kind == "picture" else self.plan.sound_batch
        self.steps = int(getattr(self.plan, f"{kind}_steps"))
        self.optimizer = torch.optim.AdamW(
            self.reader.parameters(), lr=self.plan.learning_rate, weight_decay=self.plan.weight_decay
        )
        self.scaler = scaler_for(config.precision, self.device.type)
        self.last_loss = math.inf

    def example(
        self, clips: Clips, row: Labelled, random: np.random.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor] | None:
        """(input, curve targets [T, k], scalar targets [s]) of a crop; None where nothing is heard."""
        clip = clips.load(row.index)
        start = 0.0 if random is None else random_start(clip, random)
        crop = clip.crop(start)
        # only the sound that is asked for: log-mel of the others would cost more than the training
        crop = replace(
            crop,
            voice=crop.voice if self.kind == "voice" else None,
            music=crop.music if self.kind == "music" else None,
        )
        picture, voice, music = inputs(crop, self.recipe, random, self.config.augment)
        given = {"picture": picture, "voice": voice, "music": music}[self.kind]
        if given is None:
            return None
        curves = at_times(row.curves, start, self.times)
        if random is not None and self.kind != "picture" and self.plan.patches < len(given):
            chosen = np.sort(random.choice(len(given), self.plan.patches, replace=False))
            given, curves = given[torch.from_numpy(chosen)], curves[chosen]
        return given, torch.from_numpy(curves), torch.from_numpy(row.scalars)

    def epoch(self, index: int, random: np.random.Generator) -> dict[str, float]:
        self.reader.train()
        count = min(self.plan.steps_per_epoch, self.steps - index * self.plan.steps_per_epoch)
        order = np.concatenate([random.permutation(len(self.rows)) for _ in range(count * self.batch)])
        losses: list[float] = []
        place = 0
        for step in range(count):
            self._set_rate(index * self.plan.steps_per_epoch + step)
            examples: list[tuple[Tensor, Tensor, Tensor]] = []
            while len(examples) < self.batch and place < len(order):
                example = self.example(self.train, self.rows[order[place]], random)
                place += 1
                if example is not None:
                    examples.append(example)
            given, curves, scalars = (
                move(torch.stack(part), self.device) for part in zip(*examples, strict=True)
            )
            with lower_precision(self.config.precision, self.device.type):
                said, told = self.reader(given)
            loss = masked_mse(said.float(), curves) + masked_mse(told.float(), scalars)
            descend(loss, self.reader, self.optimizer, self.scaler)
            losses.append(loss.item())
        self.last_loss = float(np.mean(losses))
        return {"loss": self.last_loss}

    def _set_rate(self, step: int) -> None:
        """Up over the first twentieth of the steps, then down along a cosine."""
        warm = max(1, self.steps // 20)
        factor = (
            (step + 1) / warm
            if step < warm
            else 0.5 * (1 + math.cos(math.pi * (step - warm) / (self.steps - warm)))
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * max(factor, 0.01)

    def score(self) -> tuple[float, dict[str, float]]:
        """Mean correlation with the labels of validation clips, per token and per clip."""
        if len(self.judged) < LEAST_CLIPS:
            return -self.last_loss, {}
        self.reader.eval()
        curves, scalars = [], []
        with torch.inference_mode():
            for row in self.judged:
                example = self.example(self.validation, row, None)
                if example is None:
                    continue
                with lower_precision(self.config.precision, self.device.type):
                    said, told = self.reader(move(example[0][None], self.device))
                curves.append((said[0].float().cpu().numpy(), example[1].numpy()))
                scalars.append((told.float().cpu().numpy(), example[2].numpy()[None]))
        said_rows = {f"r_{name}": r for name, r in _by_name(curves, list(self.scale.curves)).items()}
        told_rows = {f"clip_r_{name}": r for name, r in _by_name(scalars, list(self.scale.scalars)).items()}
        log = said_rows | told_rows
        return (float(np.mean(list(log.values()))) if log else -self.last_loss), log


def _by_name(pairs: list[tuple[np.ndarray, np.ndarray]], names: list[str]) -> dict[str, float]:
    if not pairs:
        return {}
    said, wanted = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return {name: round(correlation(said[:, i], wanted[:, i]), 4) for i, name in enumerate(names)}


def pretrain(
    net: MrcmvNet,
    config: TrainConfig,
    train: Clips,
    validation: Clips,
    out: Path,
    *,
    log: Callable[[dict[str, Any]], None] | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Any]]:
    """Train the encoders of ``net`` in place; returns the best row of the log for each.

    Encoders without steps or without labelled clips are left alone. Resumes from ``out``.
    """
    fast_layout(net, config.precision)
    best: dict[str, dict[str, Any]] = {}
    for number, kind in enumerate(KINDS):
        if not getattr(config.pretrain, f"{kind}_steps"):
            continue
        task = _Task(kind, net, config, train, validation)
        if len(task.rows) < LEAST_CLIPS:
            continue
        stage = Stage(
            name=f"pretrain-{kind}",
            epochs=math.ceil(task.steps / config.pretrain.steps_per_epoch),
            module=task.reader,
            optimizer=task.optimizer,
            epoch=task.epoch,
            score=task.score,
            scaler=task.scaler,
            keep="last",  # the rate has come down to nothing by then; validation is for the log
        )
        share = _share(progress, number)
        best[kind] = run_stage(stage, out, config.seed, log, share)
    return best


def _share(progress: Progress | None, number: int) -> Progress | None:
    if progress is None:
        return None

    def inner(done: float) -> None:
        progress((number + done) / len(KINDS))

    return inner
