"""What wishes and visitors leave behind in a page that goes on: nothing that adds up."""

import ctypes
import gc
import subprocess
import sys
from collections import Counter

import pytest
from gradio_client import Client, handle_file

from mrcmv.web import heap
from mrcmv.web.leavers import MOST_TABS, Leavers
from mrcmv.web.text import ENGLISH
from tests.web.seen import wait_for
from tests.web.test_server import Visitor

OURS = ("mrcmv.", "gradio.queueing", "gradio.state_holder", "gradio.blocks", "gradio.data_classes")
needs_glibc = pytest.mark.skipif(heap._glibc() is None, reason="not on glibc")


def objects():
    """How many objects of the page's and of Gradio's classes there are, by class."""
    gc.collect()
    kinds = [type(each) for each in gc.get_objects()]
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds if _ours(kind))


def _ours(kind):
    return isinstance(kind.__module__, str) and kind.__module__.startswith(OURS)


def asked(client, clip, times):
    for _ in range(times):
        client.predict(clip=handle_file(str(clip)), api_name="/suggest")


def settled(page):
    """Wait until Gradio has done with all events."""
    wait_for(lambda: not page._queue.event_ids_to_events and not page._queue._asyncio_tasks)


def test_wishes_leave_no_objects(served, clip):
    client = Client(served.url, verbose=False, download_files=False, analytics_enabled=False)
    asked(client, clip, 2)
    settled(served.page)
    before = objects()
    asked(client, clip, 6)
    settled(served.page)
    grown = {}

    def as_before():  # threads of the last wish may still be ending
        grown.clear()
        grown.update(objects() - before)
        return not {name for name, more in grown.items() if more >= 3}

    wait_for(as_before)
    assert max(grown.values(), default=0) < 3
    assert len(served.page._queue.event_analytics) <= 1
    assert len(served.studio.sessions.of_owner(client.session_hash)) == 0
    client.close()


def test_a_tab_that_left_is_forgotten(served, clip):
    queue, states = served.page._queue, served.page.state_holder
    kept = (queue.pending_event_ids_session, queue.pending_messages_per_session, states.session_data)
    visitor = Visitor(served)
    with visitor.http.stream("GET", f"/gradio_api/heartbeat/{visitor.tab}") as open_tab:
        lines = open_tab.iter_lines()  # open for as long as it is held
        assert next(lines) == "data: ALIVE"
        visitor.drop(clip)
        assert all(visitor.tab in each for each in kept)
    wait_for(lambda: not any(visitor.tab in each for each in (*kept, states.time_last_used)))
    assert served.studio.sessions.of_owner(visitor.tab)  # until its time is up: the tab may come again
    visitor.act("find", [visitor.ticket])
    assert "Boss Fight at Dawn" in visitor.seen


def test_who_left_in_the_middle_is_forgotten_when_it_is_over(served):
    queue, leavers = served.page._queue, Leavers(served.page)
    queue.pending_event_ids_session["early"] = {"its event"}
    queue.event_ids_to_events["its event"] = None
    try:
        leavers.forget("early")
        assert "early" in queue.pending_event_ids_session
    finally:
        del queue.event_ids_to_events["its event"]
    leavers.forget("later")
    assert "early" not in queue.pending_event_ids_session
    assert not leavers._left


def test_a_tab_that_gradio_no_longer_knows_is_answered(served, clip):
    visitor, states = Visitor(served), served.page.state_holder
    visitor.drop(clip)
    for number in range(MOST_TABS + 1):
        _ = states[f"other-{number}"]
    assert len(states.session_data) == MOST_TABS
    assert visitor.tab not in states.session_data
    visitor.act("find", [visitor.ticket])
    assert "Boss Fight at Dawn" in visitor.seen
    assert ENGLISH["bad_request"] not in visitor.seen


@needs_glibc
def test_what_is_free_goes_back_to_the_machine():
    """Small pieces are kept by the heap, as one above them is in use; not after `give_back`."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    pieces = [libc.malloc(65_000) for _ in range(1000)]
    for piece in pieces:
        ctypes.memset(piece, 1, 65_000)
    for piece in pieces[:-1]:
        libc.free(piece)
    before = _resident()
    heap.give_back()
    assert before - _resident() > 30e6
    libc.free(pieces[-1])


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@needs_glibc
@pytest.mark.parametrize(("asked_for", "most"), [(None, heap.MOST_HEAPS), ("5", 5)])
def test_threads_share_few_heaps(asked_for, most, tmp_path):
    """Eight threads at once; glibc itself tells how many heaps there are."""
    program = (
        "import ctypes, sys, threading\n"
        "from mrcmv.web.heap import few_heaps\n"
        "few_heaps()\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.fopen.restype = ctypes.c_void_p\n"
        "together = threading.Barrier(8)\n"
        "def use():\n"
        "    libc.malloc(1000)\n"
        "    together.wait()\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[each.start() for each in threads]\n"
        "[each.join() for each in threads]\n"
        "file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b'w'))\n"
        "libc.malloc_info(0, file)\n"
        "libc.fclose(file)\n"
    )
    told = tmp_path / "heaps.xml"
    environment = {"MALLOC_ARENA_MAX": asked_for} if asked_for else {}
    subprocess.run([sys.executable, "-c", program, str(told)], check=True, env=environment)
    assert told.read_text().count("<heap ") == most
