import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mrcmv.media import Cancelled, UserError
from mrcmv.model import ModelConfig
from mrcmv.model.mrcmv import build
from mrcmv.training import runner, train
from mrcmv.training.config import TrainConfig
from mrcmv.training.runner import converged
from tests.training.synthetic import make_data, small_config


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"), {"train": 4, "validation": 2})


def rows_of(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").open()]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


PLAN = {"batch": 4, "optimizer": "sgd", "average": 0.9}


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_run_stopped_after_every_epoch_has_the_same_curve(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    monkeypatch.setattr(runner, "SAVE_EVERY_S", 0.0)
    for name, value in (("WORLD_SIZE", "1"), ("RANK", "0"), ("ACCELERATE_USE_CPU", "True")):
        monkeypatch.setenv(name, value)  # as accelerate launch with one process
    config = small_config(
        precision=precision,
        pretrain={"picture_steps": 0, "voice_steps": 2, "music_steps": 0, "steps_per_epoch": 1, "patches": 4},
        heads=PLAN | {"epochs": 3, "rates": [0.01, 0.001]},
        finetune=PLAN | {"epochs": 2, "learning_rate": 0.001},
        augment={"voice_drop": 0.3, "token_noise": 0.1},
        loss={"kind": "triplet", "margin_warm_epochs": 2},
    )
    whole = train(config, data, tmp_path / "whole")

    out, known, stopped = tmp_path / "stopped", 0, None

    def stop_after_an_epoch(done: float) -> None:
        if (out / "metrics.jsonl").exists() and len(rows_of(out)) > known:
            raise Cancelled

    stops = 0
    while stopped is None:
        try:
            stopped = train(config, data, out, resume=stops > 0, progress=stop_after_an_epoch)
        except Cancelled:
            stops, known = stops + 1, len(rows_of(out))
    assert stops == 2 + 2 * 3 + 2  # every epoch of the voice encoder, of both rates, and end to end
    assert rows_of(out) == rows_of(tmp_path / "whole")
    ours, theirs = load_file(whole / "model.safetensors"), load_file(stopped / "model.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_best_learning_rate_goes_on(data: Path, tmp_path: Path) -> None:
    config = small_config(heads=PLAN | {"epochs": 2, "rates": [0.05, 1e-9], "keep": "last"})
    folder = train(config, data, tmp_path / "run")
    rows = [row for row in rows_of(tmp_path / "run") if row["epoch"] == 1]
    assert [row["rate"] for row in rows] == [0.05, 1e-9]
    chosen = json.loads((folder / "metrics.json").read_text())["metrics"]["best_epochs"]["heads"]
    assert chosen["score"] == max(row["score"] for row in rows)
    single = PLAN | {"epochs": 2, "learning_rate": chosen["rate"], "keep": "last"}
    again = train(small_config(heads=single), data, tmp_path / "again")
    ours, theirs = load_file(folder / "model.safetensors"), load_file(again / "model.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (folder / "curves.png").is_file()
    lonely = make_data(tmp_path / "data", {"train": 4})
    with pytest.raises(UserError, match="needs validation clips"):
        train(config, lonely, tmp_path / "lonely")


def test_a_loss_has_converged_when_it_falls_no_more() -> None:
    assert not converged([5, 4, 3, 2, 1], 2)
    assert not converged([5, 4, 4, 3, 3], 2)
    assert converged([5, 4, 4, 3.99], 2)  # less than a hundredth lower is not lower
    assert not converged([5, 5, 5], 0)


def test_the_stage_ends_once_the_margin_has_been_raised_in_vain(data: Path, tmp_path: Path) -> None:
    still = PLAN | {"epochs": 60, "learning_rate": 1e-12, "patience": 4, "average": 0.0}
    loss = {"kind": "triplet", "margin_warm_epochs": 3, "margin_every": 2, "pseudo_weight": 0.1}
    train(small_config(heads=still, loss=loss), data, tmp_path / "run")
    rows = [row for row in rows_of(tmp_path / "run") if row["epoch"] >= 0]
    assert 7 <= len(rows) < 60  # three epochs at the first margin and four to wait at least
    assert all({"active", "picture_share", "voice_share", "validation_R@10"} <= set(row) for row in rows)
    assert all(row["picture_share"] + row["voice_share"] == pytest.approx(1) for row in rows)


def test_public_weights_are_taken_and_named(data: Path, tmp_path: Path) -> None:
    plain = ModelConfig.from_dict(ModelConfig.debug().to_dict() | {"vggish_norm": "none"})
    net = build(plain, 7)
    torch.save(net.picture_encoder.state_dict(), tmp_path / "slowfast.pyth")
    torch.save(net.voice_encoder.state_dict(), tmp_path / "vggish.pth")
    public = {"slowfast": str(tmp_path / "slowfast.pyth"), "vggish": str(tmp_path / "vggish.pth")}
    options = {"vggish_norm": "none"}
    folder = train(small_config(public=public, model_options=options), data, tmp_path / "run")
    weights = load_file(folder / "model.safetensors")
    for kind in ("voice", "music"):
        for name, value in net.voice_encoder.state_dict().items():
            assert torch.equal(weights[f"{kind}_encoder.{name}"], value)
    metrics = json.loads((folder / "metrics.json").read_text())["metrics"]
    assert metrics["training"]["public"] == {"slowfast": "slowfast.pyth", "vggish": "vggish.pth"}
    assert metrics["encoders"]["picture"]["pretrained"] is True
    assert metrics["encoders"]["music"]["public_weights"].startswith("vggish.pth ")
    bare = train(small_config(), data, tmp_path / "bare")
    said = json.loads((bare / "metrics.json").read_text())["metrics"]["encoders"]
    assert [said[kind]["pretrained"] for kind in ("picture", "voice", "music")] == [False] * 3
    with pytest.raises(UserError, match="not for this SlowFast"):
        train(small_config(public=public, model="compact"), data, tmp_path / "compact")


def test_shipped_recipes_say_what_the_paper_says() -> None:
    folder = Path(runner.__file__).parent / "configs"
    paper = TrainConfig.read(folder / "paper.toml")
    assert (paper.loss.kind, paper.loss.margin, paper.loss.margin_warm_epochs) == ("triplet", 30, 80)
    assert (paper.loss.margin_step, paper.loss.margin_every, paper.loss.pseudo_weight) == (10, 10, 0.1)
    assert (paper.finetune.optimizer, paper.finetune.momentum, paper.heads.epochs) == ("sgd", 0.9, 0)
    assert paper.finetune.patience >= paper.loss.margin_every
    small = TrainConfig.read(folder / "compact-paper.toml")
    assert small.heads.rates == paper.finetune.rates == (0.01, 0.001, 0.0001, 0.00001)
    shared, other = TrainConfig.read(folder / "compact.toml"), small
    assert (shared.crops, shared.precision, shared.pretrain) == (other.crops, other.precision, other.pretrain)
    kept = ("gain_db", "mel_mask", "mel_shift", "flip")
    assert [getattr(shared.augment, name) for name in kept] == [getattr(other.augment, name) for name in kept]
