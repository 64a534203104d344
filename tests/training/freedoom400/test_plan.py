"""The plan: what drives what, how the splits lie, and that a seed decides everything."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from mrcmv.training.freedoom400.descriptors import Descriptors
from mrcmv.training.freedoom400.plan import LENGTHS_S, make_plan, split_of, spoken_anew
from mrcmv.training.freedoom400.rule import FACTORS, LINKS, drives, factors
from mrcmv.training.freedoom400.speakers import SPEAKERS, cast
from mrcmv.training.freedoom400.tracks import Track


def make_tracks(count: int, track: Track) -> list[Track]:
    """Tracks with random descriptors."""
    numbers = np.random.default_rng(3).standard_normal((count, 6))
    return [
        dataclasses.replace(track, id=f"t{row}", descriptors=Descriptors(*map(float, numbers[row])))
        for row in range(count)
    ]


def test_splits_are_those_of_the_paper_and_any_prefix_is_usable() -> None:
    splits = [split_of(place) for place in range(401)]
    counts = Counter(splits)
    assert counts["test"] == 131
    assert counts["train"] + counts["validation"] == 270
    assert 24 <= counts["validation"] <= 30
    for prefix in (30, 100, 230):
        share = splits[:prefix].count("test") / prefix
        assert share == pytest.approx(131 / 401, abs=0.03)


def test_links_have_the_published_strength(tracks: list[Track]) -> None:
    many = [track.descriptors for track in make_tracks(3000, tracks[0])]
    scores, driven = factors(many), drives(many, seed=1)
    for name, (factor, strength) in LINKS.items():
        values = [getattr(drive, name) for drive in driven]
        assert np.corrcoef(values, scores[factor])[0, 1] == pytest.approx(strength, abs=0.04)
        assert np.std(values) == pytest.approx(1, abs=0.05)
    assert abs(np.corrcoef(scores["arousal"], scores["brightness"])[0, 1]) < 0.05
    assert set(scores) == set(FACTORS)


def test_same_seed_same_plan_and_another_seed_another(tracks: list[Track]) -> None:
    some = make_tracks(40, tracks[0])
    first = make_plan(some, seed=5)
    assert first == make_plan(some, seed=5)
    other = make_plan(some, seed=6)
    assert [clip.track for clip in first] != [clip.track for clip in other]


def test_every_track_once_blocks_fill_the_clip_and_speakers_keep_to_their_split(tracks: list[Track]) -> None:
    plans = make_plan(make_tracks(200, tracks[0]), seed=0)
    assert len({plan.track for plan in plans}) == 200
    assert len({plan.seed for plan in plans}) == 200
    for plan in plans:
        assert LENGTHS_S[0] - 1 <= plan.duration_s <= LENGTHS_S[1]
        assert plan.blocks[0].start_s == 0
        assert plan.blocks[-1].end_s == plan.duration_s
        assert len(plan.blocks) in (2, 3)
        assert plan.block_at(plan.duration_s + 1) is plan.blocks[-1]
        names = {speaker.name for speaker in cast("test" if plan.split == "test" else "train")}
        assert plan.speaker in names


def test_dynamics_make_blocks_contrast_more(tracks: list[Track]) -> None:
    plans = make_plan(make_tracks(300, tracks[0]), seed=0)
    spread = [np.std([block.game for block in plan.blocks]) for plan in plans]
    assert np.corrcoef(spread, [plan.drive.contrast for plan in plans])[0, 1] > 0.7


def test_at_least_ten_speakers_and_voices_of_test_that_train_never_hears() -> None:
    assert len(SPEAKERS) >= 10
    train, test = cast("train"), cast("test")
    assert not {speaker.name for speaker in train} & {speaker.name for speaker in test}
    assert {speaker.voice for speaker in test} - {speaker.voice for speaker in train} == {"de-DE", "es-ES"}


def test_renditions_are_of_train_only_with_noise_of_their_own(tracks: list[Track]) -> None:
    some = make_tracks(200, tracks[0])
    first = {plan.track: plan for plan in make_plan(some, seed=0)}
    more = make_plan(some, seed=0, rendition=1)
    assert {plan.track for plan in more} == {plan.track for plan in first.values() if plan.split == "train"}
    assert {plan.split for plan in more} == {"train"}
    assert not {plan.seed for plan in more} & {plan.seed for plan in first.values()}
    for plan in more:
        assert plan.id == first[plan.track].id + "r1"
        assert plan.drive.factors == first[plan.track].drive.factors
        assert plan.drive.game != first[plan.track].drive.game
    assert more == make_plan(some, seed=0, rendition=1)
    assert more != make_plan(some, seed=0, rendition=2)


def test_spoken_anew_only_the_speaker_of_test_clips_changes(tracks: list[Track]) -> None:
    plans = make_plan(make_tracks(120, tracks[0]), seed=0)
    anew = spoken_anew(plans)
    before = [plan for plan in plans if plan.split == "test"]
    assert [dataclasses.replace(plan, speaker="") for plan in anew] == [
        dataclasses.replace(plan, speaker="") for plan in before
    ]
    assert {plan.speaker for plan in anew} == {speaker.name for speaker in cast("unheard")}
    assert not {speaker.engine for speaker in cast("unheard")} & {
        speaker.engine for speaker in (*cast("train"), *cast("test"))
    }
