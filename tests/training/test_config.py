from pathlib import Path

import pytest

from mrcmv.media import UserError
from mrcmv.training.config import TrainConfig


def read(tmp_path: Path, text: str) -> TrainConfig:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return TrainConfig.read(path)


def test_keys_are_taken_over_and_the_rest_is_default(tmp_path: Path) -> None:
    config = read(tmp_path, 'seed = 3\n[loss]\nkind = "infonce"\nmargin = 40\n[heads]\nepochs = 7\n')
    assert (config.seed, config.loss.kind, config.loss.margin, config.heads.epochs) == (3, "infonce", 40.0, 7)
    assert config.loss.pseudo_weight == 0.1
    assert isinstance(config.loss.margin, float)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sed = 3", "unknown key “sed”"),
        ("[loss]\nmargn = 3", "unknown key “margn”"),
        ('[loss]\nkind = "magic"', "one of triplet, infonce"),
        ('seed = "3"', "seed must be int, not the str “3”"),
        ("[heads]\nepochs = true", "epochs must be int"),
        ("heads = 3", "heads must be a table"),
        ("seed = ", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, text)


def test_a_missing_file_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no training config named no\.toml"):
        TrainConfig.read(tmp_path / "no.toml")


def test_the_shipped_configs_can_be_read() -> None:
    import mrcmv.training

    folder = Path(mrcmv.training.__file__).parent / "configs"
    recipes = {path for path in folder.glob("*.toml") if path.name != "rows.toml"}  # those are results' rows
    assert {path.stem for path in recipes} >= {"compact", "compact-paper", "paper"}
    assert all(TrainConfig.read(path).name for path in recipes)
