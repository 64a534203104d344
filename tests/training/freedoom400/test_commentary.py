"""Words, speakers, delivery and the mix."""

from __future__ import annotations

import dataclasses
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mrcmv.training.freedoom400 import edit
from mrcmv.training.freedoom400.commentary import perform, pitch_curve, voice_labels
from mrcmv.training.freedoom400.lines import split_of, write_line
from mrcmv.training.freedoom400.plan import Block, ClipPlan, make_plan
from mrcmv.training.freedoom400.shouts import CAST, LONGEST_S
from mrcmv.training.freedoom400.shouts import WORDS as SHOUTED
from mrcmv.training.freedoom400.speakers import SPEAKERS, VOICE_RATE, speak
from mrcmv.training.freedoom400.tracks import Track

WORDS = "Well, we walk along this hall and enjoy the view."
ONE_OF_EACH = [SPEAKERS[0], SPEAKERS[3], SPEAKERS[-4]]


def plan_with(tracks: list[Track], delivery: float, seconds: float = 12.0) -> ClipPlan:
    """A plan of which only the delivery differs."""
    plan = make_plan(tracks, seed=2)[0]
    drive = dataclasses.replace(plan.drive, delivery=delivery, contrast=-2.0, pauses=0.5)
    blocks = (Block(0.0, seconds, 0.0, delivery),)
    return dataclasses.replace(plan, drive=drive, blocks=blocks, duration_s=seconds)


@pytest.mark.parametrize("speaker", ONE_OF_EACH, ids=lambda speaker: speaker.engine)
def test_rate_shortens_and_pitch_raises(speaker) -> None:  # type: ignore[no-untyped-def]
    plain, fast, high = (
        speak(speaker, WORDS, rate=rate, pitch=pitch, seed=1) for rate, pitch in ((1, 1), (1.3, 1), (1, 1.25))
    )
    assert len(fast) < 0.9 * len(plain)

    def median(sound: np.ndarray) -> float:
        curve = pitch_curve(sound, round(len(sound) / VOICE_RATE / 0.5))
        return float(np.median(curve[curve > 0]))

    assert median(high) / median(plain) == pytest.approx(1.25, rel=0.1)
    again = speak(speaker, WORDS, rate=1, pitch=1, seed=1)
    np.testing.assert_array_equal(plain, again)


def test_pitch_of_a_known_tone_is_found() -> None:
    time = np.arange(2 * VOICE_RATE) / VOICE_RATE
    saw = ((time * 130) % 1 - 0.5).astype(np.float32) * 0.3
    np.testing.assert_allclose(pitch_curve(saw, 4)[:3], 130, rtol=0.02)
    assert not pitch_curve(np.zeros(2 * VOICE_RATE, np.float32), 4).any()


def test_lines_belong_to_one_split_and_follow_the_mood() -> None:
    own = random.Random(1)
    for split in ("train", "test"):
        said = [write_line(own, energy=2, mood=-2, split=split) for _ in range(60)]
        assert {split_of(line) for line, _ in said} == {split}
        assert sum(mood == "excited, dark" for _, mood in said) > 50


def test_an_excited_delivery_is_louder_faster_and_labelled_so(tracks: list[Track]) -> None:
    means = {}
    for name, delivery in (("calm", -1.5), ("excited", 1.5)):
        plan = plan_with(tracks, delivery)
        commentary = perform(plan)
        assert len(commentary.sound) == 12 * VOICE_RATE
        assert np.abs(commentary.sound).max() < 1
        for line, following in zip(commentary.lines, commentary.lines[1:], strict=False):
            assert line.end_s < following.start_s
        labels = voice_labels(commentary, 24)
        assert {len(curve) for curve in labels.values()} == {24}
        speaking = np.array(labels["speaking"]) > 0.9
        assert speaking.any()
        means[name] = {key: np.mean(np.array(curve)[speaking]) for key, curve in labels.items()}
    assert means["excited"]["rate"] > 1.2 * means["calm"]["rate"]
    assert means["excited"]["loudness"] > means["calm"]["loudness"] + 4
    assert means["excited"]["arousal"] > means["calm"]["arousal"] + 2


def test_music_lies_as_far_under_the_voice_as_asked(tracks: list[Track], packages: Path) -> None:
    plan = plan_with(tracks, 0.5, seconds=8.0)
    track = next(track for track in tracks if track.id == plan.track)
    music = edit.read_music(track, packages, 8.0)
    assert music.shape == (8 * edit.MIX_RATE, 2)
    shots = np.random.default_rng(0).uniform(-1, 1, (8 * 22_050, 2)).astype(np.float32)
    mixed = edit.mix(plan, perform(plan).sound, music, shots)
    assert mixed.levels["voice_to_music_lu"] == pytest.approx(plan.voice_to_music_lu, abs=0.2)
    assert mixed.levels["mix_lufs"] == pytest.approx(edit.MASTER_LUFS, abs=0.7)
    assert mixed.levels["peak"] < 1
    ratio = mixed.music[edit.MIX_RATE : -2 * edit.MIX_RATE] / (
        music[edit.MIX_RATE : -2 * edit.MIX_RATE] + 1e-6
    )
    assert np.median(np.abs(ratio - np.median(ratio))) < 0.01


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """Voice packs of four shouts each, tones of half a second with silence round them."""
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(22_050) / 44_100)
    for voice in (*CAST["train"], *CAST["test"]):
        (tmp_path / voice).mkdir()
        for word in SHOUTED[:4]:
            soundfile.write(tmp_path / voice / f"{word}.ogg", np.pad(tone, 9_000), 44_100)
    return tmp_path


def test_people_shout_in_wild_clips_only_and_count_as_speaking(tracks: list[Track], voices: Path) -> None:
    wild, calm = (perform(plan_with(tracks, delivery, 24.0), voices) for delivery in (2.5, -2.0))
    assert wild.shouts
    assert not calm.shouts
    spans = sorted((each.start_s, each.end_s) for each in (*wild.lines, *wild.shouts))
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    labels = voice_labels(wild, 48)
    for shout in wild.shouts:
        assert shout.voice in CAST["train"]
        assert shout.words in SHOUTED[:4]
        assert 0.4 < shout.end_s - shout.start_s < LONGEST_S
        step = int((shout.start_s + shout.end_s) / 2 / 0.5)
        assert labels["speaking"][step] > 0.3
        assert labels["rate"][step] > 0
    again = perform(plan_with(tracks, 2.5, 24.0), voices)
    np.testing.assert_array_equal(again.sound, wild.sound)


def test_nobody_who_shouts_in_the_test_shouts_elsewhere() -> None:
    assert not set(CAST["train"]) & set(CAST["test"])
