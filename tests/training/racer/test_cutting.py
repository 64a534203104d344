"""Shots after a plan, footage for them, and the takes that are recorded when there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mrcmv.training.freedoom400.plan import Block, ClipPlan
from mrcmv.training.freedoom400.rule import Drive
from mrcmv.training.racer.cutting import COURSES, LIGHTS, SHOTS_S, Cut, choose, light_of, shots_of, takes_for
from mrcmv.training.racer.takes import Footage, Take, intensity_of, usable_frames

DRIVE = Drive(0, 0, light=1.0, pitch=0, cuts=0, pauses=0, contrast=0, factors={})


def make_plan(name: str = "0003", *, cuts: float = 0.0, light: float = 1.0, split: str = "test") -> ClipPlan:
    return ClipPlan(
        id=name, split=split, seed=int(name), duration_s=44.0, track="t", wad="etr", map="sunny",
        speaker="ada", voice_to_music_lu=12.0, blocks=(Block(0.0, 20.0, -1.5, 0), Block(20.0, 44.0, 1.5, 0)),
        drive=replace(DRIVE, cuts=cuts, light=light),
    )  # fmt: skip


def footage(
    name: str, level: float, *, seconds: float = 100.0, light: str = "sunny", split: str = "test"
) -> Footage:
    count = round(seconds * 17.5)
    intensity = level + 0.05 * np.sin(np.arange(count) / 50)
    take = Take(name, split, "default/x", light, level, 0)
    return Footage(take, Path(name), intensity, np.ones(count, bool))


def test_shots_cover_the_clip_and_follow_the_drive_for_cuts() -> None:
    slow, fast = shots_of(make_plan(cuts=-2)), shots_of(make_plan(cuts=2))
    for shots in (slow, fast):
        assert [shot.start for shot in shots] == [0, *np.cumsum([shot.frames for shot in shots])[:-1]]
        assert sum(shot.frames for shot in shots) == 770
        assert 350 in {shot.start for shot in shots}  # between the blocks
        assert all(SHOTS_S[0] * 17.5 <= shot.frames <= SHOTS_S[1] * 17.5 + 1 for shot in shots)
        assert {round(shot.wanted, 3) for shot in shots if shot.start < 350} == {0.067}
        assert {round(shot.wanted, 3) for shot in shots if shot.start >= 350} == {0.933}
    assert len(fast) > 2.5 * len(slow)
    assert fast == shots_of(make_plan(cuts=2))


def test_lights_go_from_dark_to_bright() -> None:
    assert [light_of(score) for score in (-2.0, -0.3, 0.3, 2.0)] == list(LIGHTS)


def test_wild_shots_get_wild_footage_and_no_frame_twice() -> None:
    bank = [footage("calm", 0.1), footage("middle", 0.4), footage("wild", 0.8)]
    shots = [shot for name in ("0003", "0006") for shot in shots_of(make_plan(name))]
    cuts, unmet = choose(shots, bank)
    assert not unmet
    wanted = {(shot.clip, shot.start): shot.wanted for shot in shots}
    used = {name: np.zeros(1750, int) for name in ("calm", "middle", "wild")}
    for cut in cuts:
        assert cut.take == ("wild" if wanted[cut.clip, cut.start] > 0.5 else "calm")
        used[cut.take][cut.first : cut.first + cut.frames] += 1
    assert max(int(counts.max()) for counts in used.values()) == 1
    more, _ = choose(shots_of(make_plan("0009")), bank, taken=cuts)
    for cut in more:
        used[cut.take][cut.first : cut.first + cut.frames] += 1
    assert max(int(counts.max()) for counts in used.values()) == 1


def test_footage_of_another_light_or_split_is_not_taken() -> None:
    shots = shots_of(make_plan())
    for bank in ([footage("a", 0.5, light="night")], [footage("b", 0.5, split="train")], []):
        cuts, unmet = choose(shots, bank)
        assert not cuts
        assert len(unmet) == len(shots)
    cuts, _ = choose(shots_of(make_plan(split="validation")), [footage("b", 0.5, split="train")])
    assert cuts


def test_shots_without_footage_ask_for_takes_as_wild_as_they_are() -> None:
    shots = [shot for name in ("0001", "0002", "0003", "0004") for shot in shots_of(make_plan(name))]
    dark = shots_of(make_plan("0005", light=-2.0, split="train"))
    takes = takes_for([*shots, *dark], 7, seed=0)
    bright = [take for take in takes if take.light == "sunny"]
    assert {take.wildness for take in bright} == {0.067, 0.933}
    assert {(take.split, take.light) for take in takes} == {("test", "sunny"), ("train", "night")}
    assert sorted(int(take.id[-3:]) for take in takes) == list(range(7, 7 + len(takes)))
    many = sorted(takes_for(shots * 20, 0, seed=0), key=lambda take: take.id)
    assert {take.course for take in many[: len(COURSES)]} == set(COURSES)
    assert (
        abs(np.corrcoef([take.wildness for take in many], [COURSES.index(t.course) for t in many])[0, 1])
        < 0.4
    )


def test_what_may_be_shown_of_a_take() -> None:
    speeds = np.full(1000, 0.6)
    speeds[300:380] = 0.01  # stuck
    speeds[500:509] = 0.0  # the machine hitched
    contrasts = np.full(1000, 0.2)
    contrasts[600:660] = 0.01  # a wall
    good = usable_frames(speeds, contrasts, [800])
    assert not good[:26].any()
    assert not good[310:370].any()
    assert not good[500:509].any()
    assert not good[605:655].any()
    assert not good[750:825].any()
    assert not good[-17:].any()
    assert good[[100, 450, 520, 700, 900]].all()


def test_intensity_grows_with_speed_and_keys() -> None:
    calm, fast = intensity_of([0.2] * 40, [0.1] * 40), intensity_of([1.4] * 40, [0.1] * 40)
    busy = intensity_of([0.2] * 40, [0.9] * 40)
    assert calm[20] < busy[20] < fast[20] <= 1
    assert intensity_of([99.0] * 40, [9.0] * 40).max() == pytest.approx(1.0)


def test_a_cut_is_plain_data() -> None:
    assert Cut(**vars(Cut("0001", 0, 30, "a", 60))) == Cut("0001", 0, 30, "a", 60)
