"""The actions of the page, without a browser."""

import shutil
import threading
import time

import pytest

from mrcmv.media import UserError
from mrcmv.web.examples import find_examples
from mrcmv.web.line import Line
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from mrcmv.web.text import ENGLISH
from mrcmv.web.wishes import window
from tests.web.fakes import FakeRecommender


@pytest.fixture
def studio(tmp_path, clip, sounds):
    shutil.copy(clip, tmp_path / "calm.mp4")
    recommender = FakeRecommender(sounds, step_s=0.002)
    made = Studio(recommender, sessions=Sessions(parent=tmp_path), examples=find_examples(tmp_path))
    yield made
    made.sessions.close()


@pytest.fixture
def uploaded(studio, clip, tmp_path):
    upload = tmp_path / "uploads" / "My run.mp4"
    upload.parent.mkdir()
    shutil.copy(clip, upload)
    return studio.take_upload(str(upload), "", "tab")


def last(views, part):
    return [getattr(view, part) for view in views if getattr(view, part) is not None][-1]


def test_an_upload_is_taken_into_a_private_folder_and_shown_with_its_length(studio, uploaded):
    assert uploaded.empty is False
    assert "My run.mp4" in uploaded.panel
    assert "0:04" in uploaded.panel
    session = studio.sessions.find(uploaded.ticket, "tab")
    assert session.source.name == "upload"
    assert str(session.folder) not in uploaded.stage + uploaded.panel
    assert f"studio/files/{session.shelf}/clip" in uploaded.stage


def test_find_shows_stages_then_cards_then_the_first_preview(studio, uploaded):
    views = list(studio.find(uploaded.ticket, {"start": 1, "end": 3}, "tab"))
    kinds = [
        "cards"
        if view.cards and view.panel
        else "preview"
        if view.stage
        else "stages"
        if view.panel
        else "mix"
        for view in views
    ]
    assert kinds.index("cards") < kinds.index("preview")
    assert kinds[0] == "stages"
    assert studio.recommender.calls == [("suggest", (1.0, 3.0)), ("render", ("boss-fight", 13.0, "voice"))]
    assert 'id="download"' in last(views, "mix")
    assert "In the preview" in last(views, "cards")
    session = studio.sessions.find(uploaded.ticket, "tab")
    assert session.files[f"voice{session.runs}.wav"].path.exists()


def test_another_track_level_and_sound_are_rendered_once_each(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))
    views = list(studio.shape(uploaded.ticket, {"level": 20}, "tab"))
    assert "20 LU under the voice" in last(views, "mix")
    list(studio.shape(uploaded.ticket, {"keep": "none"}, "tab"))
    before = len(studio.recommender.calls)
    again = list(studio.shape(uploaded.ticket, {"keep": "voice"}, "tab"))
    assert len(studio.recommender.calls) == before
    assert len(again) == 1
    assert [call[1] for call in studio.recommender.calls[1:]] == [
        ("boss-fight", 13.0, "voice"),
        ("lantern", 13.0, "voice"),
        ("lantern", 20.0, "voice"),
        ("lantern", 20.0, "none"),
    ]


def test_what_the_page_never_sends_is_refused(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    count = len(studio.recommender.calls)
    for wish in (
        {"track": "spare"},
        {"track": "../../etc/passwd"},
        {"track": 7},
        {},
        None,
        [],
        {"track": None},
    ):
        views = list(studio.choose(uploaded.ticket, wish, "tab"))
        assert ENGLISH["bad_request"] in last(views, "mix"), wish
    for wish in (
        {"level": "loud"},
        {"level": 1e9},
        {"level": float("nan")},
        {"keep": "all"},
        {"keep": []},
        3,
    ):
        views = list(studio.shape(uploaded.ticket, wish, "tab"))
        assert ENGLISH["bad_request"] in last(views, "mix"), wish
    assert len(studio.recommender.calls) == count


def test_nobody_acts_on_a_strangers_clip(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    count = len(studio.recommender.calls)
    for views in (
        studio.find(uploaded.ticket, {}, "stranger"),
        studio.choose(uploaded.ticket, {"track": "lantern"}, "stranger"),
        studio.shape(uploaded.ticket, {"level": 20}, "stranger"),
        studio.choose("made up", {"track": "lantern"}, "tab"),
    ):
        for view in views:
            assert "studio/files" not in "".join(str(value) for value in vars(view).values())
    studio.delete(uploaded.ticket, "stranger")
    studio.replace(uploaded.ticket, "stranger")
    studio.stop(uploaded.ticket, "stranger")
    assert len(studio.recommender.calls) == count
    assert studio.sessions.find(uploaded.ticket, "tab").folder.exists()


def test_when_the_preview_fails_the_cards_stay_and_the_sentence_is_shown(studio, uploaded):
    studio.recommender.fail["render"] = UserError("This track cannot be mixed: choose another.")
    views = list(studio.find(uploaded.ticket, {}, "tab"))
    assert "This track cannot be mixed: choose another." in last(views, "mix")
    assert "Boss Fight at Dawn" in last(views, "cards")
    assert last(views, "cards").count("disabled") == 0
    after = list(studio.choose(uploaded.ticket, {"track": "boss-fight"}, "tab"))
    assert 'id="download"' in last(after, "mix")


def test_a_later_failure_keeps_the_preview_that_was_there(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.fail["render"] = RuntimeError("/secret/path")
    views = list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))
    assert ENGLISH["ours"] in last(views, "mix")
    assert "secret" not in last(views, "mix")
    assert 'id="download"' in last(views, "mix")
    assert 'data-rank="1" data-track="boss-fight"' in last(views, "cards")
    assert last(views, "cards").index("In the preview") < last(views, "cards").index("The Long Road Home")


def test_when_the_search_fails_the_clip_stays(studio, uploaded):
    studio.recommender.fail["suggest"] = UserError(
        "This clip is longer than 10 minutes: cut it and try again."
    )
    views = list(studio.find(uploaded.ticket, {}, "tab"))
    assert "longer than 10 minutes" in last(views, "panel")
    assert 'data-do="submit"' in last(views, "panel")
    assert studio.sessions.find(uploaded.ticket, "tab").source.exists()


def test_cancel_stops_the_work_itself(studio, uploaded):
    studio.recommender.step_s = 0.05
    views = studio.find(uploaded.ticket, {}, "tab")
    next(views)
    studio.stop(uploaded.ticket, "tab")
    assert ENGLISH["cancelled"] in last(list(views), "panel")
    assert studio.recommender.stopped == ["suggest"]
    assert studio.recommender.at_work == 0


def test_the_newest_wish_stops_the_one_before(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.step_s = 0.05
    slow = studio.choose(uploaded.ticket, {"track": "lantern"}, "tab")
    next(slow), next(slow)
    newest = list(studio.choose(uploaded.ticket, {"track": "quiet-cave"}, "tab"))
    assert list(slow) == []
    assert studio.recommender.stopped == ["render"]
    assert "Quiet Cave" in last(newest, "mix")


def test_one_works_at_a_time_and_the_others_are_told_their_place(studio, clip, tmp_path):
    studio.recommender.step_s = 0.015
    tickets = {}
    for tab in ("a", "b", "c"):
        upload = tmp_path / f"{tab}.mp4"
        shutil.copy(clip, upload)
        tickets[tab] = studio.take_upload(str(upload), "", tab).ticket
    seen = {tab: [] for tab in tickets}

    def visit(tab):
        seen[tab].extend(studio.find(tickets[tab], {}, tab))

    threads = [threading.Thread(target=visit, args=(tab,)) for tab in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert studio.recommender.most_at_work == 1
    told = "".join(view.panel or "" for views in seen.values() for view in views)
    assert "1 ahead of you" in told
    assert "2 ahead of you" in told
    shelves = {tab: studio.sessions.find(tickets[tab], tab).shelf for tab in tickets}
    for tab, views in seen.items():
        html = "".join(str(value) for view in views for value in vars(view).values())
        assert 'id="download"' in html
        assert all(shelf not in html for other, shelf in shelves.items() if other != tab)


def test_a_full_line_says_so_in_a_sentence(studio, uploaded):
    studio.line = Line(capacity=0)
    place = studio.line.enter()
    views = list(studio.find(uploaded.ticket, {}, "tab"))
    assert "0 clips are waiting already. Please try again in a minute." in last(views, "panel")
    with place:
        pass
    assert 'id="download"' in last(list(studio.find(uploaded.ticket, {}, "tab")), "mix")


def test_delete_removes_the_files_even_of_work_that_still_runs(studio, uploaded):
    studio.recommender.step_s = 0.05
    session = studio.sessions.find(uploaded.ticket, "tab")
    views = studio.find(uploaded.ticket, {}, "tab")
    next(views)
    deleted = studio.delete(uploaded.ticket, "tab")
    assert deleted.empty is True
    assert ENGLISH["deleted"] in deleted.notice
    assert list(views) == []
    until = time.monotonic() + 5
    while (session.folder.exists() or studio.recommender.at_work) and time.monotonic() < until:
        time.sleep(0.01)
    assert not session.folder.exists()
    assert ENGLISH["expired"] in next(studio.find(uploaded.ticket, {}, "tab")).notice


def test_an_example_starts_at_once_and_is_not_moved(studio, tmp_path):
    views = list(studio.take_example("calm", "", "tab"))
    assert (tmp_path / "calm.mp4").exists()
    assert 'id="download"' in last(views, "mix")
    assert views[0].ticket
    studio.delete(views[0].ticket, "tab")
    assert (tmp_path / "calm.mp4").exists()
    for name in ("../calm", None, "nothing"):
        assert ENGLISH["bad_request"] in next(studio.take_example(name, "", "tab")).notice


def test_a_second_clip_takes_the_place_of_the_first(studio, uploaded, clip, tmp_path):
    first = studio.sessions.find(uploaded.ticket, "tab")
    shutil.copy(clip, tmp_path / "second.mp4")
    studio.take_upload(str(tmp_path / "second.mp4"), uploaded.ticket, "tab")
    assert not first.folder.exists()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty_file"),
        (b"just text", "no_video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "no_video"),
    ],
)
def test_what_is_no_video_is_said_at_once(studio, tmp_path, content, key):
    upload = tmp_path / "clip.mp4"
    upload.write_bytes(content)
    view = studio.take_upload(str(upload), "", "tab")
    assert view.empty is True
    assert ENGLISH[key] in view.notice
    assert not upload.exists()
    assert studio.sessions.of_owner("tab") == []


def test_the_same_file_dropped_by_two_goes_only_when_both_are_done_with_it(studio, clip, tmp_path):
    shared = tmp_path / "shared.mp4"
    shutil.copy(clip, shared)
    ann = studio.take_upload(str(shared), "", "ann")
    bob = studio.take_upload(str(shared), "", "bob")
    studio.delete(ann.ticket, "ann")
    assert not shared.exists()
    assert studio.sessions.find(bob.ticket, "bob").source.read_bytes() == clip.read_bytes()
    shutil.copy(clip, shared)  # a third one drops it again
    studio.delete(bob.ticket, "bob")
    assert shared.exists()


def test_an_upload_that_went_missing_is_said(studio, tmp_path):
    assert ENGLISH["lost"] in studio.take_upload(str(tmp_path / "gone.mp4"), "", "tab").notice
    assert ENGLISH["no_clip"] in studio.take_upload(None, "", "tab").notice


def test_the_part_to_go_by_is_made_to_fit():
    assert window({"start": 5, "end": 20}, 100) == (5, 20)
    assert window({"start": 5, "end": 90}, 100) == (5, 37)
    assert window({"start": -3, "end": 400}, 10) == (0, 10)
    assert window({"start": 99.9, "end": 0}, 100) == (99, 100)
    for wrong in ({}, None, [], {"start": "a", "end": 1}, {"start": float("nan"), "end": 2}):
        assert window(wrong, 100) is None


def test_a_closed_tab_stops_its_work(studio, uploaded):
    studio.recommender.step_s = 0.05
    views = studio.find(uploaded.ticket, {}, "tab")
    next(views)
    studio.leave("tab")
    list(views)
    assert studio.recommender.stopped == ["suggest"]
