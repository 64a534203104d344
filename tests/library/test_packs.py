"""Packs: fetched by Debian's client, taken in track by track, stopped and gone on with."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mrcmv.cli.library import app as cli
from mrcmv.library import (
    PACKS,
    FetchError,
    Library,
    TrackFilter,
    debian,
    facts,
    find_licence,
    installing,
    offers,
)
from mrcmv.library.listening import Heard
from mrcmv.library.packs import MusicPack, find_pack
from mrcmv.library.terms import Terms, read_terms, terms_of
from mrcmv.media import Cancelled, UserError
from tests.library.helpers import NoteEmbedder, small_pack
from tests.library.music import COPYRIGHT, PACK, SHORTEST_S, FolderSource, fill_package, reasons


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("package") / "root"
    fill_package(root)
    return root


@pytest.fixture(autouse=True)
def known_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mrcmv.library.packs.PACKS", (PACK,))
    monkeypatch.setattr(offers, "PACKS", (PACK,))
    monkeypatch.setattr(installing, "LEAST_S", SHORTEST_S)
    monkeypatch.setattr(facts, "hear_file", lambda path, bpm=None: Heard(None, 0.0, ""))


def library(folder: Path, package: Path) -> tuple[Library, FolderSource]:
    ours, source = Library(folder / "home", small_pack(folder / "starter"), folder), FolderSource(package)
    ours._source = source
    return ours, source


def test_a_pack_comes_in_with_its_rights_and_goes_again(tmp_path: Path, package: Path) -> None:
    ours, source = library(tmp_path, package)
    (offer,) = ours.available_packs()
    assert (offer.name, offer.installed, offer.complete, offer.why_not) == ("test-music", 0, False, "")
    seen: list[float] = []
    report = ours.install("test-music", seen.append)
    assert (report.added, report.tracks, report.version) == (2, 2, "1.0-1")
    assert reasons(report) == {"refused": 1, "silent": 1, "too short": 1, "twin": 1}
    assert {"fetching", "converting", "measuring", "total"} <= set(report.seconds)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    battle, quiet = sorted(ours.search(TrackFilter(packs=frozenset({"test-music"}))).tracks, key=str)[:2]
    if "quiet" in battle.title:
        battle, quiet = quiet, battle
    assert (battle.title, battle.album, battle.tags) == ("battle theme", "Test Game", ("battle", "theme"))
    assert battle.licence == quiet.licence == "CC-BY-SA-3.0"
    assert battle.artist == "Ann Author, Bob"
    assert battle.rights.source == "Test Game, Debian package test-music 1.0-1"
    assert battle.rights.share_alike
    assert battle.id.startswith("test-music-")
    assert ours.sound_path(battle.id).suffix == ".mp3"
    assert ours.search(TrackFilter(text="battle")).tracks == (battle,)
    assert ours.verify() == []
    (offer,) = ours.available_packs()
    assert (offer.installed, offer.complete, offer.left_out) == (2, True, report.left_out)
    assert [pack.title for pack in ours.packs()] == ["Starter pack", "Test Game"]
    assert [path.suffix for path in (tmp_path / "home" / "packs").iterdir()] == [".lock"]

    assert ours.install("test-music").added == 0  # done is done
    assert source.fetched == 1
    model = NoteEmbedder()
    ours.index(model)
    assert ours.remove_pack("test-music") == 2
    assert [pack.name for pack in ours.packs()] == ["starter"]
    assert not list((tmp_path / "home").rglob("*.mp3"))
    assert not list((tmp_path / "home").rglob(f"{battle.sha256}*"))
    assert ours.install("test-music").added == 2
    assert ours.get(battle.id).sha256 == battle.sha256


def test_a_removed_track_stays_away(tmp_path: Path, package: Path) -> None:
    ours, _ = library(tmp_path, package)

    def stop(done: float) -> None:
        if len(ours.tracks()) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        ours.install("test-music", stop)
    (track,) = ours.tracks()[3:]
    (offer,) = ours.available_packs()
    assert (offer.installed, offer.complete) == (1, False)
    ours.remove(track.id)
    report = ours.install("test-music")
    assert track.id not in [kept.id for kept in ours.tracks()]
    assert report.left_out["removed"] == 1
    with pytest.raises(UserError, match="Only installed packs"):
        ours.remove_pack("starter")


def test_a_killed_installation_goes_on(tmp_path: Path, package: Path) -> None:
    small_pack(tmp_path / "starter")
    script = f"""
import os
from pathlib import Path
import tests.library.test_packs as t
from mrcmv.library import catalog, facts, installing, offers, packs
packs.PACKS = offers.PACKS = (t.PACK,)
installing.LEAST_S = t.SHORTEST_S
facts.hear_file = lambda path, bpm=None: t.Heard(None, 0.0, "")
insert = catalog.Catalog.insert
def dying(database, track, origin):
    if "quiet" in track.title:
        os._exit(9)
    insert(database, track, origin)
catalog.Catalog.insert = staticmethod(dying)
ours, _ = t.library(Path({str(tmp_path)!r}), Path({str(package)!r}))
ours.install("test-music")
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    ours, source = library(tmp_path, package)
    assert [track.title for track in ours.tracks()[3:]] == ["battle theme"]
    report = ours.install("test-music")
    assert source.fetched == 0  # it lies there unpacked
    assert (report.added, report.tracks) == (1, 2)
    assert ours.verify(repair=True) == []


def test_a_pack_that_fails_does_not_keep_the_others_out(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = library(tmp_path, package)
    monkeypatch.setattr("mrcmv.cli.library.make_recommender", lambda *_: SimpleNamespace(library=ours))
    done = CliRunner().invoke(cli, ["install", "no-such-pack", "test-music", "--no-embed", "--json"])
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert [pack["pack"] for pack in said["packs"]] == ["test-music"]
    assert list(said["failed"]) == ["no-such-pack"]
    assert "no-such-pack" in done.stderr
    assert "Traceback" not in done.stderr
    assert len([track for track in ours.tracks() if track.pack == "test-music"]) == 2


def test_one_installation_at_a_time(tmp_path: Path, package: Path) -> None:
    ours, _ = library(tmp_path, package)
    other, _ = library(tmp_path, package)

    def meddle(done: float) -> None:
        with pytest.raises(UserError, match="is being installed already"):
            other.install("test-music")
        raise Cancelled

    with pytest.raises(Cancelled):
        ours.install("test-music", meddle)


def fake_apt(folder: Path, script: str) -> str:
    """A PATH with an apt-get of our own in front."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "apt-get"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's tools")
def test_a_package_is_downloaded_and_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: some-music\nVersion: 1:2.0-3\nArchitecture: all\nMaintainer: Nobody\nDescription: x\n"
    )
    (tree / "usr").mkdir()
    (tree / "usr" / "song.ogg").write_bytes(b"x" * 1000)
    shutil.make_archive(str(tree / "usr" / "data"), "zip", tree / "usr", "song.ogg")
    (tree / "usr" / "data.zip").rename(tree / "usr" / "data.pk3")
    deb = tmp_path / "some-music_1%3a2.0-3_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, deb], check=True, capture_output=True)
    counter = tmp_path / "count"
    script = f'echo "$@" >> {counter}; cp {deb} .'
    monkeypatch.setenv("PATH", fake_apt(tmp_path / "bin", script))
    root = debian.fetch("some-music", tmp_path / "work", None, 1.0)
    assert (root / "usr" / "song.ogg").read_bytes() == b"x" * 1000
    assert (root / "usr" / "data.pk3.unpacked" / "song.ogg").stat().st_size == 1000
    assert debian.version("some-music", tmp_path / "work") == "1:2.0-3"
    shutil.rmtree(root)
    assert debian.fetch("some-music", tmp_path / "work") == root
    assert counter.read_text() == "download some-music\n"
    debian.find_archive("some-music", tmp_path / "work").write_bytes(b"damaged")
    shutil.rmtree(root)
    with pytest.raises(FetchError, match="could not be unpacked"):
        debian.fetch("some-music", tmp_path / "work")
    assert debian.find_archive("some-music", tmp_path / "work") is None  # it is downloaded anew


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'E: Unable to locate package some-music' >&2; exit 100", "does not know some-music: run"),
        ("echo 'E: Failed to fetch ... 404  Not Found' >&2; exit 100", "is outdated for some-music"),
        ("echo 'E: Could not resolve host' >&2; exit 100", "check the connection"),
        ("exit 0", "check the connection"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    monkeypatch.setenv("PATH", fake_apt(tmp_path / "bin", script))
    with pytest.raises(FetchError, match=sentence) as refusal:
        debian.fetch("some-music", tmp_path / "work")
    assert str(tmp_path) not in str(refusal.value)


def test_without_apt_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ours = Library(tmp_path / "home", small_pack(tmp_path / "starter"), tmp_path)
    assert "apt-get is not there" in ours.available_packs()[0].why_not
    with pytest.raises(FetchError, match="apt-get is not there"):
        ours.install("test-music")
    with pytest.raises(UserError, match="There is no pack"):
        ours.install("no-such-music")


def test_a_download_is_stopped_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake_apt(tmp_path / "bin", "echo half > some-music_1_all.deb; sleep 60"))
    seen: list[float] = []

    def stop(done: float) -> None:
        seen.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        debian.fetch("some-music", tmp_path / "work", stop, 1.0)
    assert seen
    assert debian.find_archive("some-music", tmp_path / "work") is None


def test_terms_are_those_of_the_last_paragraph_that_fits(tmp_path: Path) -> None:
    (tmp_path / "copyright").write_text(COPYRIGHT)
    paragraphs = read_terms(tmp_path / "copyright")
    assert terms_of("usr/share/games/x/base/music/battle_theme.flac", paragraphs) == Terms(
        "CC-BY-SA-3.0", "Ann Author, Bob"
    )
    assert terms_of("usr/share/x/0.pk3.unpacked/music/quiet2.ogg", paragraphs).licence == "CC-BY-SA-3.0"
    assert terms_of("usr/share/x/other/quiet2.ogg", paragraphs) == Terms("GPL-2.0-or-later", "The Test Team")
    assert terms_of("x/music/forbidden.flac", paragraphs).licence == "CC-BY-ND-3.0"
    (tmp_path / "free").write_text("This package was debianized by hand.\n\nFiles: *\nLicense: MIT\n")
    assert read_terms(tmp_path / "free") == []
    assert read_terms(tmp_path / "missing") == []
    odd = COPYRIGHT.replace("License: CC-BY-SA-3.0", "License: Artistic or CC-BY-4.0")
    (tmp_path / "copyright").write_text(odd.replace("License: GPL-2+", "License: GFDL-1.3"))
    paragraphs = read_terms(tmp_path / "copyright")
    assert terms_of("x/music/quiet.ogg", paragraphs).licence == "CC-BY-4.0"
    assert terms_of("x/other.ogg", paragraphs).licence == ""


def test_the_table_of_packs_is_whole() -> None:
    assert len({pack.package for pack in PACKS}) == len(PACKS)
    for pack in PACKS:
        for licence in pack.licences or (pack.licence,):
            known = find_licence(licence)
            assert known is not None, pack.package
            assert known.derivatives
        if pack.installable:
            assert pack.title
            assert pack.megabytes
            assert pack.minutes
            assert pack.author
    assert find_pack("pingus-data") is None  # modules alone
    assert sum(pack.tracks for pack in PACKS) > 400
    assert not MusicPack("x", "MIT", "y").installable
