"""Whether the page says rightly how it stands."""

import shutil
import threading
import time
from types import SimpleNamespace

import httpx
import pytest

from mrcmv.web.health import Health
from mrcmv.web.line import Line, LineFull
from tests.web.seen import wait_for


def test_the_page_answers_for_itself(served):
    assert httpx.get(f"{served.url}/healthz").text == "ok"
    answer = httpx.get(f"{served.url}/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert told["ready"] is True
    assert told["reasons"] == []
    assert {"at_work", "waiting", "sessions", "seconds", "work", "up_s"} <= set(told)


def test_what_was_done_is_counted_by_stage(studio, uploaded):
    before = Health(studio).told()["work"].get("suggest", {}).get("done", 0)
    list(studio.find(uploaded.ticket, {}, "tab"))
    told = Health(studio).told()
    assert told["work"]["suggest"]["done"] == before + 1
    for stage in ("intake", "separation", "embedding", "in line"):
        assert told["seconds"][f"suggest: {stage}"]["count"] >= 1
    assert told["sessions"] == 1
    assert "My run" not in str(told)


def test_it_is_not_ready_while_loading_and_when_the_line_or_the_disk_is_full(studio, monkeypatch):
    health = Health(studio, loading="The networks are loading.")
    assert health.reasons() == ["The networks are loading."]
    health.loading = None
    assert health.reasons() == []
    studio.line = Line(capacity=1)
    places = [studio.line.enter(), studio.line.enter()]
    assert health.reasons() == ["The line is full."]
    assert health.told()["at_work"] == health.told()["waiting"] == 1
    for place in places:
        with place:
            pass
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    assert health.reasons() == ["The disk is nearly full."]


def test_a_library_that_cannot_be_read_is_told_and_a_slow_one_holds_nobody_up(studio, monkeypatch):
    release = threading.Event()

    def search(*wanted, **page):
        release.wait(20)
        raise OSError("gone")

    monkeypatch.setattr(studio.recommender.library, "search", search)
    health = Health(studio)
    began = time.monotonic()
    assert health.reasons() == []  # nothing is known yet
    assert time.monotonic() - began < 5
    release.set()
    wait_for(lambda: health.reasons() == ["The library cannot be read."])


def test_one_visitor_does_not_fill_the_line():
    line = Line(capacity=16)
    mine = {"tab": 4}
    for _ in range(4):
        line.enter(whose=mine)
    with pytest.raises(LineFull, match="4 wishes of yours are waiting already, which takes about 1 min"):
        line.enter(whose=mine)
    line.enter(whose=mine, urgent=False)  # what nobody waits for takes nobody's place
    for number in range(13):
        line.enter(whose={f"other {number}": 4})
    with pytest.raises(LineFull, match="16 clips are waiting already, which takes about 3 min"):
        line.enter(whose={"new": 4})


def test_what_nobody_waits_for_gives_way_at_work_and_stays_in_line_meanwhile():
    line = Line()
    unasked = line.enter(urgent=False)
    assert unasked.wait(0.01)
    wish = line.enter()
    assert unasked.gives_way()
    with unasked:
        pass
    again = line.enter(urgent=False)
    assert wish.wait(0.01)
    assert not again.gives_way()  # it waits its turn, instead of coming back a dozen times
    with wish:
        pass
    assert again.wait(0.01)
    assert not again.gives_way()
