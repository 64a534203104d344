"""Stimuli: what is chosen, equal tracks, equal loudness, names and files that tell nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mrcmv.media import UserError, measure_levels, probe, read_blocks
from mrcmv.recommender import Recommender
from mrcmv.study import Design
from mrcmv.study.manifest import FILE, SOUNDS, Manifest, read_manifest
from mrcmv.study.reading import sha256_of
from mrcmv.study.stimuli import make_stimuli
from mrcmv.study.stimuli.choosing import Choice
from mrcmv.study.stimuli.equal import settle
from tests.study.designs import small
from tests.web.clips import make_mp4

METHODS = [
    {"name": "network", "kind": "checkpoint"},
    {"name": "editors", "kind": "random-tags"},
    {"name": "chance", "kind": "random"},
    {"name": "silent", "kind": "none"},
]


def of(folder: Path, checkpoint: Path, **changes: Any) -> Design:
    clips = []
    for name, hertz in (("first", 330.0), ("second", 150.0)):
        path = folder / f"{name}-boss-fight.mp4"
        if not path.is_file():
            make_mp4(path, seconds=3, tone_hz=hertz)
        clips.append({"id": name, "file": path.name, "sha256": sha256_of(path), "tags": ["Calm"]})
    methods = [{**each} for each in METHODS]
    methods[0]["checkpoint"] = str(checkpoint)
    usual = {
        "clips": clips,
        "methods": methods,
        "session": {"trials": 2},
        "sound": {"keep": "original"},
    }
    return small(**{**usual, **changes})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, debug_checkpoint: Path, debug_home: Path) -> Manifest:
    folder = tmp_path_factory.mktemp("stimuli")
    recommender = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    return make_stimuli(of(folder, debug_checkpoint), folder, folder / "out", lambda checkpoint: recommender)


def test_every_clip_has_every_method_and_the_manifest_is_read_again(made: Manifest) -> None:
    assert [(each.clip_id, each.method) for each in made.stimuli] == [
        (clip, method["name"]) for clip in ("first", "second") for method in METHODS
    ]
    again = read_manifest(made.folder)
    assert again.stimuli == made.stimuli
    assert again.design.hash == made.design.hash
    assert made.problems() == []
    assert (made.folder / FILE).stat().st_mode & 0o077 == 0
    assert [each.track_id for each in made.stimuli if each.method == "silent"] == ["", ""]


def test_tracks_under_tags_have_one_of_them(made: Manifest) -> None:
    from mrcmv.library import Library

    library = Library.open(made.folder)
    for each in made.stimuli:
        if each.method == "editors":
            assert "calm" in {library.get(each.track_id).mood, *library.get(each.track_id).tags}


def test_all_sound_alike_in_loudness_length_and_form(made: Manifest) -> None:
    for clip in ("first", "second"):
        facts, levels = [], []
        for each in made.stimuli:
            if each.clip_id == clip:
                path = made.path(each)
                found = probe(path)
                assert found.picture is not None
                assert found.sound is not None
                facts.append((found.picture.codec, found.sound.codec, found.sound.rate, found.duration_s))
                # 44.1 kHz as the mix has it, measured anew on the finished file
                levels.append(measure_levels(read_blocks(path, 44_100), 3 * 44_100))
                assert levels[-1].lufs == pytest.approx(each.lufs, abs=0.1)
                assert levels[-1].true_peak_db <= -0.5
        assert len(set(facts)) == 1
        loud = [level.lufs for level in levels]
        assert max(loud) - min(loud) <= 0.5
        assert len({round(level.duration_s, 3) for level in levels}) == 1


def test_files_tell_nothing(made: Manifest) -> None:
    secret = {each["name"] for each in METHODS} | {"boss", "fight", "first", "second"}
    for each in made.stimuli:
        secret |= {word for word in (each.track_id, each.title, each.artist) if word}
        path = made.path(each)
        assert re.fullmatch(r"[0-9a-f]{32}\.mp4", path.name)
        assert probe(path).tags == {}
        assert path.stat().st_mtime == 946_684_800
    for path in (made.folder / SOUNDS).iterdir():
        content = path.read_bytes().lower()
        for word in secret:
            assert word.lower().encode() not in content
        for word in (b"lavf", b"lavc", b"\xa9cmt", b"\xa9nam", b"music:"):
            assert word not in content
    assert len({each.id for each in made.stimuli}) == len(made.stimuli)


def test_a_second_run_keeps_what_is_there_and_mends_what_is_not(made: Manifest, debug_home: Path) -> None:
    recommender = Recommender(made.design.methods[0].checkpoint, device="cpu", home=debug_home)  # type: ignore[union-attr]
    broken, kept = made.path(made.stimuli[0]), made.path(made.stimuli[-1])
    before = os.stat(kept).st_ino
    broken.write_bytes(b"broken")
    stray = made.folder / SOUNDS / ("0" * 32 + ".mp4")
    stray.write_bytes(b"of a run that was stopped")
    again = make_stimuli(made.design, made.folder.parent, made.folder, lambda checkpoint: recommender)
    assert [each.track_id for each in again.stimuli] == [each.track_id for each in made.stimuli]
    assert again.problems() == []
    assert os.stat(kept).st_ino == before
    assert not stray.exists()
    assert [each.id for each in again.stimuli] == [each.id for each in made.stimuli]


def test_a_silent_stimulus_is_refused_and_the_clip_is_named(
    tmp_path: Path, debug_checkpoint: Path, debug_home: Path
) -> None:
    make_mp4(tmp_path / "first-boss-fight.mp4", seconds=3, sound=False)
    design = of(tmp_path, debug_checkpoint, methods=METHODS[2:])
    recommender = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    with pytest.raises(UserError, match=r"Clip first: A stimulus would be silent"):
        make_stimuli(design, tmp_path, tmp_path / "out", lambda checkpoint: recommender)


RANKED = {
    "a": [Choice("x"), Choice("y")],
    "b": [Choice("x"), Choice("y"), Choice("z")],
    "c": [Choice("x"), Choice("y"), Choice("z")],
    "d": [Choice(None)],
}


def three(treatment: str, **more: Any) -> Design:
    methods = [{"name": name, "kind": "random"} for name in "abc"] + [{"name": "d", "kind": "none"}]
    return small(methods=methods, comparison={"kind": "pairs", "equal_top1": treatment, **more})


@pytest.mark.parametrize("treatment", ["skip", "tie"])
def test_equal_tracks_are_named_with_their_treatment(treatment: str) -> None:
    settled, equal = settle(three(treatment), "clip-0", RANKED)
    assert [each.choice.track_id for each in settled.values()] == ["x", "x", "x", None]
    assert [(each.first, each.second, each.treatment) for each in equal] == [
        ("a", "b", treatment),
        ("a", "c", treatment),
        ("b", "c", treatment),
    ]


def test_the_next_best_track_is_taken_and_told() -> None:
    settled, equal = settle(three("next-best"), "clip-0", RANKED)
    assert [(each.choice.track_id, each.rank) for each in settled.values()] == [
        ("x", 1),
        ("y", 2),
        ("z", 3),
        (None, 1),
    ]
    assert {each.treatment for each in equal} == {"next-best"}
    assert ("a", "b") in {(each.first, each.second) for each in equal}
    short = {**RANKED, "b": [Choice("x")], "c": [Choice("y")]}
    settled, equal = settle(three("next-best"), "clip-0", short)
    assert settled["b"].choice.track_id == "x"
    assert [(each.first, each.second, each.treatment) for each in equal] == [("a", "b", "skip")]


def test_only_methods_that_meet_have_to_differ() -> None:
    settled, equal = settle(three("next-best", against="a"), "clip-0", RANKED)
    assert [each.choice.track_id for each in settled.values()] == ["x", "y", "y", None]
    assert len(equal) == 2
