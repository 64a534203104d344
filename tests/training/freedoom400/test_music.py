"""Packages, tracks, and what is read from their sound."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import ANALYSIS_RATE, UserError
from mrcmv.training.freedoom400 import packs
from mrcmv.training.freedoom400.descriptors import STEP_S, analyse
from mrcmv.training.freedoom400.tracks import Track, catalogue, without_doubles

from .conftest import PACK


def noise_bursts(per_second: float, seconds: float = 10.0) -> np.ndarray:
    time = np.arange(int(seconds * ANALYSIS_RATE)) / ANALYSIS_RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * noise * np.exp(-((time * per_second) % 1) * 20)).astype(np.float32)


def test_centroid_follows_the_tone_and_low_its_absence() -> None:
    time = np.arange(5 * ANALYSIS_RATE) / ANALYSIS_RATE
    low, high = (analyse(np.sin(2 * np.pi * hz * time).astype(np.float32)) for hz in (150, 3000))
    assert np.exp(high.scalars.centroid) == pytest.approx(3000, rel=0.1)
    assert low.scalars.centroid < high.scalars.centroid
    assert low.scalars.low > np.log(0.9)
    assert high.scalars.low < np.log(0.1)


@pytest.mark.parametrize("per_second", [2.0, 4.0])
def test_onsets_are_counted_and_a_steady_beat_pulses(per_second: float) -> None:
    found = analyse(noise_bursts(per_second))
    assert found.scalars.onset_rate == pytest.approx(per_second, abs=0.5)
    steady = np.random.default_rng(1).standard_normal(10 * ANALYSIS_RATE).astype(np.float32)
    assert found.scalars.pulse > analyse(steady).scalars.pulse + 0.3


def test_level_does_not_matter_and_curves_have_one_value_per_step() -> None:
    sound = noise_bursts(3)
    loud, quiet = analyse(sound), analyse(sound * 0.05)
    assert loud.scalars.as_dict() == pytest.approx(quiet.scalars.as_dict(), abs=1e-3)
    assert {len(curve) for curve in loud.curves.values()} == {round(10 / STEP_S)}


def test_tracks_are_described_with_their_rights(tracks: list[Track]) -> None:
    assert len(tracks) == 6
    assert {track.licence for track in tracks} == {"BSD-2-Clause"}
    assert {track.author for track in tracks} == {"Nobody"}
    assert tracks[0].source == "Debian bookworm, package test-music"
    assert all(track.length_s > 40 for track in tracks)
    onsets = [track.descriptors.onset_rate for track in tracks]
    assert onsets[0] < onsets[2] < onsets[4]


def test_doubles_are_left_out_by_sound_and_by_file(tracks: list[Track]) -> None:
    again = dataclasses.replace(tracks[0], id="zz-again", sha256="other")
    same_file = dataclasses.replace(tracks[1], id="zz-file", spectrum=tracks[2].spectrum)
    kept = without_doubles([*tracks, again, same_file])
    assert {track.id for track in kept} == {track.id for track in tracks}


def test_catalogue_is_read_from_fetched_packs_and_remembered(packages: Path, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    shutil.copytree(packages / PACK.package, folder / PACK.package)
    (folder / f"{PACK.package}_1.2-3_all.deb").write_bytes(b"fetched before")
    excluding = dataclasses.replace(PACK, exclude=("song0", "song1", "song2", "song3"))
    told: list[float] = []
    found = catalogue(folder, tmp_path / "catalogue.json", packs=[excluding], progress=told.append)
    assert [track.title for track in found] == ["song4", "song5"]
    assert found[0].version == "1.2-3"
    assert told[-1] == 1
    shutil.rmtree(folder)
    assert catalogue(folder, tmp_path / "catalogue.json", packs=[excluding]) == found


def test_only_sounds_come_out_of_an_archive_and_excluded_paths_stay_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "music.pk3", "w") as archive:
        archive.writestr("sound/a.ogg", b"x" * 70_000)
        archive.writestr("Sounds/b.ogg", b"x" * 70_000)
        archive.writestr("maps/c.bsp", b"x" * 70_000)
        archive.writestr("sound/short.ogg", b"x" * 100)
    packs.unzip_sounds(tmp_path / "music.pk3")
    excluding = dataclasses.replace(PACK, exclude=("/Sounds/",))
    assert [path.name for path in packs.sound_files(excluding, tmp_path)] == ["a.ogg"]
    assert not list(tmp_path.rglob("*.bsp"))


def test_no_apt_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="Debian or Ubuntu"):
        packs.fetch("some-music", tmp_path)
    assert packs.openal_folder(tmp_path) is None
