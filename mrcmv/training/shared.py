"""Encoders and tokens of an earlier run, taken over by another: trained once, used by many."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mrcmv.media import UserError
from mrcmv.model import MrcmvNet
from mrcmv.training.batches import Clips
from mrcmv.training.config import TrainConfig
from mrcmv.training.runner import load_state

RUN = "run.json"
TOKENS = "tokens.pt"
ENCODERS = ("voice", "music", "picture")
_INPUT = ("picture_", "slow", "fast_", "patches", "vggish_", "voice_norm", "music_norm", "level_db")
"""Beginnings of the model's fields that decide what its encoders are and are given."""


def read_run(folder: Path) -> TrainConfig:
    """The config of the run in ``folder``; raises `UserError` when there is none."""
    try:
        text = (folder / RUN).read_text(encoding="utf-8")
    except OSError:
        raise UserError(f"The folder {folder.name} holds no run: name the folder of a training.") from None
    return TrainConfig.of_run(text, f"{RUN} in {folder.name}")


def take_encoders(
    net: MrcmvNet, source: Path, out: Path, log: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, dict[str, Any]]:
    """Put the encoders that ``source`` trained on free labels into ``net``; the last rows of its log.

    Their states, and the tokens if there are any, are linked into ``out``, which is then complete
    in itself. Raises `UserError` when ``source`` has not finished them or they are of another shape.
    """
    theirs = read_run(source)
    if source.resolve() == out.resolve():
        raise UserError("A run cannot take its encoders from itself: name the folder of another run.")
    last: dict[str, dict[str, Any]] = {}
    for kind in ENCODERS:
        path = source / f"pretrain-{kind}.pt"
        if not path.is_file():
            continue
        state = load_state(path)
        steps = int(getattr(theirs.pretrain, f"{kind}_steps"))
        if state["epochs"] < math.ceil(steps / theirs.pretrain.steps_per_epoch):
            raise UserError(f"The run in {source.name} has not finished its {kind} encoder: resume it first.")
        _load(getattr(net, f"{kind}_encoder"), state["best"]["weights"], kind, source)
        for row in state["history"]:
            if log is not None:
                log(row)
        last[kind] = next((row for row in state["history"] if row["epoch"] == state["best"]["epoch"]), {})
        link(path, out / path.name)
    if not last:
        raise UserError(f"The run in {source.name} has trained no encoders on free labels: name another.")
    if (source / TOKENS).is_file() and not (out / TOKENS).exists():
        link(source / TOKENS, out / TOKENS)
    return last


def _load(encoder: nn.Module, weights: dict[str, torch.Tensor], kind: str, source: Path) -> None:
    start = "encoder."
    mine = {name.removeprefix(start): value for name, value in weights.items() if name.startswith(start)}
    try:
        encoder.load_state_dict(mine)
    except RuntimeError as error:
        raise UserError(f"The {kind} encoder of the run in {source.name} has another shape.") from error


def link(source: Path, target: Path) -> None:
    """The same file under another name without a copy, where the disk can do that."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        partial = target.with_name(target.name + ".partial")
        shutil.copyfile(source, partial)
        os.replace(partial, target)


def token_seed(config: TrainConfig) -> int:
    """What decides the cached crops: the seed of the run that trained the encoders."""
    while config.encoders:
        config = read_run(Path(config.encoders))
    return config.seed


def token_key(net: MrcmvNet, config: TrainConfig, train: Clips, validation: Clips) -> str:
    """A hash of everything that cached tokens come from: encoders, inputs, clips, crops, augmentation."""
    made = hashlib.sha256()
    shape = {name: value for name, value in net.config.to_dict().items() if name.startswith(_INPUT)}
    augment = {name: value for name, value in config.to_dict()["augment"].items() if name not in _LATER}
    clips = [[item.track for item in part.items] + part.sums() for part in (train, validation)]
    plan = [shape, augment, config.crops, token_seed(config), config.precision, clips]
    made.update(json.dumps(plan, sort_keys=True).encode())
    for kind in ENCODERS:
        for name, value in getattr(net, f"{kind}_encoder").state_dict().items():
            made.update(name.encode())
            made.update(value.detach().cpu().contiguous().numpy().tobytes())
    return made.hexdigest()


_LATER = ("voice_drop", "picture_drop", "token_noise")
"""Augmentation that the heads draw anew in every step."""
