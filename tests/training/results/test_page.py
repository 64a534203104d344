"""Ranks kept, means and intervals, and the page that is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.training.results.outcome import Outcome, load_outcomes
from mrcmv.training.results.page import RANKS, make_page
from mrcmv.training.results.perceptual import of_chance, of_first
from mrcmv.training.results.rows import read_rows
from mrcmv.training.results.summary import difference, line

CLIPS = 30


def matrix(strength: float, seed: int) -> np.ndarray:
    """The truth stands out from noise by ``strength``."""
    noise = np.random.default_rng(seed).standard_normal((CLIPS, CLIPS))
    return noise + strength * np.eye(CLIPS)


def outcome(row: str, seed: int, strength: float) -> Outcome:
    similarity = {"clean/both": matrix(strength, seed), "separated/both": matrix(strength + 1, seed + 50)}
    similarity["clean/picture"] = matrix(strength - 1, seed + 90)
    ids = [f"{number:04d}" for number in range(CLIPS)]
    engines = ["pico/en-US"] * 20 + ["pico/de-DE"] * 10
    about = {"seconds": 2.0, "engines": engines, "engines_in_training": ["pico/en-US"]}
    return Outcome.of(row, seed, ids, similarity, about)


def save(runs: Path, *outcomes: Outcome) -> Path:
    for each in outcomes:
        each.save(runs / each.row / f"seed{each.seed}")
    return runs


def test_ranks_and_first_are_those_of_the_matrix(tmp_path: Path) -> None:
    similarity = np.array([[0.9, 0.1, 0.2], [0.8, 0.3, 0.5], [0.0, 0.1, 0.2]])
    made = Outcome.of("r", 0, ["a", "b", "c"], {"clean/both": similarity}, {})
    judged = made.judged["clean/both"]
    assert judged.ranks == (1, 3, 1)
    assert judged.reverse == (1, 1, 3)
    assert judged.first == (0, 0, 2)
    made.save(tmp_path / "r" / "seed0")
    assert load_outcomes(tmp_path) == [made]


def test_a_mean_over_seeds_and_its_interval_over_clips() -> None:
    two = [outcome("heads", seed, 0.7) for seed in (0, 1)]
    said = line(two, "clean/both")
    each = [100 * np.mean(np.array(one.judged["clean/both"].ranks) <= 10) for one in two]
    assert said.recall[10].mean == pytest.approx(np.mean(each))
    assert said.recall[10].seeds_sd == pytest.approx(np.std(each, ddof=1))
    assert said.recall[10].low < said.recall[10].mean < said.recall[10].high
    assert said.separated is not None
    assert said.separated[10].mean >= said.recall[10].mean


def test_a_paired_difference_is_none_to_itself_and_settled_when_it_is_large() -> None:
    strong, weak = [outcome("heads", 0, 6.0)], [outcome("cca", 0, 0.0)]
    same = difference(strong, "clean/both", strong, "clean/both", 10)
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    ahead = difference(strong, "clean/both", weak, "clean/both", 10)
    assert ahead.low > 20
    assert difference(weak, "clean/both", strong, "clean/both", 10).mean == -ahead.mean


def test_results_of_different_clips_are_not_compared() -> None:
    other = Outcome.of("cca", 0, [f"x{n}" for n in range(CLIPS)], {"clean/both": matrix(1, 0)}, {})
    with pytest.raises(UserError, match="different clips"):
        difference([outcome("heads", 0, 1.0)], "clean/both", [other], "clean/both", 10)


def test_the_page_says_what_was_measured_and_is_made_again_from_the_ranks(tmp_path: Path) -> None:
    rows = [outcome("compact", seed, 3.0) for seed in range(2)]
    rows += [outcome("heads", 0, 2.5), outcome("no-cma", 0, 2.0), outcome("cca", 0, 1.0)]
    runs = save(tmp_path / "runs", *rows)
    save(runs / "transfer", outcome("compact", 0, 1.0))
    np.save(runs / "distances.npy", np.abs(matrix(0, 3)).astype(np.float64))
    page = make_page(runs, tmp_path / "page")
    text = page.read_text(encoding="utf-8")
    said = line(rows[:2], "clean/both").recall[10]
    assert f"{said.mean:.1f} [{said.low:.1f}, {said.high:.1f}]" in text
    assert "33.3" in text  # chance, R@10 of 30
    for heading in ("Methods", "paired", "Parts taken away", "By voice", "In another game"):
        assert heading in text
    assert "never heard in training" in text
    for name in ("recalls.png", "ablations.png", "ranks.png"):
        assert (tmp_path / "page" / name).stat().st_size > 5_000
    again = make_page(tmp_path / "page" / RANKS, tmp_path / "again")
    assert again.read_text(encoding="utf-8") == text
    assert (tmp_path / "again" / "recalls.png").read_bytes() == (
        tmp_path / "page" / "recalls.png"
    ).read_bytes()


def test_no_results_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run rows with"):
        load_outcomes(tmp_path)
    (tmp_path / "cca" / "seed0").mkdir(parents=True)
    (tmp_path / "cca" / "seed0" / "outcome.json").write_text(json.dumps({"row": "cca"}))
    with pytest.raises(UserError, match="run its row again"):
        load_outcomes(tmp_path)


def test_distance_of_the_first_is_nothing_when_it_is_right() -> None:
    table = 1 - np.eye(CLIPS)
    assert of_first([outcome("heads", 0, 50.0)], "clean/both", table).mean == 0
    assert of_chance(table) == pytest.approx(1 - 1 / CLIPS)


def test_every_row_can_be_configured() -> None:
    rows = read_rows()
    assert {"compact", "heads", "no-sa", "no-cma", "gate-sum", "gate-concat", "gate-sigmoid"} <= set(rows)
    for row in rows.values():
        assert row.title
        assert row.group
        if row.method == "network":
            config = row.train_config(3)
            assert config.seed == 3
            assert bool(config.finetune.epochs) == (row.stage == "whole")
    assert rows["gate-sigmoid"].train_config(0).model_options["gate"] == "sigmoid"
    assert rows["no-pseudo"].train_config(0).loss.pseudo_weight == 0
    assert not rows["no-renditions"].train_config(0).renditions
    assert rows["no-pretraining"].train_config(0).pretrain.voice_steps == 0


def test_a_misspelt_row_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.toml"
    path.write_text('[a]\nmethod = "network"\nsedes = 3\n')
    with pytest.raises(UserError, match="sedes"):
        read_rows(path)
