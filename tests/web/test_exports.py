"""The export panel and the link to a session, without a browser."""

import re
import zipfile

import pytest

from mrcmv.media import UserError
from mrcmv.web.errors import PageError
from mrcmv.web.exports import MOST_PACKAGES
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from mrcmv.web.text import ENGLISH
from tests.web.fakes import FakeRecommender

TAB, OTHER = "tab-one", "tab-two"


@pytest.fixture
def studio(tmp_path, sounds):
    made = Studio(FakeRecommender(sounds, step_s=0.0), sessions=Sessions(parent=tmp_path), examples=[])
    yield made
    made.sessions.close()


@pytest.fixture
def session(studio, clip, tmp_path):
    """A visitor whose first track is mixed."""
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(clip.read_bytes())
    ticket = studio.take_upload(str(upload), None, TAB).ticket
    list(studio.find(ticket, {}, TAB))
    return studio.sessions.find(ticket, TAB)


def shown(views):
    return [view.exports for view in views if view.exports is not None]


def test_the_panel_comes_with_the_first_mix_and_goes_with_the_clip(studio, session):
    assert ENGLISH["export_make"] in studio.exports.panel(session)
    assert studio.delete(session.ticket, TAB).exports == ""


def test_a_package_is_made_once_and_can_be_fetched(studio, session):
    last = shown(studio.export(session.ticket, TAB))[-1]
    for key in (
        "export_all",
        "export_video",
        "export_voice",
        "export_mix",
        "export_timeline",
        "export_credits",
    ):
        assert ENGLISH[key] in last
    assert ENGLISH["export_music"] not in last  # this mix has no such part
    names = re.findall(r'href="studio/files/[\w-]+/([^"]+)"', last)
    box = studio.sessions.stored(session.shelf, names[0])
    assert box.download_as == "upload - Boss Fight at Dawn.zip"
    with zipfile.ZipFile(box.path) as packed:
        assert packed.read("credits.txt") == b"upload.mp4"
    alone = next(studio.sessions.stored(session.shelf, name) for name in names if "voice" in name)
    assert alone.download_as == "upload - Boss Fight at Dawn - voice.wav"
    list(studio.export(session.ticket, TAB))
    assert [call[0] for call in studio.recommender.calls].count("export") == 1


def test_each_choice_has_a_package_of_its_own_and_old_ones_go(studio, session):
    tracks = [match.track.id for match in session.suggestions.matches[: MOST_PACKAGES + 1]]
    for track in tracks:
        list(studio.choose(session.ticket, {"track": track}, TAB))
        assert ENGLISH["export_make"] in studio.exports.panel(session)
        list(studio.export(session.ticket, TAB))
    assert [choice.track_id for choice in session.packages] == tracks[1:]
    assert len(list(session.folder.glob("export-*"))) == MOST_PACKAGES
    assert all(stored.path.exists() for stored in session.files.values() if stored.media_type != "video/mp4")


def test_a_package_that_fails_is_said_and_the_mix_stays(studio, session):
    studio.recommender.fail["export"] = UserError("The disk is full.")
    last = shown(studio.export(session.ticket, TAB))[-1]
    assert "The disk is full." in last
    assert ENGLISH["export_make"] in last
    assert session.choice in session.previews


def test_stopping_an_export_leaves_everything_else(studio, session):
    studio.recommender.step_s = 0.2
    views = studio.export(session.ticket, TAB)
    assert 'data-do="stop"' in next(views).exports
    studio.stop_export(session.ticket, TAB)
    assert ENGLISH["export_stopped"] in shown(views)[-1]
    assert studio.recommender.stopped[-1] == "export"
    assert session.packages == {}


def test_somebody_elses_export_is_refused(studio, session):
    assert ENGLISH["bad_request"] in next(studio.export(session.ticket, OTHER)).notice
    studio.stop_export(session.ticket, OTHER)


# -- the link ----------------------------------------------------------------------------------


def test_a_link_opens_everything_in_another_tab(studio, session):
    list(studio.choose(session.ticket, {"track": "lantern"}, TAB))
    list(studio.shape(session.ticket, {"settings": {"level_lu": 20}}, TAB))
    view = studio.restore({"key": session.key}, OTHER)
    assert view.ticket == session.ticket
    assert not view.empty
    assert 'class="card chosen" data-rank="5" data-track="lantern"' in view.cards
    assert "picture" in view.stage
    assert "20 LU" in view.shape
    assert ENGLISH["export_more"] in view.exports
    list(studio.choose(session.ticket, {"track": "long-road"}, OTHER))  # and goes on there
    assert session.choice.track_id == "long-road"
    assert session.choice.settings.level_lu == 20
    list(studio.choose(session.ticket, {"track": "lantern"}, TAB))  # as in the first one
    assert session.choice.track_id == "lantern"


def test_a_link_opens_a_clip_that_was_not_searched_yet(studio, clip, tmp_path):
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(clip.read_bytes())
    ticket = studio.take_upload(str(upload), None, TAB).ticket
    key = studio.sessions.find(ticket, TAB).key
    view = studio.restore({"key": key}, OTHER)
    assert view.ticket == ticket
    assert 'id="find"' in view.panel
    assert key in view.foot


@pytest.mark.parametrize("wish", [None, [], {}, {"key": None}, {"key": 7}, {"key": ""}, {"key": "x" * 40}])
def test_what_is_no_key_opens_nothing(studio, session, wish):
    view = studio.restore(wish, OTHER)
    assert view.empty
    assert view.ticket == ""
    assert ENGLISH["link_ended"].split(":")[0] in view.notice


def test_neither_ticket_nor_shelf_is_a_key(studio, session):
    for secret in (session.ticket, session.shelf, session.folder.name, TAB):
        assert studio.restore({"key": secret}, OTHER).ticket == ""
    assert len({session.ticket, session.shelf, session.key}) == 3
    assert len(session.key) >= 32


def test_a_deleted_or_expired_session_has_no_link(studio, session):
    studio.delete(session.ticket, TAB)
    assert studio.restore({"key": session.key}, TAB).ticket == ""
    with pytest.raises(PageError):
        studio.sessions.reopen(session.key, TAB)


def test_an_unused_session_ends_for_all_tabs(studio, session):
    studio.restore({"key": session.key}, OTHER)
    studio.sessions.keep_minutes = -1
    assert studio.sessions.sweep() == 1
    assert studio.restore({"key": session.key}, OTHER).ticket == ""
    assert not session.folder.exists()


def test_work_stops_when_the_last_tab_leaves(studio, session):
    studio.restore({"key": session.key}, OTHER)
    studio.recommender.step_s = 0.2
    views = studio.export(session.ticket, TAB)
    next(views)
    studio.leave(OTHER)
    assert not session.export.stopped
    studio.leave(TAB)
    assert session.export.stopped
    list(views)


def test_a_session_at_work_is_not_swept(studio, session):
    studio.recommender.step_s = 0.2
    views = studio.export(session.ticket, TAB)
    next(views)
    studio.sessions.keep_minutes = -1
    assert studio.sessions.sweep() == 0
    studio.stop_export(session.ticket, TAB)
    list(views)
    assert studio.sessions.sweep() == 1
