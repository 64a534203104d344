"""The recommender's mix verbs with a library of two sounds: nothing is separated or learned here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mrcmv.library.starter import load_starter
from mrcmv.media import SAMPLE_RATE, Clip, Speech, read_sound, write_sound
from mrcmv.mix import MixSettings
from mrcmv.recommender import Recommender
from mrcmv.separation import kept_speech

SUNG_HZ, PLAYED_HZ = 900.0, 300.0


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    nothing = tmp_path / "nothing"
    return Clip(tmp_path, nothing, True, None, nothing, nothing, 3.0, 64, 64, 25.0, (0.0, 3.0))


def recommender(folder: Path, accompaniment: Path | None) -> Recommender:
    at = np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    played = np.repeat(0.1 * np.sin(2 * np.pi * PLAYED_HZ * at)[:, None], 2, axis=1).astype(np.float32)
    sung = np.repeat(0.1 * np.sin(2 * np.pi * SUNG_HZ * at)[:, None], 2, axis=1).astype(np.float32)
    write_sound(folder / "song.flac", played + sung)
    write_sound(folder / "played.flac", played)
    track = replace(load_starter().tracks[0], duration_s=20.0)
    made = Recommender(home=folder / "home")
    made._loaded["library"] = SimpleNamespace(
        get=lambda _: track,
        intact_path=lambda _: folder / "song.flac",
        accompaniment_path=lambda _: accompaniment,
    )
    return made


def heard_hz(path: Path) -> dict[float, bool]:
    """Which of the two tones is in a file."""
    mono = read_sound(path)[SAMPLE_RATE : 2 * SAMPLE_RATE, 0]
    strength = np.abs(np.fft.rfft(mono))
    return {hertz: bool(strength[round(hertz)] > 0.1 * strength.max()) for hertz in (SUNG_HZ, PLAYED_HZ)}


@pytest.mark.parametrize(
    ("vocals", "separated", "sings"), [(True, True, True), (False, True, False), (False, False, True)]
)
def test_singing_is_put_back_unless_it_is_not_wanted(
    vocals: bool, separated: bool, sings: bool, clip: Clip, tmp_path: Path
) -> None:
    verbs = recommender(tmp_path, tmp_path / "played.flac" if separated else None)
    mix = verbs.mix(clip, "song", tmp_path / "mix.m4a", MixSettings(vocals=vocals, fit="plain"))
    assert heard_hz(mix.path) == {SUNG_HZ: sings, PLAYED_HZ: True}
    assert mix.settings.vocals is vocals


def test_stems_carry_the_song_that_was_asked_for(clip: Clip, tmp_path: Path) -> None:
    verbs = recommender(tmp_path, tmp_path / "played.flac")
    (tmp_path / "stems").mkdir()
    settings = MixSettings(vocals=False, fit="plain")
    stems = verbs.stems(clip, "song", tmp_path / "stems", settings)
    assert set(stems) == {"voice", "music", "music_ducked", "mix"}
    assert heard_hz(stems["music"]) == {SUNG_HZ: False, PLAYED_HZ: True}


def test_where_somebody_speaks_is_heard_once(tmp_path: Path) -> None:
    found = Speech(((0.5, 1.25), (2.0, 3.0)))
    calls: list[int] = []

    def hear() -> Speech:
        calls.append(1)
        return found

    for _ in range(3):
        assert kept_speech(tmp_path, hear) == found
    assert len(calls) == 1
    for damaged in ("", "[[1]]", "{}x", '[["a", 2]]', "3", "\x00"):
        (tmp_path / "speech.json").write_text(damaged)
        assert kept_speech(tmp_path, hear) == found
    assert len(calls) == 7
    assert json.loads((tmp_path / "speech.json").read_text()) == [[0.5, 1.25], [2.0, 3.0]]
    assert [path.name for path in tmp_path.iterdir()] == ["speech.json"]
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    assert kept_speech(nobody, lambda: Speech(())) == Speech(())
    assert kept_speech(nobody, hear) == Speech(()), "that nobody speaks is kept, too"
