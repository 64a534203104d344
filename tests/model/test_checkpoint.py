"""Checkpoints: the round trip, names, damage; and weights that others published."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mrcmv.model import (
    CheckpointError,
    ConfigError,
    ModelConfig,
    Mrcmv,
    SlowFast,
    VGGish,
    WeightsError,
    available,
    build,
    checkpoint,
    load_model,
    load_public_slowfast,
    load_public_vggish,
    save_checkpoint,
)

from .conftest import tone


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found = [tmp_path / "project", tmp_path / "home"]
    monkeypatch.setattr(checkpoint, "checkpoint_folders", lambda: found)
    return found


@pytest.fixture
def saved(folders: list[Path]) -> Path:
    return save_checkpoint(folders[0], build(ModelConfig.debug(), 4), "little", {"R@10": 0.25, "pool": 40})


def test_round_trip_gives_the_same_vectors_and_hash(saved: Path, frames: np.ndarray) -> None:
    before, after = Mrcmv(ModelConfig.debug(), seed=4), load_model("little", "cpu")
    assert (after.name, after.config, after.sha256) == ("little", before.config, before.sha256)
    assert after.sha256 == hashlib.sha256((saved / "model.safetensors").read_bytes()).hexdigest()
    voice = tone(220, 2)
    first, second = before.embed_query(frames, voice), after.embed_query(frames, voice)
    np.testing.assert_array_equal(first.vector, second.vector)
    assert first.voice_share == second.voice_share
    np.testing.assert_array_equal(before.embed_music([voice]), after.embed_music([voice]))
    assert load_model(saved, "cpu").sha256 == load_model(str(saved), "cpu").sha256 == before.sha256


def test_layout_and_card(saved: Path) -> None:
    files = {path.name for path in saved.iterdir()}
    assert files == {"model.safetensors", "config.json", "metrics.json", "README.md"}
    facts = json.loads((saved / "metrics.json").read_text())
    assert facts["metrics"] == {"R@10": 0.25, "pool": 40}
    assert facts["parameters"] == sum(p.numel() for p in build(ModelConfig.debug()).parameters())
    assert facts["sha256"] in (saved / "README.md").read_text()
    (saved / "README.md").write_text("written by hand")
    save_checkpoint(saved.parent, build(ModelConfig.debug(), 5), "little", {})
    assert (saved / "README.md").read_text() == "written by hand"
    assert load_model("little", "cpu").sha256 == Mrcmv(ModelConfig.debug(), seed=5).sha256


def test_names_are_found_in_the_project_first_then_in_the_home(saved: Path, folders: list[Path]) -> None:
    save_checkpoint(folders[1], build(ModelConfig.debug(), 6), "little", {})
    mine = save_checkpoint(folders[1], build(ModelConfig.debug(), 7), "mine", {})
    assert available() == {"little": saved, "mine": mine}
    with pytest.raises(CheckpointError, match="no checkpoint 'other': choose one of little, mine, debug, or"):
        load_model("other")
    with pytest.raises(CheckpointError, match="letters, digits"):
        save_checkpoint(folders[1], build(ModelConfig.debug()), "../x", {})


def test_debug_needs_no_checkpoint() -> None:
    model = load_model("debug", "cpu")
    assert model.name == "debug"
    assert model.sha256 == Mrcmv(ModelConfig.debug()).sha256


def test_damage_is_told_in_one_sentence(saved: Path) -> None:
    weights = saved / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="'little' are damaged"):
        load_model("little")
    weights.write_bytes(good)
    (saved / "config.json").write_text(dataclasses.replace(ModelConfig.debug(), d_model=32).to_json())
    with pytest.raises(CheckpointError, match=r"do not fit its config\.json"):
        load_model("little")
    (saved / "config.json").write_text('{"d_modle": 3}')
    with pytest.raises(ConfigError, match="did you mean “d_model”"):
        load_model("little")
    (saved / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"needs model\.safetensors and config\.json"):
        load_model("little")


def test_a_pickle_in_disguise_is_refused(saved: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, saved / "model.safetensors")
    (saved / "metrics.json").unlink()
    with pytest.raises(CheckpointError, match="do not fit"):
        load_model("little")


# Published weights. The shape of the public files, made small: the same names, a narrower network.


@pytest.fixture
def small_r50() -> ModelConfig:
    return dataclasses.replace(ModelConfig.debug(), slowfast_depth=50, slowfast_stem=(8, 1))


def public_slowfast(stem: tuple[int, int], path: Path) -> dict[str, torch.Tensor]:
    """A file as pytorchvideo publishes it: a whole network at alpha 4 with 400 classes."""
    from pytorchvideo.models.slowfast import create_slowfast

    torch.manual_seed(11)
    state = create_slowfast(model_depth=50, stem_dim_outs=stem, model_num_class=400).state_dict()
    state = {k: v + torch.randn_like(v) * 0.1 if v.is_floating_point() else v for k, v in state.items()}
    torch.save({"model_state": state}, path)
    return state


def test_public_slowfast_loads_although_it_was_trained_at_alpha_4(
    tmp_path: Path, small_r50: ModelConfig
) -> None:
    path = tmp_path / "SLOWFAST_8x8_R50.pyth"
    public = public_slowfast((8, 1), path)
    encoder = SlowFast(small_r50)
    load_public_slowfast(encoder, path)
    own = encoder.state_dict()
    assert set(public) - set(own) == {"blocks.6.proj.weight", "blocks.6.proj.bias"}
    for key, value in own.items():
        torch.testing.assert_close(value, public[key], rtol=0, atol=0)
    lateral = "blocks.0.multipathway_fusion.conv_fast_to_slow"
    assert encoder.get_submodule(lateral).stride == (8, 1, 1)
    assert own[lateral + ".weight"].shape == (2, 1, 7, 1, 1)


def test_the_full_public_slowfast_has_the_names_and_shapes_of_the_paper_preset() -> None:
    from pytorchvideo.models.slowfast import create_slowfast

    with torch.device("meta"):
        public = create_slowfast(model_depth=50).state_dict()
        own = SlowFast(ModelConfig.paper()).state_dict()
    head = {key for key in public if key.startswith("blocks.6.")}
    assert {key: value.shape for key, value in own.items()} == {
        key: value.shape for key, value in public.items() if key not in head
    }


def public_vggish(config: ModelConfig, path: Path) -> dict[str, torch.Tensor]:
    """A file as torchvggish publishes it."""
    channels = [max(1, round(c * config.vggish_width)) for c in (64, 128, 256, 256, 512, 512)]
    state, before = {}, 1
    for index, channel in zip((0, 3, 6, 8, 11, 13), channels, strict=True):
        state[f"features.{index}.weight"] = torch.randn(channel, before, 3, 3)
        state[f"features.{index}.bias"] = torch.randn(channel)
        before = channel
    widths = [before * 24, config.vggish_hidden, config.vggish_hidden, config.vggish_out]
    for layer, index in enumerate((0, 2, 4)):
        state[f"embeddings.{index}.weight"] = torch.randn(widths[layer + 1], widths[layer])
        state[f"embeddings.{index}.bias"] = torch.randn(widths[layer + 1])
    torch.save(state, path)
    return state


def test_public_vggish_loads(tmp_path: Path) -> None:
    config = dataclasses.replace(ModelConfig.debug(), vggish_norm="none")
    path = tmp_path / "vggish.pth"
    public = public_vggish(config, path)
    torch.save({**public, "pproc.pca_means": torch.zeros(4, 1)}, path)
    encoder = VGGish(config)
    load_public_vggish(encoder, path)
    assert set(encoder.state_dict()) == set(public)
    for key, value in encoder.state_dict().items():
        torch.testing.assert_close(value, public[key], rtol=0, atol=0)


def test_weights_for_another_network_change_nothing(tmp_path: Path, small_r50: ModelConfig) -> None:
    vggish_file, slowfast_file = tmp_path / "vggish.pth", tmp_path / "slowfast.pyth"
    config = dataclasses.replace(small_r50, vggish_norm="none")
    public_vggish(config, vggish_file)
    public_slowfast((16, 2), slowfast_file)
    encoder = SlowFast(small_r50)
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    for path in (vggish_file, slowfast_file):
        with pytest.raises(WeightsError, match=r"not for this SlowFast: \d+ entries differ"):
            load_public_slowfast(encoder, path)
    for key, value in encoder.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    narrow = VGGish(dataclasses.replace(config, vggish_width=1 / 8))
    with pytest.raises(WeightsError, match="not for this VGGish"):
        load_public_vggish(narrow, vggish_file)


def test_unsafe_missing_and_wrongly_hashed_files_are_refused(tmp_path: Path) -> None:
    encoder = VGGish(ModelConfig.debug())
    with pytest.raises(WeightsError, match=r"absent\.pth cannot be opened"):
        load_public_vggish(encoder, tmp_path / "absent.pth")
    torch.save({"code": Path("x")}, tmp_path / "program.pth")
    with pytest.raises(WeightsError, match="torch can open safely"):
        load_public_vggish(encoder, tmp_path / "program.pth")
    (tmp_path / "noise.pth").write_bytes(b"nothing of the sort")
    with pytest.raises(WeightsError, match="torch can open safely"):
        load_public_vggish(encoder, tmp_path / "noise.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="something else than named weights"):
        load_public_vggish(encoder, tmp_path / "list.pth")
    public_vggish(ModelConfig.debug(), tmp_path / "vggish-10086976.pth")
    with pytest.raises(WeightsError, match="hash is wrong"):
        load_public_vggish(encoder, tmp_path / "vggish-10086976.pth")
