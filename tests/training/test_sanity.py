"""The criterion of the sanity check, on answers whose fit is plain."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.sanity import WISHES, Answer, by_chance, granted, mood_fits, percentiles, report
from benchmarks.sanity_clips import CLIPS
from mrcmv.library import Rights, Track
from mrcmv.media import Clip, Speech
from mrcmv.suggestions import Suggestions
from mrcmv.training.freedoom400.descriptors import Descriptors
from mrcmv.training.freedoom400.speakers import cast

FOUND = Suggestions(
    clip=Clip.__new__(Clip),
    speech=Speech(((0.0, 1.0),)),
    voice=Path("voice.wav"),
    picture_share=0.6,
    voice_share=0.4,
    matches=(),
    timings_s={},
    checkpoint_name="toy",
    checkpoint_sha256="0" * 64,
)


def track(number: int, mood: str = "") -> Track:
    rights = Rights.state("MIT", source="here")
    return Track(f"t{number}", f"Song {number}", "Nobody", "0", "own", rights, 40.0, mood=mood)


def answer(name: str, arousal: float, moods: str, brightness: float = 0.5) -> Answer:
    """Moods by their first letters."""
    words = {word[0]: word for word in ("calm", "energetic", "happy", "nostalgic", "tender")}
    starter = tuple(track(number, words[letter]) for number, letter in enumerate(moods))
    game = tuple(track(number) for number in range(5))
    means = {"arousal": arousal, "brightness": brightness, "beat": 0.6}
    return Answer(name, FOUND, starter, game, means)


def all_answers(arousal: float) -> dict[str, Answer]:
    found = {name: answer(name, arousal, "ehhct") for name in WISHES}
    found["calm voice, calm picture"] = answer("calm voice, calm picture", 0.2, "cctth")
    found["excited voice, firefight"] = answer("excited voice, firefight", 0.8, "eehhc")
    return found


def test_every_clip_has_a_wish_and_a_speaker_of_the_test() -> None:
    written = {clip.name for clip in CLIPS}
    assert len(written) == len(CLIPS) == 10
    assert written | {name for name in WISHES if name.startswith("example")} == set(WISHES)
    assert {clip.speaker for clip in CLIPS if clip.lines} == {speaker.name for speaker in cast("test")}
    assert all(34 <= clip.duration_s <= 36 for clip in CLIPS)


def test_high_low_and_between_are_judged_as_written_down() -> None:
    others = all_answers(0.6)
    assert granted(others["no voice, firefight"], others) == {"arousal": True}
    assert granted(others["no voice, calm picture"], others) == {"arousal": False}
    assert granted(others["calm voice, firefight"], others) == {"arousal": True}
    beyond = replace(others["calm voice, firefight"], means={"arousal": 0.9})
    assert granted(beyond, others) == {"arousal": False}
    sad = answer("sad, dark, slow", 0.3, "cctth", brightness=0.7)
    assert granted(sad, others) == {"arousal": True, "brightness": False}


def test_three_of_five_moods_decide_and_chance_is_counted() -> None:
    assert mood_fits(answer("excited voice, firefight", 0.5, "ehhct")) is True
    assert mood_fits(answer("excited voice, firefight", 0.5, "ehcct")) is False
    assert mood_fits(answer("calm voice, firefight", 0.5, "ehcct")) is None
    assert by_chance(28, 11) == pytest.approx(0.290, abs=0.001)
    assert by_chance(28, 11) + by_chance(28, 17) == pytest.approx(1.0)


def test_percentiles_follow_the_rule() -> None:
    sounds = [Descriptors(6 + 0.1 * n, -2 + 0.1 * n, -1.0, 3 + n, 10.0, 0.5) for n in range(8)]
    arousal = percentiles(sounds)["arousal"]
    assert list(arousal) == sorted(arousal)
    assert arousal[0] == pytest.approx(1 / 16)
    assert arousal[-1] == pytest.approx(15 / 16)


def test_the_report_counts_failures_too() -> None:
    moods = Counter(calm=5, energetic=5, happy=6, nostalgic=6, tender=6)
    text = report(list(all_answers(0.6).values()), 131, moods)
    first = text[: text.index("## The tracks")]
    rows = {line.split("|")[1].strip(): line for line in first.splitlines() if line.startswith("| ")}
    assert "| ✗ |" in rows["no voice, calm picture"]
    assert "| ✓✓ |" in rows["fast commentary, many cuts"]
    assert "high or low: 7 of 13 wishes" in text
    assert "2 of 2 lie in between" in text
    assert "131 game tracks" in text
    assert "Song 0 (Nobody)" in text
