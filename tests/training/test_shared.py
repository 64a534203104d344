import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mrcmv.media import UserError
from mrcmv.training import tokens, train
from mrcmv.training.batches import Clips
from mrcmv.training.config import TrainConfig
from tests.training.synthetic import make_data, small_config


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"), {"train": 4, "validation": 2})


def config_of(**values: object) -> TrainConfig:
    return small_config(
        pretrain={"picture_steps": 1, "voice_steps": 1, "music_steps": 1, "patches": 4},
        model_options={"vggish_norm": "batch"},
        **values,
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_encoders_and_tokens_of_another_run_give_the_same_network(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(config_of(), data, tmp_path / "first")
    monkeypatch.delattr(Clips, "load")  # not one clip is opened for training any more
    sharing = config_of(encoders=str(tmp_path / "first"))
    second = train(sharing, data, tmp_path / "second")
    ours, theirs = weights(first), weights(second)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    rows = [
        [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in path.open()]
        for path in (tmp_path / "first" / "metrics.jsonl", tmp_path / "second" / "metrics.jsonl")
    ]
    assert rows[0] == rows[1]
    metrics = json.loads((second / "metrics.json").read_text())["metrics"]
    assert metrics["training"]["encoders"] == "first"
    assert set(metrics["best_epochs"]) == {"voice", "music", "picture", "heads"}
    # a run that shares is complete in itself, and another seed changes the heads alone
    third = train(replace(sharing, seed=5, encoders=str(tmp_path / "second")), data, tmp_path / "third")
    other = weights(third)
    same = {name: torch.equal(ours[name], other[name]) for name in ours}
    assert all(equal for name, equal in same.items() if "_encoder." in name)
    assert not same["gate.weigh.weight"]


def test_tokens_are_made_anew_when_what_they_come_from_changes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(config_of(), data, tmp_path / "first")
    made: list[int] = []
    original = tokens.make_bank

    def spy(*given: object, **named: object) -> object:
        made.append(1)
        return original(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("mrcmv.training.loop.make_bank", spy)
    sharing = config_of(encoders=str(tmp_path / "first"))
    before = (tmp_path / "first" / "tokens.pt").read_bytes()
    train(replace(sharing, crops=3), data, tmp_path / "crops")
    assert len(made) == 2
    assert (tmp_path / "first" / "tokens.pt").read_bytes() == before
    train(replace(sharing, model_options={**sharing.model_options, "gate": "ones"}), data, tmp_path / "gate")
    assert len(made) == 2
    changed = make_data(tmp_path / "data", {"train": 4, "validation": 2})
    os.replace(changed / "prepared-32" / "train-0.npz", changed / "prepared-32" / "train-3.npz")
    os.link(changed / "prepared-32" / "train-3.npz", changed / "prepared-32" / "train-0.npz")
    train(sharing, changed, tmp_path / "content")
    assert len(made) == 4


def test_runs_without_finished_encoders_are_refused(data: Path, tmp_path: Path) -> None:
    def take(source: Path, out: str, **values: object) -> None:
        train(replace(config_of(**values), encoders=str(source)), data, tmp_path / out)

    with pytest.raises(UserError, match="holds no run"):
        take(tmp_path, "a")
    train(small_config(), data, tmp_path / "bare")
    with pytest.raises(UserError, match="has trained no encoders"):
        take(tmp_path / "bare", "b")
    first = tmp_path / "first"
    train(config_of(), data, first)
    with pytest.raises(UserError, match="has another shape"):
        train(small_config(encoders=str(first), model_options={"vggish_out": 8}), data, tmp_path / "c")
    state = torch.load(first / "pretrain-music.pt")
    torch.save({**state, "epochs": 0}, first / "pretrain-music.pt")
    with pytest.raises(UserError, match="has not finished its music encoder"):
        take(first, "d")
    with pytest.raises(UserError, match="from itself"):
        train(config_of(encoders=str(tmp_path / "e")), data, tmp_path / "e")
