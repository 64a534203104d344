"""The racer's eyes and hands, and the way to the start of a race, without a game."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from mrcmv.training.racer.pilot import STUCK_S, Pilot, optical_speed, shrink
from mrcmv.training.racer.programs import _relocate
from mrcmv.training.racer.stage import clock_runs, corners, framebuffer, framed, link_data


def scene(shift: float, contrast: float = 1.0) -> np.ndarray:
    across, down = np.meshgrid(np.arange(80), np.arange(60))
    waves = np.sin((across - shift) / 4) + np.sin((down + shift) / 5)
    return (0.5 + 0.1 * contrast * waves).astype(np.float32)


def test_optical_speed_is_the_picture_s_and_not_its_light() -> None:
    assert optical_speed(scene(0), scene(0)) == 0
    slow, fast = optical_speed(scene(0), scene(0.4)), optical_speed(scene(0), scene(0.8))
    assert fast == pytest.approx(2 * slow, rel=0.1)
    assert optical_speed(scene(0, 2.0), scene(0.4, 2.0)) == pytest.approx(slow, rel=0.15)


def test_shrink_means_four_by_four() -> None:
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[:4, :4] = 255
    small = shrink(frame)
    assert small.shape == (60, 80)
    assert (small[0, 0], small[0, 1]) == (1.0, 0.0)


def held(wildness: float, speed: float, seconds: float = 40) -> dict[str, float]:
    """How often each key is down at a given speed, as parts of the time."""
    pilot, counts = Pilot(wildness, 1), {}
    count = round(seconds * 17.5)
    for number in range(count):
        for key in pilot.act(scene(number), speed):
            counts[key] = counts.get(key, 0) + 1 / count
    return counts


def test_the_calm_brake_and_the_wild_paddle_and_jump() -> None:
    calm, wild = held(0.05, 1.0), held(0.95, 1.0)
    assert calm.get("Down", 0) > 0.8
    assert "space" not in calm
    assert wild.get("Down", 0) == 0
    assert wild["Up"] > 0.8
    assert wild["space"] > 0.1
    assert wild["t"] > 0.05
    assert wild["Left"] + wild["Right"] > calm.get("Left", 0) + calm.get("Right", 0)


def test_who_is_stuck_is_set_back() -> None:
    pilot = Pilot(0.5, 0)
    keys = [pilot.act(scene(0), 0.0) for _ in range(round((STUCK_S + 1) * 17.5))]
    assert {"r"} in keys
    assert keys.index({"r"}) >= STUCK_S * 17.5 - 1


def test_menus_are_told_apart() -> None:
    menu = np.full((240, 320, 3), (200, 220, 250), np.uint8)
    menu[73, :216] = (255, 202, 24)
    assert framed(menu, 73)
    assert not framed(menu, 132)
    race = np.full((240, 320, 3), 90, np.uint8)
    assert np.abs(corners(menu) - corners(race)).mean() > 20
    assert not clock_runs(race)
    race[20:40, 10:30] = (255, 210, 30)
    assert clock_runs(race)


def test_the_display_s_file_is_read(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (4, 6, 4), dtype=np.uint8)
    head = [0] * 25
    head[0], head[4], head[5], head[12], head[19] = 160, 6, 4, 32, 2
    rows = b"".join(row.tobytes() + b"\0" * 8 for row in picture)
    path = tmp_path / "screen"
    path.write_bytes(struct.pack(">25I", *head).ljust(160, b"\0") + b"\0" * 24 + rows)
    assert np.array_equal(framebuffer(path), picture)


def test_a_race_s_data_knows_one_course_and_one_light(tmp_path: Path) -> None:
    source = tmp_path / "games"
    for folder in ("courses/default/hill", "courses/default/lake", "env/etr/sunny", "env/etr/night", "music"):
        (source / folder).mkdir(parents=True)
        (source / folder / "mark.txt").write_text(folder)
    (source / "env/environment.lst").write_text("places")
    link_data(source, tmp_path / "etr", "default/lake", "night")
    made = tmp_path / "etr"
    assert (made / "env/etr/sunny/mark.txt").read_text() == "env/etr/night"
    assert (made / "music/mark.txt").read_text() == "music"
    assert (made / "env/environment.lst").read_text() == "places"
    assert [path.name for path in sorted((made / "courses/default").iterdir())] == ["courses.lst", "lake"]
    assert "[dir] lake" in (made / "courses/default/courses.lst").read_text()
    assert "[group] default [course] lake" in (made / "courses/events.lst").read_text()


def test_a_program_s_folder_is_moved_without_changing_lengths(tmp_path: Path) -> None:
    program = tmp_path / "etr"
    program.write_bytes(b"abc\0/usr/share/games\0xyz")
    _relocate(program, b"/usr/share/games\0", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"abc\0." + b"/" * 15 + b"\0xyz"
    program.write_bytes(b"abc\0/usr/bin\0xyz")
    _relocate(program, b"\0/usr/bin\0", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"abc\0./xbin//\0xyz"
    with pytest.raises(OSError, match="not the version"):
        _relocate(tmp_path / "copy", b"\0/usr/bin\0", tmp_path / "other")
