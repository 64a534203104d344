"""A whole training run: prepare, pretrain encoders, train heads, train end to end, keep the best."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch

from mrcmv.media import Progress, UserError, thread_budget
from mrcmv.model import ModelConfig, MrcmvNet, build, save_checkpoint
from mrcmv.training.batches import Clips
from mrcmv.training.config import TrainConfig
from mrcmv.training.manifest import read_manifest
from mrcmv.training.pairs import EndToEndStage, HeadStage
from mrcmv.training.precision import fast_layout
from mrcmv.training.preparation import prepare
from mrcmv.training.pretrain import pretrain
from mrcmv.training.runner import load_state, run_stage, save_state
from mrcmv.training.shared import RUN, TOKENS, take_encoders, token_key, token_seed
from mrcmv.training.tokens import TokenBank, make_bank
from mrcmv.training.truth import Truth, truth_of

LOG = "metrics.jsonl"
LEAST_PAIRS = 4


def train(
    config: Path | TrainConfig,
    data: Path,
    out: Path,
    resume: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Train on the train split, choose epochs on the validation split; the test split is not read.

    ``out`` receives the states of every stage, ``metrics.jsonl`` with a row per epoch and in the
    end the checkpoint, whose folder is returned. A killed run goes on with ``resume`` and ends
    with the same weights as one that was not killed.

    Raises
    ------
    UserError
        When ``out`` holds a run already and ``resume`` is not asked for, when the config is not
        that of the run to resume, or when there is too little data.
    """
    config = TrainConfig.read(config) if isinstance(config, Path) else config
    _begin(config, out, resume)
    torch.set_num_threads(thread_budget())
    shares = _Shares(progress)
    net = network(config)
    folder = prepare(
        data, net.config.picture_size, splits=("train", "validation"), progress=shares.part(0, 0.2)
    )
    train_clips, validation = clips_of(data, folder, "train"), clips_of(data, folder, "validation")
    if len(train_clips) < LEAST_PAIRS:
        raise UserError(f"Training needs at least {LEAST_PAIRS} clips in the train split; build more data.")
    log = _Log(out / LOG)
    best: dict[str, Any] = {}
    if config.encoders:
        fast_layout(net, config.precision)
        best |= take_encoders(net, Path(config.encoders), out, log)
    else:
        best |= pretrain(net, config, train_clips, validation, out, log=log, progress=shares.part(0.2, 0.6))
    train_bank, validation_bank, truth = _tokens(
        net, config, train_clips, validation, out, shares.part(0.6, 0.7)
    )
    heads = HeadStage(net, config, train_bank, truth, validation_bank)
    best["heads"] = run_stage(heads.stage(), out, config.seed, log, shares.part(0.7, 0.75))
    if config.finetune.epochs:
        whole = EndToEndStage(net, config, train_clips, truth, validation, heads.loss)
        best["finetune"] = run_stage(whole.stage(), out, config.seed, log, shares.part(0.75, 1.0))
        net.freeze_batchnorm(False)
    metrics = {
        "clips": {"train": len(train_clips), "validation": len(validation)},
        "training": recorded(config),
        "best_epochs": best,
    }
    shares.part(0.0, 1.0)(1.0)
    return save_checkpoint(out, net.eval(), config.name, metrics)


def recorded(config: TrainConfig) -> dict[str, Any]:
    """The config for a checkpoint that is given away: names of folders and files without their place."""
    return {**config.to_dict(), "encoders": Path(config.encoders).name}


def network(config: TrainConfig) -> MrcmvNet:
    """The untrained network of a run: a preset with some fields changed."""
    preset = ModelConfig.preset(config.model)
    shape = ModelConfig.from_dict({**preset.to_dict(), **config.model_options})
    return build(shape, config.seed)


def clips_of(data: Path, folder: Path, *splits: str) -> Clips:
    """The prepared clips of some splits, in the order of their ids (a manifest may grow in any order)."""
    items = [item for item in read_manifest(data, splits) if (folder / f"{item.id}.npz").is_file()]
    return Clips(tuple(sorted(items, key=lambda item: item.id)), folder)


def _begin(config: TrainConfig, out: Path, resume: bool) -> None:
    """Make the folder, or check that it holds the same run."""
    out.mkdir(parents=True, exist_ok=True)
    run = out / RUN
    mine = json.loads(json.dumps(config.to_dict()))
    if run.exists():
        if not resume:
            raise UserError(
                f"The folder {out.name} holds a run already: add --resume, or choose another folder."
            )
        known = TrainConfig.of_run(run.read_text(encoding="utf-8"), f"{RUN} in {out.name}")
        if json.loads(json.dumps(known.to_dict())) != mine:
            raise UserError(f"The run in {out.name} was begun with another config: choose another folder.")
    run.write_text(json.dumps(mine, indent=2) + "\n", encoding="utf-8")


def _tokens(
    net: MrcmvNet, config: TrainConfig, train: Clips, validation: Clips, out: Path, progress: Progress
) -> tuple[TokenBank, TokenBank, Truth]:
    """Tokens of train and validation clips and the truth, kept in ``out`` for a run that is resumed."""
    path = out / TOKENS
    key = token_key(net, config, train, validation)
    if path.is_file():
        state = load_state(path)
        if state.get("key") == key:
            truth = Truth.from_state(state["truth"])
            return TokenBank(**state["train"]), TokenBank(**state["validation"]), truth
    seed = token_seed(config)
    bank = make_bank(net, train, config.crops, seed, config.augment, config.precision, progress)
    judged = bank.part([])
    if len(validation):
        judged = make_bank(net, validation, 1, seed, None, config.precision)
    truth, _ = truth_of(train)
    save_state(
        path, {"key": key, "train": bank.state(), "validation": judged.state(), "truth": truth.state()}
    )
    return bank, judged, truth


class _Log:
    """``metrics.jsonl``: begun anew by every run; a resumed one repeats the rows of its states first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("", encoding="utf-8")

    def __call__(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


@dataclasses.dataclass
class _Shares:
    """Gives every part of the work its share of one progress that never falls."""

    progress: Progress | None

    def part(self, begin: float, end: float) -> Progress:
        def inner(done: float) -> None:
            if self.progress is not None:
                self.progress(begin + (end - begin) * min(1.0, done))

        return inner
