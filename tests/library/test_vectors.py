"""Vectors are made once, kept under the right key, and never lost or trusted too much."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from mrcmv.library import Library
from mrcmv.library.embeddings import VectorCache, embed_track
from mrcmv.library.shipped import read_shipped, shipped_path, write_shipped
from mrcmv.library.starter import file_sha256
from mrcmv.media import Cancelled, write_sound
from tests.library.helpers import FREE, NOTES, NoteEmbedder, query, small_pack, sound_file, tone


def test_the_planted_place_is_found(tmp_path: Path) -> None:
    sound = tone(220, 58)
    sound[24 * 44_100 : 56 * 44_100] = tone(880, 32)
    write_sound(tmp_path / "long.flac", sound)
    pack = small_pack(tmp_path / "pack", NOTES[:1])
    pack.paths["note-220"] = tmp_path / "long.flac"
    index = Library(tmp_path / "home", pack, tmp_path).index(NoteEmbedder())
    (match,) = index.search(query(2), 3)
    assert match.start_s == 24.0
    assert match.similarity == pytest.approx(1.0, abs=1e-3)


def test_vectors_have_length_one_and_their_starts(tmp_path: Path) -> None:
    made = embed_track(sound_file(tmp_path / "a.flac", 440, 33.0), NoteEmbedder())
    assert made.starts_s.tolist() == [0, 8, 16]
    assert np.linalg.norm(made.vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
    assert made.vectors[:, 1] == pytest.approx([1, 1, 1], abs=0.01)


def test_a_second_look_embeds_nothing(tmp_path: Path) -> None:
    pack, model = small_pack(tmp_path / "pack"), NoteEmbedder()
    library = Library(tmp_path / "home", pack, tmp_path)
    first = library.index(model)
    assert model.heard == 3
    assert library.index(model) is first
    again = Library(tmp_path / "home", pack, tmp_path).index(model)
    assert model.heard == 3
    assert again.search(query(1), 3) == first.search(query(1), 3)
    assert again.search(query(1), 1)[0].track.id == "note-440"


def test_nobody_waits_while_new_tracks_are_embedded(tmp_path: Path) -> None:
    pack = small_pack(tmp_path / "pack")
    library = Library(tmp_path / "home", pack, tmp_path)
    before = library.index(NoteEmbedder())
    library.add(sound_file(tmp_path / "new.flac", 300.0, 20.0), FREE, artist="Somebody")
    at_work, go_on = threading.Event(), threading.Event()

    def hold(done: float) -> None:
        at_work.set()
        assert go_on.wait(60)

    thread = threading.Thread(target=library.index, args=(NoteEmbedder(), hold))
    thread.start()
    assert at_work.wait(60)
    assert library.index(NoteEmbedder()) is before
    go_on.set()
    thread.join(60)
    assert len(library.index(NoteEmbedder()).tracks) == len(before.tracks) + 1


def test_another_checkpoint_or_sound_is_embedded_anew(tmp_path: Path) -> None:
    pack, first, second = small_pack(tmp_path / "pack"), NoteEmbedder("one"), NoteEmbedder("two")
    library = Library(tmp_path / "home", pack, tmp_path)
    library.index(first)
    library.index(second)
    assert (first.heard, second.heard) == (3, 3)
    changed = small_pack(tmp_path / "pack", (NOTES[3], *NOTES[1:3]))
    Library(tmp_path / "home", changed, tmp_path).index(first)
    assert first.heard == 4
    assert {path.name[-6:] for path in (tmp_path / "home" / "embeddings").iterdir()} == {
        f"{model.sha256[13:16]}-w1" for model in (first, second)
    }


@pytest.mark.parametrize("damage", ["empty", "cut", "foreign", "nan", "text"])
def test_damaged_cache_files_are_made_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    pack, model = small_pack(tmp_path / "pack"), NoteEmbedder()
    Library(tmp_path / "home", pack, tmp_path).index(model)
    cache = VectorCache(tmp_path / "home" / "embeddings", model.sha256)
    victim = cache.path(pack.tracks[0].sha256)
    other = cache.path(pack.tracks[1].sha256)
    if damage == "empty":
        victim.write_bytes(b"")
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:200])
    elif damage == "foreign":
        victim.write_bytes(other.read_bytes())
    elif damage == "text":
        victim.write_text("not an archive")
    else:
        with np.load(victim) as kept:
            np.savez(victim, vectors=kept["vectors"] * np.nan, starts_s=kept["starts_s"], key=kept["key"])
    with caplog.at_level(logging.WARNING):
        index = Library(tmp_path / "home", pack, tmp_path).index(model)
    assert model.heard == 4
    assert "damaged and made again" in caplog.text
    assert index.search(query(0), 1)[0].track.id == "note-220"
    assert cache.read(pack.tracks[0].sha256) is not None


def test_stopping_keeps_what_is_done(tmp_path: Path) -> None:
    pack, model = small_pack(tmp_path / "pack"), NoteEmbedder()
    seen: list[float] = []

    def stop_at_the_third(done: float) -> None:
        seen.append(done)
        if done >= 2 / 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Library(tmp_path / "home", pack, tmp_path).index(model, stop_at_the_third)
    assert seen == sorted(seen)
    kept = list((tmp_path / "home" / "embeddings").rglob("*"))
    assert len([path for path in kept if path.suffix == ".npz"]) == 1
    assert not [path for path in kept if path.name.endswith(".partial")]
    heard = model.heard
    seen.clear()
    Library(tmp_path / "home", pack, tmp_path).index(model, seen.append)
    assert model.heard == heard + 2
    assert seen[-1] == 1.0


def test_shipped_vectors_serve_without_writing_anything(tmp_path: Path) -> None:
    pack, maker, model = small_pack(tmp_path / "pack"), NoteEmbedder(), NoteEmbedder()
    path = write_shipped(tmp_path, pack, maker)
    assert path == shipped_path(tmp_path, model.sha256)
    before = file_sha256(path)
    index = Library(tmp_path / "home", pack, tmp_path).index(model)
    assert model.heard == 0
    assert not (tmp_path / "home").exists()
    assert file_sha256(path) == before
    assert [match.track.id for match in index.search(query(2), 1)] == ["note-880"]
    assert read_shipped(tmp_path, NoteEmbedder("other").sha256) == {}


def test_damaged_shipped_vectors_are_not_used(tmp_path: Path) -> None:
    pack, model = small_pack(tmp_path / "pack"), NoteEmbedder()
    path = write_shipped(tmp_path, pack, model)
    path.write_bytes(path.read_bytes()[:300])
    assert read_shipped(tmp_path, model.sha256) == {}
    Library(tmp_path / "home", pack, tmp_path).index(model)
    assert model.heard == 6


def test_a_track_whose_sound_is_gone_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pack, model = small_pack(tmp_path / "pack"), NoteEmbedder()
    pack.paths["note-440"].unlink()
    with caplog.at_level(logging.WARNING):
        index = Library(tmp_path / "home", pack, tmp_path).index(model)
    assert [match.track.id for match in index.search(query(1), 5)].count("note-440") == 0
    assert len(index.tracks) == 2
    assert "“Note 440” is left out of the search" in caplog.text


def test_a_disk_that_cannot_be_written_only_costs_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        index = Library(tmp_path / "home", small_pack(tmp_path / "pack"), tmp_path).index(NoteEmbedder())
    assert index.search(query(0), 1)[0].track.id == "note-220"
    assert "cannot be kept" in caplog.text
