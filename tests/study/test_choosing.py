"""Methods over a data set's own tracks, as the tables of results rank them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.model import ModelConfig, build, save_checkpoint
from mrcmv.study import Design
from mrcmv.study.parts import ClipItem
from mrcmv.study.stimuli.choosing import Choosers
from mrcmv.study.stimuli.pool import make_pool
from mrcmv.training.baselines import BASELINES
from mrcmv.training.results.network import judge_network
from tests.study.designs import small
from tests.training.synthetic import SIZE, make_data

METHODS = [
    {"name": "network", "kind": "checkpoint", "checkpoint": "checkpoints/tiny"},
    {"name": "picture", "kind": "checkpoint", "checkpoint": "checkpoints/tiny", "sees": "picture"},
    {"name": "cca", "kind": "baseline", "baseline": "cca", "seed": 3},
    {"name": "chance", "kind": "random"},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_data(tmp_path_factory.mktemp("base") / "data", {"train": 3, "validation": 2, "test": 4})
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    text = "".join(json.dumps({**line, "music": f"clips/{line['id']}/music.flac"}) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text)
    (folder / "prepared-112").symlink_to(folder / f"prepared-{SIZE}")  # where baselines look
    config = ModelConfig.debug()
    assert config.picture_size == SIZE
    save_checkpoint(folder.parent / "checkpoints", build(config, seed=0), "tiny", {})
    return folder


def nobody(*_: object) -> Any:
    raise AssertionError("The library's own ranking has no part in this.")


def over(data: Path, **changes: Any) -> tuple[Design, Choosers]:
    clips = [{"id": f"test-{n}", "file": f"{n}.mp4", "sha256": f"{n:064d}"} for n in range(4)]
    design = small(clips=clips, methods=METHODS, library={"data": "data", "split": "test"}, **changes)
    pool = make_pool(design, data.parent, None)  # type: ignore[arg-type]
    return design, Choosers(design, data.parent, pool, nobody, nobody)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ready(data: Path) -> tuple[Design, Choosers]:
    """Keeps what it judged."""
    return over(data)


def tracks(choosers: Choosers, design: Design, method: int, clip: int) -> list[str | None]:
    chosen = choosers.choose(design.methods[method], design.clips[clip], None)  # type: ignore[arg-type]
    assert all(each.start_s == 0.0 for each in chosen)
    return [each.track_id for each in chosen]


def test_the_pool_is_the_clean_music_of_the_split(data: Path) -> None:
    _, choosers = over(data)
    assert sorted(choosers.pool) == [f"track-test-{n}" for n in range(4)]
    assert choosers.pool["track-test-1"].sound == data / "clips" / "test-1" / "music.flac"


def test_a_checkpoint_ranks_as_in_the_results(data: Path, ready: tuple[Design, Choosers]) -> None:
    design, choosers = ready
    ids, similarity, _ = judge_network(data.parent / "checkpoints" / "tiny", data)
    for method, use in ((0, "both"), (1, "picture")):
        for clip in range(4):
            row = similarity[f"clean/{use}"][ids.index(f"test-{clip}")]
            expected = [f"track-{ids[place]}" for place in np.argsort(-row, kind="stable")]
            assert tracks(choosers, design, method, clip) == expected


def test_a_baseline_learns_from_train_clips_and_ranks_test_clips(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Fitted:
        def similarity(self, test: Sequence[Any], pool: str = "clean") -> np.ndarray:
            seen.append((len(test), pool))
            return np.eye(4, k=1, dtype=np.float32) + np.linspace(0, 0.1, 4, dtype=np.float32)

    def fit(train: Sequence[Any], validation: Sequence[Any], seed: int = 0) -> Fitted:
        seen.append((len(train), len(validation), seed))
        return Fitted()

    monkeypatch.setitem(BASELINES, "cca", fit)
    design, choosers = over(data)
    assert tracks(choosers, design, 2, 0) == ["track-test-1", "track-test-3", "track-test-2", "track-test-0"]
    assert tracks(choosers, design, 2, 3)[0] == "track-test-3"
    assert seen == [(3, 2, 3), (4, "clean")]  # learned once for all clips


def test_chance_comes_from_the_seed_and_differs_by_clip(data: Path) -> None:
    design, choosers = over(data)
    drawn = [tracks(choosers, design, 3, clip) for clip in range(4)]
    assert drawn == [tracks(choosers, design, 3, clip) for clip in range(4)]
    assert len({tuple(each) for each in drawn}) > 1
    other, others = over(data, seed=8)
    assert drawn != [tracks(others, other, 3, clip) for clip in range(4)]


def test_what_cannot_be_chosen_is_one_sentence(ready: tuple[Design, Choosers]) -> None:
    design, choosers = ready
    stranger = ClipItem(id="stranger", file=Path("a.mp4"))
    with pytest.raises(UserError, match="none of the data set's prepared clips"):
        choosers.choose(design.methods[0], stranger, None)  # type: ignore[arg-type]
    wrong = [*METHODS[:2], {"name": "cca", "kind": "baseline", "baseline": "nonsense"}]
    methods = small(
        clips=[each.model_dump(mode="json") for each in design.clips],
        methods=wrong,
        library={"data": "data"},
    ).methods
    with pytest.raises(UserError, match="There is no baseline nonsense"):
        choosers.choose(methods[2], design.clips[0], None)  # type: ignore[arg-type]
