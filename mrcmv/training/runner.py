"""Runs a stage epoch by epoch so that a killed run goes on as if nothing had happened.

Every epoch draws its randomness from (seed, stage, epoch) alone, and the state is replaced as a
whole after an epoch; so nothing but finished epochs is ever seen after a kill, and the rest is
repeated bit for bit.
"""

from __future__ import annotations

import copy
import math
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mrcmv.media import Progress, UserError, trouble
from mrcmv.training.config import StageConfig
from mrcmv.training.parallel import Team

Weights = dict[str, Tensor]
LARGEST_GRADIENT = 5.0
"""Norm to which gradients are clipped: the first steps of a fresh head are steep."""
LEAST_GAIN = 0.01
"""A loss falls when it is lower by this share at least."""
SAVE_EVERY_S = 10.0
"""Least time between two saved states; epochs since the last one are repeated after a kill."""


@dataclass
class Stage:
    """One stage of a run.

    Attributes
    ----------
    epoch
        Trains epoch ``i`` with the given random generator and returns what to log.
    score
        Judges on validation clips: (higher is better, what to log); called on averaged weights.
    keep
        ``best`` weights by score, or the ``last`` ones.
    average
        Decay per epoch step of the moving average that is judged and kept; 0 for none. The average
        is updated by `Averager.update`, which ``epoch`` calls after every step.
    judge_start
        The weights before the first epoch may be the best ones, too.
    over
        Says of the rows so far whether the stage may end before its last epoch.
    scaler
        Of the loss under ``float16``, kept with the state.
    marks
        Entries that every row of the log gets, such as the learning rate of a choice.
    file
        Name of the saved state when it is not the stage's own.
    """

    name: str
    epochs: int
    module: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: Callable[[int, np.random.Generator], dict[str, float]]
    score: Callable[[], tuple[float, dict[str, float]]]
    keep: str = "best"
    averager: Averager | None = None
    judge_start: bool = False
    over: Callable[[list[dict[str, Any]]], bool] | None = None
    scaler: torch.amp.GradScaler | None = None
    marks: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)


class Averager:
    """Exponential moving average of a module's floating-point weights."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.steps = module, decay, 0
        self.weights = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def update(self) -> None:
        """Take in the module's present weights; the first steps count more, so it starts well."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        for name, value in self.module.state_dict().items():
            mine = self.weights[name]
            if value.is_floating_point():
                mine.mul_(decay).add_(value.detach(), alpha=1 - decay)
            else:
                mine.copy_(value)

    def state(self) -> dict[str, Any]:
        return {"weights": self.weights, "steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        for name, value in self.weights.items():
            value.copy_(state["weights"][name])


def generator_for(seed: int, stage: str, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch; also seeds torch (dropout) through `run_stage`."""
    return np.random.default_rng([seed, zlib.crc32(stage.encode()), epoch])


def run_stage(
    stage: Stage,
    folder: Path,
    seed: int,
    log: Callable[[dict[str, Any]], None] | None = None,
    progress: Progress | None = None,
    team: Team | None = None,
) -> dict[str, Any]:
    """Run (or go on with) a stage; afterwards ``stage.module`` holds the kept weights.

    The state lies in ``folder/<stage>.pt``, written by the first process of a ``team`` and read by all.
    Returns the best epoch's row of the log.
    """
    team = team or Team()
    path = folder / f"{stage.file or stage.name}.pt"
    best: dict[str, Any] = {"score": -np.inf, "epoch": -1, "weights": copy_weights(stage.module)}
    done = 0
    if path.is_file():
        best, done = _go_on(stage, load_state(path))
        if log is not None:
            for known in stage.history:
                log(known)
    elif stage.judge_start:
        score, said = team.same(stage.score())
        best["score"] = score
        stage.history = [{"stage": stage.name, "epoch": -1, **stage.marks, "score": score, **said}]
        if log is not None:
            log(stage.history[0])
    saved, kept = time.monotonic(), done
    for index in range(done, stage.epochs):
        if stage.over is not None and stage.over(stage.history):
            break
        started = time.monotonic()
        random = generator_for(seed, stage.name, index)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(random.integers(2**62)) + team.rank)  # dropout is each process's own
            said = stage.epoch(index, random)
        row = {"stage": stage.name, "epoch": index, **stage.marks, **said}
        row |= _judge(stage, best, index, team)
        row["seconds"] = round(time.monotonic() - started, 2)
        row = team.same(row)
        stage.history.append(row)
        done = index + 1
        if team.lead and (done == stage.epochs or time.monotonic() - saved >= SAVE_EVERY_S):
            save_state(path, _state(stage, best, done))
            saved, kept = time.monotonic(), done
        if log is not None:
            log(row)
        if progress is not None:
            progress(done / stage.epochs)
    if team.lead and kept < done:
        save_state(path, _state(stage, best, done))
    stage.module.load_state_dict(best["weights"])
    team.same_weights(stage.module)
    return next((row for row in stage.history if row["epoch"] == best["epoch"]), {})


def _go_on(stage: Stage, state: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Put a saved state into the stage; the best so far and how many epochs are done."""
    stage.module.load_state_dict(state["module"])
    stage.optimizer.load_state_dict(state["optimizer"])
    if stage.averager is not None:
        stage.averager.restore(state["average"])
    if stage.scaler is not None and state.get("scaler"):
        stage.scaler.load_state_dict(state["scaler"])
    stage.history = state["history"]
    return state["best"], state["epochs"]


def converged(losses: list[float], patience: int) -> bool:
    """Whether none of the last ``patience`` losses is lower than the lowest before by `LEAST_GAIN`."""
    lowest, since = math.inf, 0
    for loss in losses:
        since += 1
        if loss < lowest * (1 - LEAST_GAIN):
            lowest, since = loss, 0
    return patience > 0 and since >= patience


def descend(
    total: Tensor,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    meet: Callable[[], None] | None = None,
) -> None:
    """One step down the gradient of ``total``; ``meet`` sums the gradients of all processes."""
    optimizer.zero_grad(set_to_none=True)
    scaler.scale(total).backward()
    if meet is not None:
        meet()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(module.parameters(), LARGEST_GRADIENT)
    scaler.step(optimizer)
    scaler.update()


def _state(stage: Stage, best: dict[str, Any], epochs: int) -> dict[str, Any]:
    return {
        "module": stage.module.state_dict(),
        "optimizer": stage.optimizer.state_dict(),
        "average": stage.averager.state() if stage.averager else None,
        "scaler": stage.scaler.state_dict() if stage.scaler is not None else None,
        "best": best,
        "epochs": epochs,
        "history": stage.history,
    }


def _judge(stage: Stage, best: dict[str, Any], index: int, team: Team) -> dict[str, float]:
    """Score the epoch on the weights that would be kept, and keep them when they are the best."""
    own = copy_weights(stage.module) if stage.averager is not None else None
    if stage.averager is not None:
        stage.module.load_state_dict(stage.averager.weights)
    score, said = team.same(stage.score())
    if stage.keep == "last" or score > best["score"]:
        best.update(score=score, epoch=index, weights=copy_weights(stage.module))
    if own is not None:
        stage.module.load_state_dict(own)
    return {"score": score, **said}


def copy_weights(module: nn.Module) -> Weights:
    """The weights in ordinary memory, whatever the module's device."""
    return copy.deepcopy({name: value.detach().cpu() for name, value in module.state_dict().items()})


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` so that a kill leaves the old file or the new one, never a half."""
    partial = path.with_name(path.name + ".partial")
    try:
        torch.save(state, partial)
    except (OSError, RuntimeError) as error:  # the state of before stays
        partial.unlink(missing_ok=True)
        raise trouble(error) or error from None
    os.replace(partial, path)


def load_state(path: Path) -> dict[str, Any]:
    """Read a state; only tensors and plain values are taken (no code can hide in it)."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"The saved state {path.name} cannot be read: remove it and train again.") from error
    return state


def optimizer_for(module: nn.Module, plan: StageConfig) -> torch.optim.Optimizer:
    """SGD with momentum as in the paper, or Adam with decoupled weight decay.

    Encoders (`..._encoder`) learn at ``encoder_rate`` times the learning rate.
    """
    groups: list[dict[str, Any]] = [
        {"params": [], "lr": plan.learning_rate},
        {"params": [], "lr": plan.learning_rate * plan.encoder_rate},
    ]
    for name, parameter in module.named_parameters():
        groups["_encoder." in name]["params"].append(parameter)
    groups = [group for group in groups if group["params"]]
    if plan.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=plan.momentum, weight_decay=plan.weight_decay)
    return torch.optim.AdamW(groups, weight_decay=plan.weight_decay)
