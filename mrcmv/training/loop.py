"""A whole training run: prepare, pretrain encoders, train heads, train end to end, keep the best."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from mrcmv.media import Progress, UserError, thread_budget
from mrcmv.model import ModelConfig, MrcmvNet, build, save_checkpoint
from mrcmv.model.public import load_public_slowfast, load_public_vggish
from mrcmv.training.batches import Clips
from mrcmv.training.config import TrainConfig
from mrcmv.training.curves import PICTURE, NoMatplotlib, draw_curves
from mrcmv.training.judge import LEAST_JUDGED
from mrcmv.training.manifest import read_manifest
from mrcmv.training.pairs import EndToEndStage, HeadStage, PairStage
from mrcmv.training.parallel import Team
from mrcmv.training.parallel import team as together
from mrcmv.training.precision import fast_layout
from mrcmv.training.preparation import prepare, prepared_folder
from mrcmv.training.pretrain import pretrain
from mrcmv.training.runner import copy_weights, load_state, run_stage, save_state
from mrcmv.training.shared import ENCODERS, RUN, TOKENS, take_encoders, token_key, token_seed
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
    end the checkpoint, with a picture of the curves, whose folder is returned. A killed run goes on
    with ``resume`` and ends with the same weights as one that was not killed. Under ``accelerate
    launch`` or ``torchrun`` all processes train together (see `mrcmv.training.parallel`); they must
    see the same folders.

    Raises
    ------
    UserError
        When ``out`` holds a run already and ``resume`` is not asked for, when the config is not
        that of the run to resume, or when there is too little data.
    """
    config = TrainConfig.read(config) if isinstance(config, Path) else config
    torch.set_num_threads(thread_budget())
    with together(config.device) as team:
        return _train(config, data, out, resume, progress if team.lead else None, team)


def _train(
    config: TrainConfig, data: Path, out: Path, resume: bool, progress: Progress | None, team: Team
) -> Path:
    net = network(config)
    public = load_public(net, config)
    if team.lead:
        _begin(config, out, resume)
    shares = _Shares(progress)
    splits = ("train", "validation")
    if team.lead:
        prepare(data, net.config.picture_size, splits=splits, progress=shares.part(0, 0.2))
    team.wait()
    folder = prepared_folder(data, net.config.picture_size)
    train_clips, validation = (clips_of(data, folder, split) for split in splits)
    if not config.renditions:
        train_clips = Clips(tuple(item for item in train_clips.items if item.original == item.id), folder)
    if len(train_clips) < LEAST_PAIRS:
        raise UserError(f"Training needs at least {LEAST_PAIRS} clips in the train split; build more data.")
    log = _Log(out / LOG) if team.lead else None
    net.to(team.device)
    fast_layout(net, config.precision)
    best: dict[str, Any] = {}
    if team.lead:  # batches are a few clips and BatchNorm counts them: no work to be shared out
        if config.encoders:
            best |= take_encoders(net, Path(config.encoders), out, log)
        else:
            best |= pretrain(
                net, config, train_clips, validation, out, log=log, progress=shares.part(0.2, 0.6)
            )
    best = team.same(best)
    team.same_weights(net)
    encoders = pretrained(config, public, best)
    banks = _tokens(net, config, train_clips, validation, out, shares.part(0.6, 0.7), team)
    train_bank, validation_bank, truth = banks

    def heads(plan: TrainConfig) -> PairStage:
        return HeadStage(net, plan, train_bank, truth, validation_bank, team)

    stage, best["heads"] = run_pairs(heads, config, "heads", out, log, shares.part(0.7, 0.75), team)
    if config.finetune.epochs:
        loss = stage.loss

        def finetune(plan: TrainConfig) -> PairStage:
            return EndToEndStage(net, plan, train_clips, truth, validation, loss, team)

        _, best["finetune"] = run_pairs(finetune, config, "finetune", out, log, shares.part(0.75, 1), team)
        net.freeze_batchnorm(False)
    metrics = {
        "clips": {"train": len(train_clips), "validation": len(validation)},
        "encoders": encoders,
        "training": recorded(config),
        "best_epochs": best,
        "processes": team.size,
        "device": team.device.type,
    }
    shares.part(0.0, 1.0)(1.0)
    folder = out / config.name
    if team.lead:
        folder = save_checkpoint(out, net.cpu().eval(), config.name, metrics)
        with contextlib.suppress(NoMatplotlib):  # it need not be there to train
            draw_curves(out, folder / PICTURE)
    team.wait()
    return folder


def run_pairs(
    make: Callable[[TrainConfig], PairStage],
    config: TrainConfig,
    name: Literal["heads", "finetune"],
    out: Path,
    log: Callable[[dict[str, Any]], None] | None,
    progress: Progress,
    team: Team,
) -> tuple[PairStage, dict[str, Any]]:
    """Run a stage on pairs, with each of its learning rates if it has several; keep the best.

    Returns the stage whose weights are kept and the best epoch's row of the log. Each rate starts from
    the same weights and draws the same random numbers.
    """
    plan = getattr(config, name)
    if not plan.rates:
        made = make(config)
        return made, run_stage(made.stage(), out, config.seed, log, progress, team)
    made = make(config)
    if made.judged < LEAST_JUDGED:
        raise UserError("Choosing a learning rate needs validation clips: name one learning_rate.")
    start = copy_weights(made.module)
    kept: tuple[float, dict[str, Tensor], dict[str, Any]] | None = None
    for number, rate in enumerate(plan.rates):
        made.module.load_state_dict(start)  # first of all: a moving average begins with what it finds
        made = make(replace(config, **{name: replace(plan, learning_rate=rate)}))
        stage = replace(made.stage(), marks={"rate": rate}, file=f"{name}-{rate:g}")
        part = _part(progress, number, len(plan.rates))
        row = run_stage(stage, out, config.seed, log, part, team)
        if kept is None or row["score"] > kept[0]:
            kept = row["score"], copy_weights(made.module), row
    assert kept is not None
    made.module.load_state_dict(kept[1])
    return made, kept[2]


def _part(progress: Progress, number: int, count: int) -> Progress:
    return lambda done: progress((number + done) / count)


def load_public(net: MrcmvNet, config: TrainConfig) -> dict[str, str]:
    """Put public weights into the encoders; which encoder got which file, with its SHA-256."""
    found: dict[str, str] = {}
    wanted = {
        "picture": (config.public.slowfast, load_public_slowfast),
        "voice": (config.public.vggish, load_public_vggish),
        "music": (config.public.vggish, load_public_vggish),
    }
    for kind, (file, load) in wanted.items():
        if file:
            load(getattr(net, f"{kind}_encoder"), Path(file))
            with Path(file).open("rb") as opened:
                found[kind] = f"{Path(file).name} {hashlib.file_digest(opened, 'sha256').hexdigest()}"
    return found


def pretrained(config: TrainConfig, public: dict[str, str], best: dict[str, Any]) -> dict[str, Any]:
    """What each encoder knew before it saw pairs, for ``metrics.json``."""
    said: dict[str, Any] = {}
    for kind in ENCODERS:
        labels = best.get(kind)
        said[kind] = {
            "pretrained": kind in public or labels is not None,
            "public_weights": public.get(kind),
            "free_labels": None if labels is None else {"epochs": labels["epoch"] + 1, "r": labels["score"]},
        }
    return said


def recorded(config: TrainConfig) -> dict[str, Any]:
    """The config for a checkpoint that is given away: names of folders and files without their place."""
    public = {name: Path(file).name for name, file in dataclasses.asdict(config.public).items()}
    return {**config.to_dict(), "encoders": Path(config.encoders).name, "public": public}


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
    net: MrcmvNet,
    config: TrainConfig,
    train: Clips,
    validation: Clips,
    out: Path,
    progress: Progress,
    team: Team,
) -> tuple[TokenBank, TokenBank, Truth]:
    """Tokens of train and validation clips and the truth, kept in ``out`` for a run that is resumed."""
    path = out / TOKENS
    key = team.same(token_key(net, config, train, validation))
    if team.same(path.is_file()):
        state = load_state(path)
        if state.get("key") == key:
            truth = Truth.from_state(state["truth"])
            return TokenBank(**state["train"]), TokenBank(**state["validation"]), truth
    seed = token_seed(config)
    bank = make_bank(net, train, config.crops, seed, config.augment, config.precision, progress, team)
    judged = bank.part([])
    if len(validation):
        judged = make_bank(net, validation, 1, seed, None, config.precision, team=team)
    truth, _ = truth_of(train)
    if team.lead:
        state = {"train": bank.state(), "validation": judged.state(), "truth": truth.state()}
        save_state(path, {"key": key, **state})
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
