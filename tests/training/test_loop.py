import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mrcmv.media import Cancelled, UserError
from mrcmv.model import load_model
from mrcmv.training import evaluate, format_results, train
from mrcmv.training.judge import cosine, embed_bank
from mrcmv.training.loop import clips_of
from mrcmv.training.metrics import ranks
from mrcmv.training.tokens import make_bank
from tests.training.synthetic import SIZE, make_data, small_config


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"), {"train": 4, "validation": 3, "test": 4})


def rows_of(out: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop("seconds", None)
    return rows


def test_eight_pairs_are_learned_by_heart(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"train": 8})
    config = small_config(
        crops=1,
        heads={"epochs": 120, "batch": 8, "optimizer": "adam", "learning_rate": 0.002, "keep": "last"},
        model_options={"input_dropout": 0.0, "attention_dropout": 0.0, "head_dropout": 0.0},
    )
    folder = train(config, data, tmp_path / "run")
    net = load_model(folder, device="cpu").net
    clips = clips_of(data, data / f"prepared-{SIZE}", "train")
    query, music, _ = embed_bank(net, make_bank(net, clips, 1, 0, None))
    assert ranks(cosine(query, music)).tolist() == [1] * 8
    rows = rows_of(tmp_path / "run")
    assert rows[-1]["loss"] < 0.2 * rows[1]["loss"]


@pytest.mark.timeout(900)  # two programs start in it, on a machine that may be busy
def test_a_killed_run_ends_like_one_that_was_not(data: Path, tmp_path: Path) -> None:
    plan = {"batch": 4, "optimizer": "sgd", "learning_rate": 0.001, "average": 0.9}
    config = small_config(
        pretrain={"picture_steps": 2, "voice_steps": 2, "music_steps": 2, "steps_per_epoch": 1, "patches": 4},
        heads=plan | {"epochs": 3},
        finetune=plan | {"epochs": 3},
        augment={"voice_drop": 0.3, "token_noise": 0.1},
        loss={"kind": "triplet", "margin_warm_epochs": 2},
    )
    whole = train(config, data, tmp_path / "whole")
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    program = (
        "import json, sys; from pathlib import Path\n"
        "from mrcmv.training import runner, train; from mrcmv.training.config import TrainConfig, build\n"
        "runner.SAVE_EVERY_S = 0.0\n"
        "config = build(TrainConfig, json.loads(Path(sys.argv[1]).read_text()), 'test')\n"
        "train(config, Path(sys.argv[2]), Path(sys.argv[3]))\n"
    )
    out = tmp_path / "killed"
    arguments = [sys.executable, "-c", program, tmp_path / "config.json", data, out]
    child = subprocess.Popen(arguments, env={**os.environ, "MRCMV_THREADS": "1"})
    log = out / "metrics.jsonl"
    while child.poll() is None:
        if log.exists() and '"finetune", "epoch": 0' in log.read_text():
            break
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = len(log.read_text().splitlines())
    with pytest.raises(UserError, match="holds a run already"):
        train(config, data, out)
    killed = train(config, data, out, resume=True)
    ours, theirs = load_file(whole / "model.safetensors"), load_file(killed / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    rows = rows_of(out)
    assert rows == rows_of(tmp_path / "whole")
    assert before < len(rows)
    by_stage = Counter(row["stage"] for row in rows)
    # heads and end to end begin with a row (epoch -1) for the weights they found
    assert (by_stage["pretrain-voice"], by_stage["heads"], by_stage["finetune"]) == (2, 4, 4)
    hinges = [row for row in rows if row["stage"] == "heads" and row["epoch"] >= 0]
    assert [row["margin"] for row in hinges] == [30, 30, 40]
    assert all(0 <= row["active"] <= 1 for row in hinges)


def test_the_test_split_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(tmp_path / "data", {"train": 4, "validation": 2, "test": 2})
    for path in (data / f"prepared-{SIZE}").glob("test-*"):
        path.write_bytes(b"not to be opened")
    read = []
    original = Path.read_bytes

    def spy(path: Path) -> bytes:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", spy)
    train(small_config(finetune={"epochs": 1, "batch": 4}), data, tmp_path / "run")
    assert any(name.startswith("train-") for name in read)
    assert any(name.startswith("validation-") for name in read)
    assert not any(name.startswith("test-") for name in read)


def test_the_best_epoch_is_chosen_on_validation(data: Path, tmp_path: Path) -> None:
    folder = train(small_config(), data, tmp_path / "run")
    rows = [row for row in rows_of(tmp_path / "run") if row["stage"] == "heads"]
    best = json.loads((folder / "metrics.json").read_text())["metrics"]["best_epochs"]["heads"]
    assert best["score"] == max(row["score"] for row in rows)
    assert best["validation_pool"] == 3


def test_results_of_the_test_split(data: Path, tmp_path: Path) -> None:
    folder = train(small_config(), data, tmp_path / "run")
    result = evaluate(str(folder), data)
    said = result["splits"]["test"]
    assert set(result["splits"]) == {"test", "validation"}
    assert (said["clips"], said["with_voice"], said["tracks"]) == (4, 4, 4)
    assert said["chance"]["R@1"] == 25.0
    clips = clips_of(data, data / f"prepared-{SIZE}", "test")
    model = load_model(folder, device="cpu")
    vectors, tracks = [], []
    for index in range(4):
        crop = clips.load(index).crop()
        vectors.append(model.embed_query(crop.frames, crop.voice).vector)
        tracks.append(model.embed_music([crop.music])[0])
    found = ranks(cosine(torch.tensor(np.array(vectors)), torch.tensor(np.array(tracks))))
    assert said["queries"]["both"]["median_rank"] == np.median(found)
    assert said["queries"]["both"]["R@1"] == 100 * np.mean(found == 1)
    assert json.loads(json.dumps(result)) == result
    text = format_results(result)
    assert "test: 4 clips" in text
    assert "both - picture" in text


def test_too_little_data_and_a_changed_config_are_named(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"train": 2})
    with pytest.raises(UserError, match="at least 4 clips"):
        train(small_config(), data, tmp_path / "run")
    with pytest.raises(UserError, match="another config"):
        train(small_config(seed=1), data, tmp_path / "run", resume=True)


def test_a_run_can_be_cancelled_and_resumed(data: Path, tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.7:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(small_config(), data, tmp_path / "run", progress=stop)
    said: list[float] = []
    folder = train(small_config(), data, tmp_path / "run", resume=True, progress=said.append)
    assert said == sorted(said)
    assert said[-1] == 1.0
    assert (folder / "model.safetensors").is_file()
