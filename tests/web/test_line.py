"""Who works, who waits, and who is asked to come again."""

from __future__ import annotations

import contextvars

import pytest

from mrcmv.media import fair_threads, share_threads
from mrcmv.web.line import Line, LineFull
from mrcmv.web.run import Job
from mrcmv.web.studio import page_line


def test_so_many_as_may_work_at_once_in_order_of_arrival():
    line = Line(at_once=2)
    first, second, third, fourth = (line.enter() for _ in range(4))
    assert [place.wait(0.01) for place in (fourth, third, second, first)] == [False, False, True, True]
    assert [place.ahead() for place in (first, second, third, fourth)] == [0, 0, 1, 2]
    assert line.counts() == (2, 2, 0)
    assert first.neighbours() == 2
    with second:
        pass
    assert third.wait(0.01)
    assert not fourth.wait(0.01)
    assert fourth.ahead() == 1


def test_two_wishes_of_one_visitor_never_work_at_once_and_hold_nobody_up():
    line = Line(at_once=2)
    first, again, other = line.enter(alone="me"), line.enter(alone="me"), line.enter(alone="you")
    assert first.wait(0.01)
    assert not again.wait(0.01)
    assert again.ahead() == 0  # the next, as soon as the other one is done
    assert other.wait(0.01)
    with first:
        pass
    assert again.wait(0.01)


def test_what_nobody_waits_for_works_alone():
    line = Line(at_once=2)
    unasked, another = line.enter(urgent=False), line.enter(urgent=False)
    assert unasked.wait(0.01)
    assert not another.wait(0.01)
    wish = line.enter()
    assert wish.wait(0.01)  # at once, while the other one gives way
    assert unasked.gives_way()
    with unasked:
        pass
    assert not another.wait(0.01)
    another.hurry()
    assert another.wait(0.01)
    assert not another.gives_way()


def test_as_many_may_wait_as_are_served_in_time():
    line = Line(64, at_once=2, patience_s=60.0)
    assert line.room == 12  # 10 s each is the first guess
    for _ in range(14):
        line.enter()
    with pytest.raises(LineFull, match="12 clips are waiting already, which takes about 1 min"):
        line.enter()
    assert line.full
    quick = Line(64, patience_s=60.0)
    for _ in range(40):
        with quick.enter() as place:
            assert place.wait(0.01)
    assert quick.room == 64


def test_work_beside_other_work_takes_its_share_of_the_threads(monkeypatch):
    monkeypatch.setenv("MRCMV_THREADS", "4")
    line, shares = Line(at_once=2), []
    beside = line.enter()
    assert beside.wait(0.01)
    first, second = Job(), Job()
    first.start(line, lambda job: shares.append(fair_threads()))
    first.result()
    with beside:
        pass
    second.start(line, lambda job: shares.append(fair_threads()))
    second.result()
    assert shares == [2, 4]
    assert fair_threads() == 4  # outside of work
    monkeypatch.setenv("MRCMV_THREADS", "1")
    assert fair_threads() == 1


def test_the_share_never_falls_below_one(monkeypatch):
    monkeypatch.setenv("MRCMV_THREADS", "2")

    def share():
        share_threads(lambda: 5)
        return fair_threads()

    assert contextvars.copy_context().run(share) == 1


@pytest.mark.parametrize(
    ("threads", "asked", "at_once"), [("1", "", 1), ("2", "", 2), ("4", "", 2), ("16", "", 4), ("2", "1", 1)]
)
def test_a_page_works_at_as_many_as_its_cores_bear(monkeypatch, threads, asked, at_once):
    monkeypatch.setenv("MRCMV_THREADS", threads)
    monkeypatch.setenv("MRCMV_AT_ONCE", asked)
    assert page_line().at_once == at_once
