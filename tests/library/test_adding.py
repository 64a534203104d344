"""Own tracks come in whole or not at all, whoever else is writing and whatever stops the program."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mrcmv.library import AlreadyThere, Badge, Library, Rights, RightsError, UnknownTrack
from mrcmv.library import adding as adding_module
from mrcmv.library.catalog import CatalogError
from mrcmv.library.starter import file_sha256, load_starter
from mrcmv.media import SAMPLE_RATE, Cancelled, UserError, ffmpeg_exe, read_sound, write_sound
from tests.library.helpers import FREE, NOTES, NoteEmbedder, query, small_pack, sound_file

BY = Rights.state("CC-BY-4.0", source="https://example.org/song")


def library(folder: Path) -> Library:
    """A library with the same small starter pack at every opening."""
    return Library(folder / "home", small_pack(folder / "pack"), folder)


def with_tags(path: Path, target: Path, **tags: str) -> Path:
    pairs = [part for name, value in tags.items() for part in ("-metadata", f"{name}={value}")]
    command = [ffmpeg_exe(), "-loglevel", "error", "-y", "-i", str(path), *pairs, str(target)]
    subprocess.run(command, check=True)
    return target


def test_an_added_track_has_its_tags_rights_and_measures(tmp_path: Path) -> None:
    song = with_tags(
        sound_file(tmp_path / "in.wav", 440, 4.0), tmp_path / "in.mp3", title="My\x07 Song", artist="Ann"
    )
    seen: list[float] = []
    track = library(tmp_path).add(song, BY, mood="Calm", tags=["Piano"], progress=seen.append)
    assert (track.title, track.artist, track.mood, track.tags) == ("My Song", "Ann", "calm", ("piano",))
    assert track.badge is Badge.CREDIT
    assert track.pack == "own"
    assert track.duration_s == pytest.approx(4.0, abs=0.06)
    # -13.5 dB in each channel, both together 3 dB more, 0.7 less by definition, 0.5 by weighting
    assert track.lufs == pytest.approx(-11.6, abs=0.2)
    assert track.true_peak_db == pytest.approx(-10.5, abs=0.3)
    assert max(track.peaks) == pytest.approx(0.3, abs=0.02)
    assert track.has_vocals is None
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert library(tmp_path).tracks()[-1] == track


def test_the_stored_sound_is_the_sound_under_its_hash(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "in.wav", 880)
    ours = library(tmp_path)
    track = ours.add(source, FREE)
    stored = ours.sound_path(track.id)
    assert stored == tmp_path / "home" / "sounds" / f"{track.sha256}.flac"
    assert file_sha256(stored) == track.sha256
    # The source is float; FLAC holds at least 16 bit.
    assert np.abs(read_sound(stored) - read_sound(source)).max() < 2**-14
    assert track.title == "in"
    assert track.artist == "Unknown artist"
    assert list((tmp_path / "home" / "incoming").iterdir()) == []


def test_the_same_sound_twice_is_a_sentence(tmp_path: Path) -> None:
    ours = library(tmp_path)
    song = sound_file(tmp_path / "one.wav")
    ours.add(song, FREE, title="First")
    with pytest.raises(AlreadyThere, match="in the library already: “First”"):
        ours.add(song, FREE, title="Second")
    retagged = with_tags(song, tmp_path / "two.flac", title="Other tags, same sound")
    assert file_sha256(retagged) != file_sha256(song)
    with pytest.raises(AlreadyThere, match="“First”"):
        ours.add(retagged, FREE)
    with pytest.raises(AlreadyThere, match="“Note 440”"):
        ours.add(tmp_path / "pack" / "440.flac", FREE)


@pytest.mark.parametrize(
    ("rights", "artist", "sentence"),
    [
        (BY, "", "asks for a credit, but no artist is known: name the artist"),
        (Rights.state("own work"), "", "Own work needs its author"),
        (Rights(licence="", source="x"), "Ann", "needs a licence and a source"),
        (Rights(licence="CC0-1.0", source=""), "Ann", "needs a licence and a source"),
        (Rights(licence="x", source="x", derivatives=False), "Ann", "forbids changed versions"),
    ],
)
def test_rights_are_asked_for(tmp_path: Path, rights: Rights, artist: str, sentence: str) -> None:
    with pytest.raises(RightsError, match=sentence):
        library(tmp_path).add(sound_file(tmp_path / "a.wav"), rights, artist=artist)
    assert len(library(tmp_path).tracks()) == 3


def test_files_that_are_no_music_are_refused(tmp_path: Path) -> None:
    ours = library(tmp_path)
    (tmp_path / "text.mp3").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    write_sound(tmp_path / "silent.wav", np.zeros((3 * SAMPLE_RATE, 2), np.float32))
    sound_file(tmp_path / "short.wav", 440, 1.0)
    for name, sentence in [
        ("text.mp3", "."),
        ("silent.wav", "This sound is silent: choose another file."),
        ("short.wav", "shorter than 2 s"),
        ("missing.wav", "There is no such sound file"),
    ]:
        with pytest.raises(UserError, match=sentence) as refusal:
            ours.add(tmp_path / name, FREE)
        assert str(tmp_path) not in str(refusal.value)
    assert len(ours.tracks()) == 3
    assert not list((tmp_path / "home").rglob("*.flac"))


def test_a_folder_goes_on_after_bad_files(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    sound_file(folder / "a.wav", 300)
    sound_file(folder / "deep" / "b.flac", 500)
    shutil.copy(folder / "a.wav", folder / "c.wav")
    (folder / "bad.mp3").write_bytes(b"nothing")
    (folder / "cover.jpg").write_bytes(b"a picture")
    (folder / ".hidden.wav").write_bytes(b"x")
    seen: list[float] = []
    report = library(tmp_path).add_folder(folder, BY, artist="Ann", progress=seen.append)
    assert [track.title for track in report.added] == ["a", "b"]
    assert {track.artist for track in report.added} == {"Ann"}
    assert [name for name, _ in report.refused] == ["bad.mp3", "c.wav"]
    assert report.refused[1][1] == "This sound is in the library already: “a”."
    assert seen == sorted(seen)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="There is no sound file in this folder"):
        library(tmp_path).add_folder(tmp_path / "empty", BY, artist="Ann")


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        library(tmp_path).add(sound_file(tmp_path / "a.wav"), FREE, progress=stop)
    assert len(library(tmp_path).tracks()) == 3
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_removing_takes_the_sound_and_its_vectors_along(tmp_path: Path) -> None:
    ours, model = library(tmp_path), NoteEmbedder()
    track = ours.add(sound_file(tmp_path / "a.wav", NOTES[3]), FREE)
    assert ours.index(model).search(query(3), 1)[0].track == track
    assert len(list((tmp_path / "home").rglob(f"*{track.sha256}*"))) == 2
    assert ours.remove(track.id) == track
    assert not list((tmp_path / "home").rglob(f"*{track.sha256}*"))
    assert track.id not in [match.track.id for match in ours.index(model).search(query(3), 9)]
    with pytest.raises(UnknownTrack, match="There is no track"):
        ours.get(track.id)
    with pytest.raises(UserError, match="The starter tracks belong to the program"):
        ours.remove("note-220")
    assert ours.add(tmp_path / "a.wav", FREE).id == track.id


def test_an_open_library_and_its_index_follow_other_writers(tmp_path: Path) -> None:
    app, terminal, model = library(tmp_path), library(tmp_path), NoteEmbedder()
    before = app.index(model)
    track = terminal.add(sound_file(tmp_path / "a.wav", NOTES[3]), FREE)
    assert app.get(track.id) == track
    after = app.index(model)
    assert model.heard == 4  # only the new one
    assert after is not before
    assert after.search(query(3), 1)[0].track == track
    assert [pack.tracks for pack in app.packs()] == [3, 1]
    terminal.remove(track.id)
    assert len(app.index(model).tracks) == 3
    assert model.heard == 4


def test_dying_between_file_and_row_loses_nothing(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "a.wav")
    small_pack(tmp_path / "pack")
    script = f"""
import os
from pathlib import Path
from mrcmv.library import adding
from tests.library.test_adding import FREE, library
adding.Catalog.insert = staticmethod(lambda *rest: os._exit(9))
library(Path({str(tmp_path)!r})).add(Path({str(source)!r}), FREE)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    ours = library(tmp_path)
    assert len(ours.tracks()) == 3
    (orphan,) = (tmp_path / "home" / "sounds").iterdir()
    assert file_sha256(orphan) == orphan.stem
    assert ours.verify() == []  # it may still belong to somebody's work
    os.utime(orphan, (time.time() - 7200,) * 2)
    assert ours.verify() == [
        f"The file {orphan.name} is left over from interrupted work: run library verify --repair."
    ]
    track = ours.add(source, FREE)
    assert ours.sound_path(track.id) == orphan
    assert ours.verify() == []


def test_repair_clears_what_interrupted_work_left(tmp_path: Path) -> None:
    ours = library(tmp_path)
    kept = ours.add(sound_file(tmp_path / "a.wav"), FREE)
    orphan = sound_file(tmp_path / "home" / "sounds" / f"{'0' * 64}.flac")
    half = tmp_path / "home" / "incoming" / "half.flac"
    half.write_bytes(b"half")
    for path in (orphan, half, ours.sound_path(kept.id)):
        os.utime(path, (time.time() - 7200,) * 2)
    assert len(ours.verify()) == 2
    assert ours.verify(repair=True) == []
    assert not orphan.exists()
    assert not half.exists()
    assert ours.sound_path(kept.id).is_file()


def test_verify_names_changed_and_missing_sounds(tmp_path: Path) -> None:
    ours = library(tmp_path)
    first = ours.add(sound_file(tmp_path / "a.wav", 300), FREE)
    second = ours.add(sound_file(tmp_path / "b.wav", 500), FREE)
    ours.sound_path(first.id).write_bytes(b"changed")
    ours.sound_path(second.id).unlink()
    seen: list[float] = []
    assert ours.verify(progress=seen.append) == [
        f"The sound of “a” ({first.id}) is changed: remove it and add it again.",
        f"The sound of “b” ({second.id}) is missing: remove it and add it again.",
    ]
    assert seen == [0.0, 0.5, 1.0]


def test_two_processes_add_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    for number in range(2):
        sound_file(folder / f"{number}.wav", 200 + 100 * number, 2.0)
    small_pack(tmp_path / "pack")
    script = f"""
from pathlib import Path
from tests.library.test_adding import FREE, library
report = library(Path({str(tmp_path)!r})).add_folder(Path({str(folder)!r}), FREE)
print(len(report.added), len(report.refused), {{why.split(":")[0] for _, why in report.refused}})
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [worker.communicate(timeout=120)[0].split(maxsplit=2) for worker in workers]
    assert sum(int(added) for added, _, _ in told) == 2
    assert sum(int(refused) for _, refused, _ in told) == 2
    assert {why.strip() for _, refused, why in told if refused != "0"} == {
        "{'This sound is in the library already'}"
    }
    ours = library(tmp_path)
    assert sorted(track.title for track in ours.tracks()[3:]) == ["0", "1"]
    assert ours.verify() == []


def test_the_faster_of_two_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = library(tmp_path), library(tmp_path)
    song = sound_file(tmp_path / "a.wav")
    measure = adding_module.measure_facts

    def overtaken(path: Path, progress: object = None) -> object:
        monkeypatch.setattr(adding_module, "measure_facts", measure)
        fast.add(song, FREE, title="Faster")
        return measure(path)

    monkeypatch.setattr(adding_module, "measure_facts", overtaken)
    with pytest.raises(AlreadyThere, match="“Faster”"):
        slow.add(song, FREE, title="Slower")
    assert [track.title for track in slow.tracks()[3:]] == ["Faster"]
    assert slow.verify() == []


def test_a_damaged_or_newer_catalog_is_a_sentence(tmp_path: Path) -> None:
    ours = library(tmp_path)
    ours.add(sound_file(tmp_path / "a.wav"), FREE)
    catalog = tmp_path / "home" / "catalog.sqlite"
    database = sqlite3.connect(catalog)
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    with pytest.raises(CatalogError, match="newer version: update the program"):
        library(tmp_path).tracks()
    for leftover in catalog.parent.glob("catalog.sqlite-*"):
        leftover.unlink()
    catalog.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(CatalogError, match="damaged"):
        library(tmp_path).tracks()


def test_a_data_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    ours = library(tmp_path)
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="The data folder cannot be written: set MRCMV_HOME"):
        ours.add(sound_file(tmp_path / "a.wav"), FREE)
    assert len(ours.tracks()) == 3


def test_reading_writes_nothing(tmp_path: Path) -> None:
    ours = Library.open(tmp_path / "never")
    assert len(ours.tracks()) == len(load_starter().tracks)
    assert ours.verify() == []
    assert not (tmp_path / "never").exists()


def test_names_are_cut_and_cleaned(tmp_path: Path) -> None:
    track = library(tmp_path).add(
        sound_file(tmp_path / "a.wav"), FREE, title="A" * 1000, artist="\u202eevil\n<b>"
    )
    assert len(track.title) == 120
    assert track.artist == "evil <b>"
