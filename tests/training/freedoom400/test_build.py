"""Clips end to end, at the lowest cost: built, resumed after a kill, and checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mrcmv.media import Cancelled, UserError
from mrcmv.training.freedoom400 import build, check
from mrcmv.training.freedoom400.gameplay import light_table, visibility
from mrcmv.training.freedoom400.sounds import decode, facts
from mrcmv.training.freedoom400.tracks import Track

from .conftest import LENGTHS_S, OPTIONS, start_folder


def entries(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def rewrite(folder: Path, rows: list[dict]) -> None:
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_clips_are_whole(data: Path) -> None:
    rows = entries(data)
    assert [row["id"] for row in rows] == ["0000", "0001", "0002", "0003"]
    assert "test" in {row["split"] for row in rows}
    for row in rows:
        seconds = row["duration_s"]
        assert LENGTHS_S[0] - 0.5 <= seconds <= LENGTHS_S[1]
        assert facts(data / row["clip"])[0] == pytest.approx(seconds, abs=0.12)
        voice, rate = soundfile.read(data / row["voice"])
        assert (voice.ndim, rate) == (1, 24_000)
        assert len(voice) == round(seconds * rate)
        music, rate = soundfile.read(data / row["music"])
        assert music.shape == (round(seconds * 32_000), 2)
        heard = decode(data / row["clip"], start_s=0, length_s=99, rate=16_000, channels=1)
        assert np.sqrt(np.mean(heard**2)) > 0.03
        assert row["track"]["licence"] == "BSD-2-Clause"
        assert not list((data / "clips" / row["id"]).glob("*.game"))


def test_labels_are_measured_and_the_picture_moves(data: Path) -> None:
    for row in entries(data):
        labels = json.loads((data / row["labels"]).read_text())
        steps = round(row["duration_s"] * 2)
        assert {len(curve) for curve in labels["game"].values()} == {steps}
        assert {len(curve) for curve in labels["voice"].values()} == {steps}
        assert max(labels["game"]["motion"]) > 0.005
        assert 0.01 < np.mean(labels["game"]["light"]) < 0.95
        assert set(labels["music"]) >= {"centroid", "flux", "low", "onset_rate", "dynamics", "pulse"}
        assert all(line["words"] for line in labels["lines"])


def test_nothing_is_wrong_with_it(data: Path) -> None:
    report = check(data, lengths_s=(7.0, 10.0))
    assert report.problems == ()
    assert report.clips == 4
    assert report.as_dict()["ok"] is True
    assert "Nothing is wrong" in str(report)


def test_a_killed_build_goes_on_and_gives_the_same(data: Path, tmp_path: Path, packages: Path) -> None:
    """The clip under way is lost, the finished ones stay as they are, and the lost one comes out the same."""
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    shutil.move(folder / "clips" / "0002", folder / "clips" / "0002.partial")
    (folder / "clips" / "0002.partial" / "clip.mp4").write_bytes(b"half")
    shutil.rmtree(folder / "clips" / "0003")
    kept = (folder / "clips" / "0000" / "clip.mp4").stat().st_mtime_ns
    told: list[float] = []
    build(folder, clips=3, packages=packages, progress=told.append, **OPTIONS)  # type: ignore[arg-type]
    assert (folder / "clips" / "0000" / "clip.mp4").stat().st_mtime_ns == kept
    assert not (folder / "clips" / "0002.partial").exists()
    for name in ("labels.json", "voice.flac", "music.flac", "clip.json"):
        made, before = (root / "clips" / "0002" / name for root in (folder, data))
        assert made.read_bytes() == before.read_bytes()
    assert len(entries(folder)) == 3
    assert told[-1] == 1
    assert told == sorted(told)


def test_another_seed_needs_another_folder(data: Path, packages: Path) -> None:
    with pytest.raises(UserError, match="name a new folder"):
        build(data, clips=4, seed=1, packages=packages, **OPTIONS)  # type: ignore[arg-type]


def test_more_clips_than_music_is_a_mistake(tmp_path: Path, tracks: list[Track], packages: Path) -> None:
    with pytest.raises(UserError, match="at most --clips 6"):
        build(start_folder(tmp_path / "d", tracks), clips=7, packages=packages, **OPTIONS)  # type: ignore[arg-type]


def test_cancelling_leaves_no_half_clip(tmp_path: Path, tracks: list[Track], packages: Path) -> None:
    folder = start_folder(tmp_path / "d", tracks)

    def stop(done: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        build(folder, clips=3, packages=packages, progress=stop, **OPTIONS)  # type: ignore[arg-type]
    finished = [path for path in (folder / "clips").iterdir() if not path.name.endswith(".partial")]
    assert all((path / "clip.json").is_file() for path in finished)
    assert len(finished) < 3


def test_light_is_seen_in_the_game_and_on_the_screen() -> None:
    dim, usual, bright = (light_table(score) for score in (-2, 0, 2))
    assert dim[100] < usual[100] < bright[100]
    assert (dim[0], dim[255]) == (0, 255)
    assert visibility(-1) < visibility(0) == 8 < visibility(1)


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (lambda rows: rows[1]["track"].update(id=rows[0]["track"]["id"]), "is used 2 times"),
        (lambda rows: rows[1]["track"].update(licence="All rights reserved"), "licence"),
        (lambda rows: rows[1]["track"].update(title=""), "no title"),
        (lambda rows: [row.update(speaker="same") for row in rows], "'speaker'"),
        (lambda rows: [row.update(map="m", seed=1) for row in rows], "'map with seed'"),
        (lambda rows: rows[0].update(split="validation"), "not that of the plan"),
        (lambda rows: rows[0].update(duration_s=90.0), "is not between"),
        (lambda rows: rows[2].update(music="clips/none.flac"), "its music is missing"),
        (lambda rows: rows[2].update(labels="clips/none.json"), "its labels cannot be read"),
    ],
)
def test_planted_faults_are_found(data: Path, tmp_path: Path, plant, sentence: str) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("plan.json", "clips"):
        (folder / name).symlink_to(data / name)
    rows = entries(data)
    plant(rows)
    rewrite(folder, rows)
    report = check(folder, quick=True, lengths_s=(7.0, 10.0))
    assert not report.ok
    assert any(sentence in problem for problem in report.problems), report.problems


def test_faults_inside_clips_are_found(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    path = folder / "clips" / "0001" / "labels.json"
    labels = json.loads(path.read_text())
    labels["levels"]["voice_to_music_lu"] = 3.0
    labels["game"]["light"] = labels["game"]["light"][:-1]
    path.write_text(json.dumps(labels))
    line = labels["lines"][0]
    test = next(row["id"] for row in entries(data) if row["split"] == "test")
    other = folder / "clips" / test / "labels.json"
    theirs = json.loads(other.read_text())
    theirs["lines"].append(line)
    other.write_text(json.dumps(theirs))
    music, rate = soundfile.read(folder / "clips" / "0000" / "music.flac")
    soundfile.write(folder / "clips" / "0000" / "music.flac", music[:-rate], rate)
    problems = "\n".join(check(folder, lengths_s=(7.0, 10.0)).problems)
    assert "3.0 LU under the voice" in problems
    assert "game.light" in problems
    assert "'voice line'" in problems
    assert "its music is" in problems


def test_no_data_set_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="build one"):
        check(tmp_path)


def test_renditions_are_built_once_the_clips_are_and_the_check_knows_them(
    data: Path, tmp_path: Path, packages: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    build(folder, clips=2, renditions=1, packages=packages, **OPTIONS)  # type: ignore[arg-type]
    rows = {row["id"]: row for row in entries(folder)}
    more = [row for row in rows.values() if row.get("rendition")]
    assert more
    assert {row["split"] for row in more} == {"train"}
    for row in more:
        assert row["track"] == rows[row["id"][:4]]["track"]
        assert row["seed"] != rows[row["id"][:4]]["seed"]
    assert check(folder, lengths_s=(7.0, 10.0)).problems == ()
    rewrite(folder, [{**row, "split": "test"} if row.get("rendition") else row for row in rows.values()])
    assert any("rendition" in line for line in check(folder, lengths_s=(7.0, 10.0)).problems)
