"""Networks judged on both pools, with the voice taken away or changed for another clip's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mrcmv.model import ModelConfig, build, load_net, save_checkpoint
from mrcmv.training.loop import clips_of
from mrcmv.training.prepared import load_prepared, save_prepared
from mrcmv.training.results.network import encoders_sha256, judge_network

from ..synthetic import SIZE, make_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_data(tmp_path_factory.mktemp("data"), {"test": 4})
    for path in (folder / f"prepared-{SIZE}").glob("*.npz"):
        clip = load_prepared(path)
        save_prepared(path, dataclasses.replace(clip, rest=clip.music // 2 + clip.voice // 4))
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("c"), build(ModelConfig.debug(), 1).eval(), "tiny", {})


def test_all_pools_and_uses_are_judged_and_tokens_are_kept(
    data: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, first, about = judge_network(checkpoint, data, cache=tmp_path)
    assert ids == sorted(ids)
    assert {each.shape for each in first.values()} == {(4, 4)}
    uses = {f"{pool}/{use}" for pool in ("clean", "separated") for use in ("both", "picture", "voice")}
    assert set(first) == uses | {"clean/other"}
    assert not np.allclose(first["clean/both"], first["separated/both"])
    assert not np.allclose(first["clean/both"], first["clean/other"])
    assert sum(about["gate_shares"]) == pytest.approx(1)
    monkeypatch.setattr("mrcmv.training.results.network.make_bank", lambda *_: pytest.fail("encoded again"))
    _, again, _ = judge_network(checkpoint, data, cache=tmp_path)
    for name, matrix in first.items():
        np.testing.assert_array_equal(again[name], matrix)


def test_without_what_separation_left_there_is_one_pool(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    folder = make_data(tmp_path / "old", {"test": 2})
    _, judged, _ = judge_network(checkpoint, folder)
    assert {name.split("/")[0] for name in judged} == {"clean"}


def test_other_encoders_have_another_hash_and_other_heads_the_same(checkpoint: Path) -> None:
    net = load_net(checkpoint)
    before = encoders_sha256(net)
    net.query_head.linear.weight.data += 1
    assert encoders_sha256(net) == before
    next(net.voice_encoder.parameters()).data += 1
    assert encoders_sha256(net) != before


def test_the_split_is_the_one_asked_for(data: Path) -> None:
    assert len(clips_of(data, data / f"prepared-{SIZE}", "train")) == 0
