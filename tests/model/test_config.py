"""The configuration: presets, JSON, and sentences for mistakes."""

import dataclasses
import json
from pathlib import Path

import pytest

from mrcmv.model import ConfigError, ModelConfig


def test_the_paper_preset_has_what_the_paper_states() -> None:
    paper = ModelConfig.paper()
    assert (paper.fast_frames, paper.slow_frames, paper.alpha) == (64, 8, 8)
    assert (paper.patches, paper.embedding, paper.gate, paper.head_rank) == (72, 512, "relu", 0)
    assert (paper.slowfast_depth, paper.vggish_width, paper.d_model, paper.heads) == (50, 1.0, 512, 8)
    assert paper.picture_channels == (2048, 256)


@pytest.mark.parametrize("name", ["paper", "compact", "debug"])
def test_json_keeps_every_field(name: str, tmp_path: Path) -> None:
    preset = ModelConfig.preset(name)
    (tmp_path / "config.json").write_text(preset.to_json())
    assert ModelConfig.read(tmp_path / "config.json") == preset
    assert set(json.loads(preset.to_json())) == {field.name for field in dataclasses.fields(preset)}
    assert (preset.embedding, preset.alpha, preset.patches) == (512, 8, 72)


def test_an_unknown_key_is_an_error_with_a_sentence() -> None:
    with pytest.raises(ConfigError) as near:
        ModelConfig.from_dict({"head_dropuot": 0.5})
    expected = "The model configuration has an unknown key “head_dropuot”: did you mean “head_dropout”?"
    assert str(near.value) == expected
    with pytest.raises(ConfigError, match=r"unknown key “zzz”: docs/model\.md lists the known ones\."):
        ModelConfig.from_dict({"zzz": 1})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("gate", "tanh", "one of relu, sigmoid, ones"),
        ("normalize", "batch", "one of layernorm, l2"),
        ("voice_norm", "loud", "one of none, level, clip"),
        ("heads", 0, "a whole number above 0"),
        ("heads", 2.5, "a whole number above 0"),
        ("heads", 7, "a multiple of heads"),
        ("head_dropout", 1.0, "from 0 to below 1"),
        ("picture_size", 100, "a multiple of 16"),
        ("fast_frames", 60, "a multiple of slow_frames"),
        ("slowfast_stem", [64, 16], "8 times the second"),
        ("slowfast_stem", 64, "wrong kind"),
        ("d_model", "many", "a whole number above 0"),
        ("head_dropout", "some", "wrong kind"),
    ],
)
def test_impossible_values_are_refused_with_the_field_s_name(field: str, value: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ModelConfig.from_dict({field: value})


def test_other_mistakes_read_plainly() -> None:
    with pytest.raises(ConfigError, match="choose one of paper, compact, debug"):
        ModelConfig.preset("huge")
    with pytest.raises(ConfigError, match="not valid JSON"):
        ModelConfig.from_json("{")
    with pytest.raises(ConfigError, match="one JSON object"):
        ModelConfig.from_json("[1]")
