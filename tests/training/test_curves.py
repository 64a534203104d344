import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mrcmv.cli import app
from mrcmv.media import UserError
from mrcmv.training.curves import draw_curves, read_log, series_of, values


def row(stage: str, epoch: int, **said: float) -> dict[str, object]:
    return {"stage": stage, "epoch": epoch, **said}


ROWS = [
    *(row("pretrain-voice", i, loss=2 - 0.3 * i, score=0.3 * i, r_rate=0.1) for i in range(3)),
    row("heads", -1, score=0.5, picture_share=0.7, voice_share=0.3, **{"validation_R@10": 30.0}),
    *(
        row(
            "heads",
            i,
            rate=rate,
            loss=5 - i,
            active=0.9,
            margin=30.0,
            score=0.6,
            picture_share=0.6,
            voice_share=0.4,
        )
        for rate in (0.01, 0.001)
        for i in range(2)
    ),
    row("finetune", 0, loss=3.0, score=0.7, picture_share=0.5, voice_share=0.5, **{"validation_R@10": 50.0}),
]


def write(run: Path, rows: list[dict[str, object]]) -> Path:
    run.mkdir()
    (run / "metrics.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in rows))
    return run


def test_rows_are_sorted_by_stage_and_learning_rate(tmp_path: Path) -> None:
    found = series_of(read_log(write(tmp_path / "run", ROWS)))
    assert list(found) == ["pretrain-voice", "heads", "heads, rate 0.01", "heads, rate 0.001", "finetune"]
    assert values(found["heads, rate 0.01"], lambda row: row.get("loss")) == ([1.0, 2.0], [5.0, 4.0])
    assert values(found["heads"], lambda row: row.get("loss")) == ([], [])


def test_the_picture_shows_the_run_on_a_light_ground(tmp_path: Path) -> None:
    from matplotlib.image import imread

    run = write(tmp_path / "run", ROWS)
    result = CliRunner().invoke(app, ["train-report", str(run)])
    assert result.exit_code == 0, result.output
    assert "curves.png" in result.output
    picture = imread(run / "curves.png")[..., :3]
    assert picture.shape[0] > 1000
    assert picture.shape[1] > 1000
    assert picture.mean() > 0.9
    blue = np.abs(picture - np.array([0x1F, 0x5F, 0xA8]) / 255).max(axis=-1) < 0.02
    assert blue.sum() > 500  # the first line of every panel
    fewer = draw_curves(write(tmp_path / "few", ROWS[:1]), tmp_path / "few.png")
    assert (imread(fewer)[..., :3] != picture).any()
    assert not list(run.glob("*.partial"))


def test_a_folder_without_a_log_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no metrics"):
        draw_curves(tmp_path)
    with pytest.raises(UserError, match="no finished epoch"):
        draw_curves(write(tmp_path / "empty", []))
    (tmp_path / "empty" / "metrics.jsonl").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        draw_curves(tmp_path / "empty")
