"""What is known of training clips: renditions share the track and the pseudo labels of their original."""

from __future__ import annotations

import json
from pathlib import Path

from mrcmv.training.loop import clips_of, train
from mrcmv.training.truth import Truth, truth_of

from .synthetic import SIZE, make_data, small_config


def with_a_rendition(folder: Path) -> Path:
    """Four clips of train and a further one to the track of the first."""
    data = make_data(folder, {"train": 4, "validation": 2})
    rows = [json.loads(line) for line in (data / "manifest.jsonl").read_text().splitlines()]
    prepared = data / f"prepared-{SIZE}"
    (prepared / "train-0r1.npz").write_bytes((prepared / "train-0.npz").read_bytes())
    rows.append({**rows[0], "id": "train-0r1", "rendition": 1})
    (data / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return data


def test_renditions_can_be_left_out_of_training(tmp_path: Path) -> None:
    data = with_a_rendition(tmp_path / "data")
    for wanted, clips in ((True, 5), (False, 4)):
        checkpoint = train(small_config(renditions=wanted), data, tmp_path / f"run-{wanted}")
        assert json.loads((checkpoint / "metrics.json").read_text())["metrics"]["clips"]["train"] == clips


def test_a_rendition_has_the_labels_of_its_original(tmp_path: Path) -> None:
    data = with_a_rendition(tmp_path / "data")
    prepared = data / f"prepared-{SIZE}"
    clips = clips_of(data, prepared, "train")
    names = [item.id for item in clips.items]
    truth, _ = truth_of(clips)
    again = Truth.from_state(truth.state())
    for known in (truth, again):
        label = {name: int(known.label([place], [0.0])[0]) for place, name in enumerate(names)}
        assert label["train-0r1"] == label["train-0"]
        assert len({label["train-0"], label["train-1"], label["train-2"]}) == 3
        track = dict(zip(names, known.tracks.tolist(), strict=True))
        assert track["train-0r1"] == track["train-0"] != track["train-1"]
