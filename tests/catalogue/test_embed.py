"""A catalogue is embedded once, whatever stops the work and whatever lies among the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mrcmv.catalogue import (
    CatalogueReport,
    embed_catalogue,
    fill_index,
    find_sources,
    places,
    read_embedded,
    work,
)
from mrcmv.index import open_index
from mrcmv.library import embed_track
from mrcmv.media import Cancelled, UserError
from tests.catalogue.workers import instead
from tests.library.helpers import NOTES, NoteEmbedder, query, sound_file

MODEL = NoteEmbedder()
Embed = Callable[..., CatalogueReport]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Four tones in two folders, one of them twice, and three files that are no music."""
    folder = tmp_path / "music"
    for hertz in NOTES:
        sound_file(folder / f"{'low' if hertz < 500 else 'high'}/{hertz:.0f}.wav", hertz)
    (folder / "low/again.wav").write_bytes((folder / "low/220.wav").read_bytes())
    (folder / "noise.mp3").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.ogg").touch()
    (folder / "cut.wav").write_bytes((folder / "low/220.wav").read_bytes()[:60])
    (folder / "notes.txt").write_text("no sound by its name")
    return folder


@pytest.fixture
def embed(catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embed:
    monkeypatch.setattr(work, "_model", lambda checkpoint: MODEL)

    def run(**options: object) -> CatalogueReport:
        return embed_catalogue(find_sources(catalogue), tmp_path / "out", MODEL.sha256, **options)  # type: ignore[arg-type]

    return run


def test_every_sound_once_and_bad_files_in_a_list(embed: Embed, catalogue: Path, tmp_path: Path) -> None:
    report = embed(shard=3)
    assert (report.tracks, report.windows, report.embedded, report.there, report.doubles) == (4, 4, 4, 0, 1)
    assert [name for name, _ in report.refused] == ["cut.wav", "empty.ogg", "noise.mp3"]
    for _, why in report.refused:
        assert why.endswith(".")
        assert str(tmp_path) not in why
    entries = {entry.track_id: entry for entry in read_embedded(tmp_path / "out")}
    assert set(entries) == {"high/880.wav", "high/1760.wav", "low/220.wav", "low/440.wav"} - {
        "low/220.wav"
    } | {"low/220.wav"}
    alone = embed_track(catalogue / "high/880.wav", MODEL)
    np.testing.assert_allclose(entries["high/880.wav"].vectors, alone.vectors, atol=1e-5)


def test_nothing_is_done_twice(embed: Embed, catalogue: Path, tmp_path: Path) -> None:
    embed(shard=1)
    heard = MODEL.heard
    sound_file(catalogue / "new.wav", 660.0)
    report = embed(shard=1)
    assert (report.embedded, report.there, report.tracks, len(report.refused)) == (1, 4, 5, 3)
    assert MODEL.heard == heard + 1


def test_stopped_it_goes_on(embed: Embed, tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        embed(shard=1, progress=stop)
    there = sum(1 for _ in (tmp_path / "out").rglob("*.npz"))
    heard = MODEL.heard
    report = embed(shard=1)
    assert 0 < there < 7
    assert report.tracks == 4
    assert MODEL.heard - heard == report.embedded == 4 - report.there


def test_a_damaged_shard_is_made_again(embed: Embed, tmp_path: Path) -> None:
    embed(shard=2)
    shard = next((tmp_path / "out").rglob("*.npz"))
    shard.write_bytes(shard.read_bytes()[:100])
    report = embed(shard=2)
    assert report.tracks == 4
    assert len(report.refused) == 3
    assert len(list(read_embedded(tmp_path / "out"))) == 4


def test_a_deadly_file_is_found_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "embed_tracks", instead)
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(7):
        (folder / f"{number}.wav").write_bytes(b"sound %d" % number)
    (folder / "3.wav").write_bytes(b"kill")
    report = embed_catalogue(find_sources(folder), tmp_path / "out", "weights", workers=2, shard=3)
    assert report.tracks == 6
    assert [name for name, _ in report.refused] == ["3.wav"]
    assert {entry.track_id for entry in read_embedded(tmp_path / "out")} == {
        f"{n}.wav" for n in (0, 1, 2, 4, 5, 6)
    }


def test_other_weights_are_not_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "embed_tracks", instead)
    (tmp_path / "1.wav").write_bytes(b"sound")
    with pytest.raises(UserError, match="other weights"):
        embed_catalogue(find_sources(tmp_path), tmp_path / "out", "not these")
    assert not list((tmp_path / "out").rglob("*.npz"))


def test_a_manifest_names_tracks(catalogue: Path, tmp_path: Path) -> None:
    manifest = catalogue / "list.jsonl"
    manifest.write_text(json.dumps({"id": "a", "path": "low/440.wav"}) + "\n\nhigh/880.wav\n")
    assert [(each.track_id, each.path) for each in find_sources(manifest)] == [
        ("a", catalogue / "low/440.wav"),
        ("high/880.wav", catalogue / "high/880.wav"),
    ]
    manifest.write_text('{"id": 3}')
    with pytest.raises(UserError, match="Line 1"):
        find_sources(manifest)
    manifest.write_text("a.wav\na.wav\n")
    with pytest.raises(UserError, match="named before"):
        find_sources(manifest)
    for nothing in (tmp_path / "nowhere", tmp_path):
        if nothing == tmp_path:
            nothing = tmp_path / "bare"
            nothing.mkdir()
        with pytest.raises(UserError):
            find_sources(nothing)


def test_from_shards_into_an_index(embed: Embed, catalogue: Path, tmp_path: Path) -> None:
    embed()
    index = open_index(str(tmp_path / "index"), len(NOTES))
    assert fill_index(index, tmp_path / "out", MODEL.sha256) == (4, 0)
    assert index.search(query(2), 1)[0].track_id == "high/880.wav"
    (catalogue / "low/440.wav").unlink()
    embed()
    assert fill_index(index, tmp_path / "out", MODEL.sha256) == (0, 1)
    assert sorted(index.track_ids()) == ["high/1760.wav", "high/880.wav", "low/220.wav"]
    with pytest.raises(UserError, match="catalogue embed"):
        fill_index(index, tmp_path / "elsewhere", MODEL.sha256)
