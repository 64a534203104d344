"""The actions of the page, without a browser: clips, searches, who may do what."""

import shutil
import threading
import time

import pytest

from mrcmv.media import UserError
from mrcmv.web.line import Line
from mrcmv.web.text import ENGLISH
from mrcmv.web.wishes import window
from tests.web.seen import last


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
        if view.take
        else "stages"
        if view.panel
        else "mix"
        for view in views
    ]
    assert kinds.index("cards") < kinds.index("preview")
    assert kinds[0] == "stages"
    assert studio.recommender.calls == [("suggest", (1.0, 3.0)), ("mix", ("boss-fight", 13.0, "voice"))]
    assert 'id="download"' in last(views, "take")
    assert "In the preview" in last(views, "cards")
    session = studio.sessions.find(uploaded.ticket, "tab")
    assert session.files[f"voice{session.runs}.wav"].path.exists()


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
        {"track": ""},
    ):
        views = list(studio.choose(uploaded.ticket, wish, "tab"))
        assert ENGLISH["bad_request"] in last(views, "deck"), wish
    for wish in (
        {"settings": {"level_lu": "loud"}},
        {"settings": {"level_lu": 1e9}},
        {"settings": {"level_lu": float("nan")}},
        {"settings": {"keep": "all"}},
        {"settings": {"keep": []}},
        {"settings": {"colour": 1}},
        {"settings": {"start_s": "soon"}},
        {"settings": {"start_s": float("inf")}},
        {"settings": [1]},
        {},
        3,
    ):
        views = list(studio.shape(uploaded.ticket, wish, "tab"))
        assert ENGLISH["bad_request"] in last(views, "deck"), wish
    assert len(studio.recommender.calls) == count


def test_nobody_acts_on_a_strangers_clip(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    count = len(studio.recommender.calls)
    for views in (
        studio.find(uploaded.ticket, {}, "stranger"),
        studio.choose(uploaded.ticket, {"track": "lantern"}, "stranger"),
        studio.shape(uploaded.ticket, {"settings": {"level_lu": 20}}, "stranger"),
        studio.choose("made up", {"track": "lantern"}, "tab"),
    ):
        for view in views:
            assert "studio/files" not in "".join(str(value) for value in vars(view).values())
    assert list(studio.ahead(uploaded.ticket, "stranger")) == []
    studio.delete(uploaded.ticket, "stranger")
    studio.replace(uploaded.ticket, "stranger")
    studio.stop(uploaded.ticket, "stranger")
    assert len(studio.recommender.calls) == count
    assert studio.sessions.find(uploaded.ticket, "tab").folder.exists()


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


@pytest.mark.parametrize("at_once", [1, 2])
def test_so_many_work_at_a_time_and_the_others_are_told_their_place(studio, clip, tmp_path, at_once):
    studio.recommender.step_s = 0.015
    studio.line = Line(at_once=at_once)
    tickets = {}
    for tab in "abcd"[: at_once + 2]:
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
    assert studio.recommender.most_at_work == at_once
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
    assert "0 clips are waiting already, which takes about 1 min. Please try again in a minute." in last(
        views, "panel"
    )
    with place:
        pass
    assert 'id="download"' in last(list(studio.find(uploaded.ticket, {}, "tab")), "take")


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
    for late in (studio.find, studio.choose, studio.shape):  # on the way when Delete was pressed
        assert list(late(uploaded.ticket, {}, "tab")) == []
    assert list(studio.export(uploaded.ticket, "tab")) == []
    assert ENGLISH["deleted"] in next(studio.find(uploaded.ticket, {}, "another tab")).notice


def test_a_clip_whose_time_is_up_is_told_as_such(studio, uploaded):
    studio.sessions.remove(studio.sessions.find(uploaded.ticket, "tab"))
    assert ENGLISH["expired"] in next(studio.find(uploaded.ticket, {}, "tab")).notice


def test_an_example_starts_at_once_and_is_not_moved(studio, tmp_path):
    views = list(studio.take_example("calm", "", "tab"))
    assert (tmp_path / "calm.mp4").exists()
    assert 'id="download"' in last(views, "take")
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
