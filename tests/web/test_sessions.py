import os
import stat
import subprocess
import sys
import threading
import time

import pytest

from mrcmv.media import Cancelled
from mrcmv.recommender import Stage, StageEvent
from mrcmv.web.errors import PageError, sentence
from mrcmv.web.files import clip_type, download_name
from mrcmv.web.line import Line, LineFull
from mrcmv.web.run import Job
from mrcmv.web.sessions import Sessions
from mrcmv.web.text import ENGLISH


@pytest.fixture
def sessions(tmp_path):
    made = Sessions(parent=tmp_path)
    yield made
    made.close()


def test_a_session_answers_its_own_tab_and_ticket_only(sessions):
    mine, other = sessions.create("tab-a"), sessions.create("tab-b")
    assert sessions.find(mine.ticket, "tab-a") is mine
    for ticket, tab in (
        (mine.ticket, "tab-b"),
        (mine.ticket, ""),
        (other.ticket, "tab-a"),
        (mine.shelf, "tab-a"),
    ):
        with pytest.raises(PageError):
            sessions.find(ticket, tab)
    for nothing in (None, "", 7):
        with pytest.raises(PageError, match="Drop a clip first"):
            sessions.find(nothing, "tab-a")


def test_names_cannot_be_guessed_and_folders_are_private(sessions):
    made = [sessions.create("tab") for _ in range(20)]
    assert len({s.ticket for s in made} | {s.shelf for s in made}) == 40
    assert all(len(s.ticket) >= 32 and len(s.shelf) >= 32 for s in made)
    assert all(s.shelf not in str(s.folder) and s.ticket not in str(s.folder) for s in made)
    assert stat.S_IMODE(os.stat(made[0].folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(sessions.root).st_mode) == 0o700


def test_a_file_is_found_by_its_name_on_its_own_shelf_only(sessions):
    mine, other = sessions.create("a"), sessions.create("b")
    secret = mine.folder / "clip.mp4"
    secret.write_bytes(b"mine")
    address = mine.put("clip", secret, "video/mp4")
    assert address == f"studio/files/{mine.shelf}/clip"
    stored = sessions.stored(mine.shelf, "clip")
    assert stored is not None
    assert stored.path == secret
    assert sessions.stored(other.shelf, "clip") is None
    assert sessions.stored(mine.ticket, "clip") is None
    assert sessions.stored(mine.shelf, "../clip") is None
    assert sessions.stored(mine.shelf, str(secret)) is None


def test_removed_means_gone(sessions):
    session = sessions.create("a")
    (session.folder / "clip.mp4").write_bytes(b"x")
    session.put("clip", session.folder / "clip.mp4", "video/mp4")
    sessions.remove(session)
    assert not session.folder.exists()
    assert sessions.stored(session.shelf, "clip") is None
    with pytest.raises(PageError):
        sessions.find(session.ticket, "a")


def test_the_sweeper_counts_from_the_last_use(tmp_path):
    sessions = Sessions(keep_minutes=10, parent=tmp_path)
    used, unused = sessions.create("a"), sessions.create("b")
    for session in (used, unused):
        session.used_at -= 3600
    sessions.find(used.ticket, "a")
    assert sessions.sweep() == 1
    assert used.folder.exists()
    assert not unused.folder.exists()
    busy = sessions.create("c")
    busy.take_over(Job())
    busy.used_at -= 3600
    assert sessions.sweep() == 0
    sessions.close()
    assert not sessions.root.exists()


def test_uploads_that_nobody_took_over_are_swept(sessions):
    old, fresh = sessions.uploads / "a" / "old.mp4", sessions.uploads / "b" / "fresh.mp4"
    for path in (old, fresh):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    os.utime(fresh, (time.time() - 1e6,) * 2)  # what a jump of the clock does: no age to go by
    sessions.sweep()
    assert old.exists()
    sessions._first_seen[old, old.stat().st_mtime_ns] -= 3600
    sessions.sweep()
    assert not old.exists()
    assert fresh.exists()


def test_folders_of_dead_processes_are_removed_and_those_of_living_ones_kept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getpid()):
        (tmp_path / f"mrcmv-web-{pid}-x").mkdir()
    (tmp_path / "mrcmv-web-not-ours").mkdir()
    made = Sessions(parent=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [f"mrcmv-web-{os.getpid()}-x", "mrcmv-web-not-ours", made.root.name]
    )
    made.close()


def test_the_line_is_first_come_first_served_and_says_when_it_is_full():
    line = Line(capacity=2)
    first, second, third = line.enter(), line.enter(), line.enter()
    assert (first.ahead(), second.ahead(), third.ahead()) == (0, 1, 2)
    with pytest.raises(LineFull, match="2 clips are waiting already"):
        line.enter()
    with second:  # gives up
        assert not second.wait(0.01)
    with first:
        assert first.wait(0.01)
        assert not third.wait(0.01)
    assert third.wait(0.01)


def run(job, line, task):
    job.start(line, task)
    return list(job.watch())


def test_a_job_reports_its_stages_and_returns_its_result():
    def task(job):
        job.on_stage(StageEvent(Stage.READING, 0.5))
        job.on_stage(StageEvent(Stage.READING, 1.0, 1.5))
        return "done"

    job = Job()
    last = run(job, Line(), task)[-1]
    assert last.stages[Stage.READING].finished
    assert last.stages[Stage.READING].seconds == 1.5
    assert last.ahead is None
    assert job.result() == "done"


def test_stopping_ends_the_work_itself_and_frees_the_line():
    line, began, ended = Line(), threading.Event(), threading.Event()

    def task(job):
        began.set()
        try:
            while True:
                job.progress(0.1)
                time.sleep(0.005)
        finally:
            ended.set()

    job = Job()
    job.start(line, task)
    assert began.wait(5)
    waiting = Job()
    waiting.start(line, lambda job: "next")
    assert next(waiting.watch()).ahead == 1
    waiting2 = Job()
    waiting2.start(line, lambda job: "after")
    job.stop()
    assert ended.wait(5)
    with pytest.raises(Cancelled):
        job.result()
    assert waiting2.result() == "after"


def test_a_watcher_who_leaves_stops_the_work():
    job = Job()
    stopped = threading.Event()

    def task(job):
        try:
            while True:
                job.check()
                time.sleep(0.005)
        finally:
            stopped.set()

    job.start(Line(), task)
    watcher = job.watch()
    next(watcher)
    watcher.close()
    assert stopped.wait(5)


def test_an_unexpected_error_is_told_in_our_words_and_logged(caplog):
    html = sentence(RuntimeError("/srv/secret/path exploded"))
    assert ENGLISH["ours"] in html
    assert "secret" not in html
    assert "secret" in caplog.text


def test_names_of_downloads_are_harmless():
    assert download_name('../../etc/<b>"x".mov', "Léa / 山下: live?") == "b x - Léa 山下 live.mp4"
    assert len(download_name("a" * 300, "b" * 300)) <= 84


def test_the_type_of_a_clip_comes_from_its_bytes(tmp_path):
    page = tmp_path / "clip.mp4"
    page.write_bytes(b"<html><script>alert(1)</script>")
    assert clip_type(page) == "application/octet-stream"
    page.write_bytes(b"\0\0\0\x20ftypisom")
    assert clip_type(page) == "video/mp4"
