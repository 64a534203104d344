import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mrcmv.media import UserError
from mrcmv.model import ModelConfig
from mrcmv.model.mrcmv import build
from mrcmv.training import train
from mrcmv.training.batches import Clips, changed_inputs, draw_changes, inputs
from mrcmv.training.config import AugmentConfig
from mrcmv.training.judge import embed_bank
from mrcmv.training.pairs import HeadStage
from mrcmv.training.parallel import Team, move, pick_device, team
from mrcmv.training.precision import lower_precision, scaler_for
from mrcmv.training.runner import descend
from tests.training.synthetic import make_data, small_config
from tests.training.test_pairs import bank_of, truth_for


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"), {"train": 5, "validation": 3})


STILL = {"input_dropout": 0.0, "attention_dropout": 0.0, "head_dropout": 0.0}
PLAN = {"batch": 5, "optimizer": "sgd", "learning_rate": 0.01, "average": 0.5, "keep": "last"}


@pytest.mark.timeout(900)  # three programs start in it, on a machine that may be busy
def test_two_processes_train_like_one(data: Path, tmp_path: Path) -> None:
    config = small_config(
        model_options=STILL,
        pretrain={"picture_steps": 0, "voice_steps": 1, "music_steps": 0, "patches": 4},
        heads=PLAN | {"epochs": 3},
        finetune=PLAN | {"epochs": 2, "encoder_rate": 0.5},
        augment={"voice_drop": 0.3, "picture_drop": 0.2, "token_noise": 0.0},
        loss={"kind": "triplet", "margin_warm_epochs": 1, "describe_weight": 0.1},
    )
    alone = train(config, data, tmp_path / "alone")
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys; from pathlib import Path\n"
        "from mrcmv.training import train; from mrcmv.training.config import TrainConfig\n"
        "config = TrainConfig.of_run(Path(sys.argv[1]).read_text(), 'test')\n"
        "train(config, Path(sys.argv[2]), Path(sys.argv[3]))\n"
    )
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launcher += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    launcher += ["--main_process_port", "0"]  # a free one
    given = [program, tmp_path / "config.json", data, tmp_path / "two"]
    here = {**os.environ, "MRCMV_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    subprocess.run([*launcher, *map(str, given)], env=here, check=True)
    rows = [
        [json.loads(line) for line in (run / "metrics.jsonl").open()]
        for run in (tmp_path / "alone", tmp_path / "two")
    ]
    assert [(row["stage"], row["epoch"]) for row in rows[0]] == [
        (row["stage"], row["epoch"]) for row in rows[1]
    ]
    for one, both in zip(*rows, strict=True):
        assert one.keys() == both.keys()
        for name in {"loss", "match", "pseudo", "describe", "active", "margin", "score"} & one.keys():
            if one[name] is None or both[name] is None:  # not judged: too few clips for a correlation
                assert one[name] is both[name], (name, one, both)
            else:
                assert one[name] == pytest.approx(both[name], rel=1e-4, abs=1e-4), (name, one, both)
    ours, theirs = load_file(alone / "model.safetensors"), load_file(tmp_path / "two/tiny/model.safetensors")
    start = build(ModelConfig.from_dict(ModelConfig.debug().to_dict() | STILL), 0).state_dict()
    for name, value in ours.items():
        assert torch.allclose(value, theirs[name], rtol=1e-3, atol=2e-5), name
    moved = [name for name in ours if not torch.allclose(ours[name], start[name], rtol=1e-3, atol=2e-5)]
    assert any("_encoder." in name for name in moved)  # or nothing was learned and nothing is shown
    assert json.loads((tmp_path / "two/tiny/metrics.json").read_text())["metrics"]["processes"] == 2


def test_shares_cover_a_batch_in_its_order() -> None:
    for size in (1, 2, 3):
        teams = [Team(rank, size) for rank in range(size)]
        assert [i for one in teams for i in range(7)[one.share(7)]] == list(range(7))
        assert max(teams[0].counts(7)) - min(teams[0].counts(7)) <= 1
    net = build(ModelConfig.debug(), 0)
    stage = HeadStage(net, small_config(), bank_of(8), truth_for(8), bank_of(4), Team(0, 9))
    with pytest.raises(UserError, match="too small for 9 processes"):
        stage.epoch(0, np.random.default_rng(0))


def test_crops_of_other_shares_are_drawn_without_reading_them_whole(data: Path) -> None:
    from mrcmv.model.preprocess import Recipe
    from mrcmv.training.loop import clips_of

    clips: Clips = clips_of(data, data / "prepared-32", "train")
    augment, recipe = AugmentConfig(), Recipe(ModelConfig.debug())
    crop, outline = clips.load(1).crop(1.0), clips.outline(1).crop(1.0)
    assert sum(part.nbytes for part in vars(clips.outline(1)).values() if isinstance(part, np.ndarray)) < 1000
    for seed in range(8):
        drawn = draw_changes(outline, np.random.default_rng(seed), augment)
        assert drawn == draw_changes(crop, np.random.default_rng(seed), augment)
        whole = inputs(crop, recipe, np.random.default_rng(seed), augment)
        assert all(torch.equal(a, b) for a, b in zip(whole, changed_inputs(crop, recipe, drawn), strict=True))


def test_everything_gets_to_its_device_by_one_way() -> None:
    @dataclass
    class Pair:
        first: Tensor
        second: Tensor

    moved = move(Pair(torch.ones(2), torch.zeros(3, dtype=torch.bool)), "meta")
    assert (moved.first.device.type, moved.second.device.type) == ("meta", "meta")
    net = build(ModelConfig.debug(), 0).to("meta")
    query, music, shares = embed_bank(net, bank_of(4))  # a bank in ordinary memory, a net elsewhere
    assert {query.device.type, music.device.type, shares.device.type} == {"meta"}
    stage = HeadStage(net, small_config(), bank_of(6), truth_for(6), bank_of(4))
    query, music, _ = stage.embed([0, 2, 3], np.random.default_rng(0))
    assert (query.device.type, query.shape, music.shape) == ("meta", (3, 512), (3, 512))
    assert {value.device.type for value in stage.module.state_dict().values()} == {"meta"}


def test_the_device_is_chosen_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == torch.device("cpu")
    with pytest.raises(UserError, match="no CUDA device"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("auto", 3) == torch.device("cuda", 1)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert pick_device("auto") == torch.device("cpu")
    with team("auto") as alone:
        assert (alone.lead, alone.size) == (True, 1)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_takes_the_same_step_but_for_rounding(precision: str) -> None:
    def step(name: str) -> tuple[Tensor, torch.dtype]:
        torch.manual_seed(0)
        module = torch.nn.Linear(8, 4)
        torch.nn.init.zeros_(module.weight)  # so that the step is not lost in the rounding of a sum
        scaler = scaler_for(name)
        with lower_precision(name):
            said = module(torch.linspace(-1, 1, 16).reshape(2, 8))
        descend(1e-6 * said.float().sum(), module, torch.optim.SGD(module.parameters(), 1.0), scaler)
        return module.weight.detach(), said.dtype

    moved, kind = step(precision)
    assert kind == getattr(torch, precision)
    assert torch.allclose(moved, step("float32")[0], rtol=0.02, atol=1e-9)
    assert moved.abs().max() > 0  # 1e-6 would vanish in float16 if the loss were not scaled
