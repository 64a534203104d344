"""A session outlives its process: what is written, what is read again, and what is not."""

import json
import os
import shutil
import stat
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mrcmv.library import TrackFilter
from mrcmv.recommender import Wish
from mrcmv.suggestions import EXAMPLE, Lift, Steering
from mrcmv.web import record
from mrcmv.web.errors import PageError
from mrcmv.web.sessions import ROOT_PREFIX, Sessions
from mrcmv.web.studio import Studio
from mrcmv.words import Ask, Axis, Judged, Kind
from tests.web.fakes import FakeRecommender


@pytest.fixture
def recommender(sounds):
    return FakeRecommender(sounds, step_s=0.001)


@pytest.fixture
def begun(recommender, tmp_path, clip):
    """A studio in which a visitor has found music and shaped a mix."""
    studio = Studio(recommender, sessions=Sessions(parent=tmp_path / "tmp"), examples=[])
    upload = tmp_path / "My run.mp4"
    shutil.copy(clip, upload)
    ticket = studio.take_upload(str(upload), "", "tab").ticket
    list(studio.find(ticket, {"start": 1, "end": 3}, "tab"))
    list(studio.choose(ticket, {"track": "lantern"}, "tab"))
    list(studio.shape(ticket, {"settings": {"level_lu": 20, "start_s": 2.5}}, "tab"))
    yield SimpleNamespace(studio=studio, session=studio.sessions.find(ticket, "tab"))
    studio.sessions.close()


@pytest.fixture(autouse=True)
def folder(tmp_path):
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def killed(begun):
    """What lies on the disk as if the process had been killed: its lock is gone."""
    begun.studio.sessions._work._lock.release(force=True)


def start_again(recommender, folder, **options):
    return Studio(recommender, sessions=Sessions(parent=folder, **options), examples=[])


def test_clip_suggestions_settings_and_mixes_are_there_again(begun, recommender, folder):
    old = begun.session
    (old.folder / "run2").mkdir()  # what was half done when it died
    (old.folder / "run2" / "intake.tmp").write_bytes(b"x")
    killed(begun)
    studio = start_again(recommender, folder)
    new = studio.sessions.reopen(old.key, "another tab")
    assert new.folder.parent == studio.sessions.root
    assert not old.folder.exists()
    for name in (
        "ticket",
        "shelf",
        "key",
        "clip_name",
        "duration_s",
        "window_s",
        "shape",
        "starts",
        "choice",
    ):
        assert getattr(new, name) == getattr(old, name)
    assert new.choice.track_id == "lantern"
    assert new.choice.settings.level_lu == 20
    assert [m.track.id for m in new.suggestions.matches] == [m.track.id for m in old.suggestions.matches]
    assert [m.similarity for m in new.suggestions.matches] == [m.similarity for m in old.suggestions.matches]
    assert new.suggestions.speech == old.suggestions.speech
    assert new.suggestions.voice.is_file()
    assert (new.suggestions.picture_share, new.suggestions.voice_share) == (0.38, 0.62)
    assert new.previews.keys() == old.previews.keys()
    for choice, mix in new.previews.items():
        before = old.previews[choice]
        assert mix.path.is_file()
        assert (mix.settings, mix.integrated_lufs, mix.ducking) == (
            before.settings, before.integrated_lufs, before.ducking,
        )  # fmt: skip
        assert abs(mix.voice_peaks - before.voice_peaks).max() < 1e-3
    assert not (new.folder / "run2").exists()
    view = studio.restore({"key": old.key}, "another tab")
    assert view.ticket == old.ticket
    assert "In the preview" in view.cards
    assert 'id="download"' in view.take
    asked = len(recommender.asked)
    list(studio.choose(view.ticket, {"track": "lantern"}, "another tab"))
    assert len(recommender.asked) == asked  # it was mixed before the end
    list(studio.choose(view.ticket, {"track": "quiet-cave"}, "another tab"))
    assert len(recommender.asked) == asked + 1
    studio.sessions.close()
    assert not list(folder.glob(f"{ROOT_PREFIX}{os.getpid()}-*/kept-*"))


def test_a_page_that_stayed_open_goes_on_with_its_ticket_and_its_addresses(begun, recommender, folder):
    old = begun.session
    sounds = [mix.path.name for mix in old.previews.values()]
    killed(begun)
    studio = start_again(recommender, folder)
    assert studio.sessions.find(old.ticket, "tab").key == old.key
    with pytest.raises(PageError):
        studio.sessions.find(old.ticket, "a stranger's tab")
    for name in ("clip", "voice1.wav", "picture1.mp4", *sounds):
        assert studio.sessions.stored(old.shelf, name).path.is_file(), name
    studio.sessions.close()


def test_words_examples_and_filters_are_kept(begun, recommender, folder):
    session = begun.session
    (session.folder / "example-12ab").write_bytes(b"RIFF")
    ask = Judged(Ask("slower", Kind.LESS, axis=Axis.TEMPO), 6, reference=118.0)
    calm = TrackFilter(moods=frozenset({"calm"}), tempo_max=120.0)
    wish = Wish("slower", session.folder / "example-12ab", None, calm, frozenset({"spare"}), 0.8)
    lift = Lift("lantern", 5, 1, 0.1, 0.7, EXAMPLE)
    session.suggestions = replace(
        session.suggestions, wish=wish, steering=Steering(0.8, (lift,), (ask,), ("zzz",), 1)
    )
    record.write(session)
    killed(begun)
    studio = start_again(recommender, folder)
    found = studio.sessions.reopen(session.key, "tab").suggestions
    assert found.wish == replace(wish, reference=found.wish.reference)
    assert found.wish.reference.read_bytes() == b"RIFF"
    assert found.steering == Steering(0.8, (lift,), (ask,), ("zzz",), 1)
    studio.sessions.close()


def test_the_record_is_private_small_and_goes_with_the_data(begun):
    session, path = begun.session, begun.session.folder / record.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(session.folder.stat().st_mode) == 0o700
    assert path.stat().st_size < 20_000
    assert not list(session.folder.glob("*.partial"))
    begun.studio.delete(session.ticket, "tab")
    record.write(session)  # work that was still ending
    assert not session.folder.exists()


def test_what_was_not_used_for_long_is_not_taken_over(begun, recommender, folder):
    killed(begun)
    late = time.time() - 3600
    os.utime(begun.session.folder / record.NAME, (late, late))
    studio = start_again(recommender, folder)
    with pytest.raises(PageError):
        studio.sessions.reopen(begun.session.key, "tab")
    assert not begun.studio.sessions.root.exists()
    studio.sessions.close()


def test_a_clock_set_back_does_not_end_a_session_and_its_time_runs_from_now(begun, recommender, folder):
    killed(begun)
    future = time.time() + 1e6
    os.utime(begun.session.folder / record.NAME, (future, future))
    studio = start_again(recommender, folder)
    session = studio.sessions.find(begun.session.ticket, "tab")
    session.used_at -= 3600
    assert studio.sessions.sweep() == 1
    assert not session.folder.exists()
    studio.sessions.close()


def test_use_is_noted_in_the_record(begun):
    path = begun.session.folder / record.NAME
    os.utime(path, (0, 0))
    begun.session.used_at = time.monotonic() - 60
    begun.studio.sessions.sweep()
    assert 59 < time.time() - path.stat().st_mtime < 70


def test_only_one_of_two_processes_gets_it_and_the_living_keep_theirs(begun, recommender, folder):
    other = start_again(recommender, folder)  # the first one lives
    with pytest.raises(PageError):
        other.sessions.reopen(begun.session.key, "tab")
    assert begun.session.folder.is_dir()
    killed(begun)
    second, third = start_again(recommender, folder), start_again(recommender, folder)
    assert second.sessions.reopen(begun.session.key, "tab")
    with pytest.raises(PageError):
        third.sessions.reopen(begun.session.key, "tab")
    for studio in (other, second, third):
        studio.sessions.close()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"version": 99}', "\0" * 100])
def test_a_damaged_record_is_deleted_with_its_files_and_the_start_goes_on(begun, recommender, folder, damage):
    (begun.session.folder / record.NAME).write_text(damage)
    killed(begun)
    studio = start_again(recommender, folder)
    assert not list(studio.sessions.root.glob("kept-*"))
    studio.sessions.close()


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", ".hidden", "a/b", ""])
def test_a_record_cannot_name_a_file_outside(begun, recommender, folder, name):
    path = begun.session.folder / record.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"source": name}))
    killed(begun)
    studio = start_again(recommender, folder)
    with pytest.raises(PageError):
        studio.sessions.reopen(begun.session.key, "tab")
    studio.sessions.close()


def test_tracks_that_are_gone_are_left_out_and_without_any_the_clip_remains(begun, recommender, folder):
    killed(begun)
    removed = recommender.library._tracks.pop("long-road")
    studio = start_again(recommender, folder)
    session = studio.sessions.reopen(begun.session.key, "tab")
    assert [m.track.id for m in session.suggestions.matches] == [
        "boss-fight",
        "hostile",
        "quiet-cave",
        "lantern",
    ]
    studio.sessions._work._lock.release(force=True)
    recommender.library._tracks.clear()
    last = start_again(recommender, folder)
    view = last.restore({"key": begun.session.key}, "tab")
    assert view.empty is False
    assert "My run.mp4" in view.panel
    assert last.sessions.reopen(begun.session.key, "tab").suggestions is None
    assert removed.id == "long-road"
    last.sessions.close()


def test_a_disk_that_takes_no_record_does_not_stop_the_work(begun, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record.os, "fsync", full)
    views = list(begun.studio.choose(begun.session.ticket, {"track": "boss-fight"}, "tab"))
    assert any(view.take for view in views)
    assert "cannot be kept for a restart" in caplog.text
    assert not list(begun.session.folder.glob("*.partial"))
