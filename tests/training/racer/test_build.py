"""Clips end to end from footage that no game gave: built, continued, and checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.training.freedoom400 import check
from mrcmv.training.freedoom400.gameplay import Look
from mrcmv.training.freedoom400.plan import make_plan
from mrcmv.training.freedoom400.tracks import Track
from mrcmv.training.racer import builder
from mrcmv.training.racer.builder import build, race_plans
from mrcmv.training.racer.cutting import Cut, light_of
from mrcmv.training.racer.film import film, read_frames
from mrcmv.training.racer.takes import Take, read_bank

from ..freedoom400.conftest import LENGTHS_S, start_folder
from .conftest import SIZE, make_take

LOOK = Look(size=SIZE, preset="ultrafast", crf=20)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Take]:
    """Instead of races: footage as fast as it was asked to be wild."""
    made: list[Take] = []

    def record(take: Take, packages: Path, bank: Path) -> None:
        made.append(take)
        make_take(bank, take, seconds=60, speed=0.2 + 1.2 * take.wildness)

    monkeypatch.setattr(builder, "record_take", record)
    monkeypatch.setattr(builder, "programs", lambda packages: None)
    return made


def test_the_test_clips_are_built_and_pass_the_check(
    tmp_path: Path,
    packages: Path,
    tracks: list[Track],
    recorded: list[Take],
) -> None:
    options = {"packages": packages, "look": LOOK, "lengths_s": LENGTHS_S, "human_shouts": False}
    out = start_folder(tmp_path / "racer", tracks)
    manifest = build(out, clips=1, **options)  # type: ignore[arg-type]
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    doom = {plan.id: plan for plan in make_plan(tracks, 0, LENGTHS_S)}
    assert [row["split"] for row in rows] == ["test"]
    assert rows[0]["track"]["id"] == doom[rows[0]["id"]].track
    assert rows[0]["speaker"] == doom[rows[0]["id"]].speaker
    assert rows[0]["map"] == f"etr/{light_of(doom[rows[0]['id']].drive.light)}"
    labels = json.loads((out / rows[0]["labels"]).read_text())
    steps = round(rows[0]["duration_s"] * 2)
    assert {len(curve) for curve in labels["game"].values()} == {steps}
    assert set(labels["game"]["enemies"]) == {0.0}
    assert not labels["game_sound"]
    assert {take.split for take in recorded} == {"test"}
    assert check(out, lengths_s=(7.0, 10.0)).problems == ()

    # continued: what is there stays, nothing is recorded or cut anew
    count, cuts = len(recorded), (out / "cuts.json").read_text()
    before = (out / rows[0]["clip"]).read_bytes()
    shutil.rmtree(out / "clips" / rows[0]["id"])
    build(out, clips=1, **options)  # type: ignore[arg-type]
    assert len(recorded) == count
    assert (out / "cuts.json").read_text() == cuts
    assert (out / rows[0]["clip"]).read_bytes() == before
    with pytest.raises(UserError, match="at most --clips"):
        build(out, clips=99, **options)  # type: ignore[arg-type]


def test_two_builds_in_one_folder_are_refused(tmp_path: Path) -> None:
    with builder._alone(tmp_path), pytest.raises(UserError, match="Another build"), builder._alone(tmp_path):
        pass
    with builder._alone(tmp_path):  # free again
        assert (tmp_path / "build.lock").exists()


def test_all_splits_only_when_asked(tracks: list[Track]) -> None:
    plans = make_plan(tracks, 0, LENGTHS_S)
    assert {plan.split for plan in race_plans(plans, train=False)} == {"test"}
    assert len(race_plans(plans, train=True)) == len(plans)


def test_a_game_that_gives_nothing_is_said_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tracks: list[Track],
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(builder, "record_take", lambda take, packages, bank: asked.append(take.id))
    plans = race_plans(make_plan(tracks, 0, LENGTHS_S), train=False)
    with pytest.raises(UserError, match="too little footage"):
        builder.fill_bank(plans, tmp_path, tmp_path, seed=0, races=2, progress=lambda done: None)
    assert len(asked) >= builder.ROUNDS


def test_a_film_shows_its_cuts_in_order(tmp_path: Path, tracks: list[Track]) -> None:
    for name, speed in (("a", 0.2), ("b", 1.4)):
        make_take(tmp_path, Take(name, "test", "default/x", "sunny", 0.5, 0), seconds=20, speed=speed)
    bank = {footage.take.id: footage for footage in read_bank(tmp_path)}
    frames = [float(frame.mean()) for frame in read_frames(bank["a"].path, 100, 20, SIZE)]
    assert frames == pytest.approx([10 + 40 + number // 2 for number in range(100, 120)], abs=1.5)
    plan = make_plan(tracks, 0, LENGTHS_S)[0]
    count = round(plan.duration_s * 17.5)
    cuts = [Cut(plan.id, 70, count - 70, "b", 30), Cut(plan.id, 0, 70, "a", 120)]
    recording = film(plan, cuts, bank, tmp_path / "film.mp4", LOOK)
    shown = list(read_frames(tmp_path / "film.mp4", 0, count, SIZE))
    assert len(shown) == count
    assert shown[69].mean() > shown[75].mean() + 30  # late in one take, early in the other
    intensity = recording.labels["intensity"]
    assert max(intensity[:7]) < 0.4 < min(intensity[9:])
    assert {len(curve) for curve in recording.labels.values()} == {round(plan.duration_s * 2)}
    assert 0 < np.mean(recording.labels["motion"]) < 0.2
    assert recording.sound is None
