"""Own files on their way: nothing is lost, nothing of a name becomes a path."""

import threading
import time

import pytest

from mrcmv.library import Rights
from mrcmv.media import UserError
from mrcmv.web.errors import PageError
from mrcmv.web.shelf.inbox import Inbox

RIGHTS = Rights.state("CC-BY-4.0", source="https://example.org")


class Taker:
    """Stands for the library: notes what it gets, refuses what says so, waits at a gate."""

    def __init__(self):
        self.got, self.gate = [], threading.Event()
        self.gate.set()

    def __call__(self, path, rights, said, progress):
        while not self.gate.wait(0.01):
            progress(0.3)
        self.got.append((path, path.read_bytes(), rights, said))
        if path.read_bytes() == b"bad":
            raise UserError("This file has no sound that can be read.")
        if path.read_bytes() == b"bug":
            raise RuntimeError("/secret/place")
        return type("Track", (), {"id": f"own-{len(self.got)}"})()


@pytest.fixture
def taker():
    return Taker()


@pytest.fixture
def inbox(tmp_path, taker):
    made = Inbox(tmp_path / "inbox", taker)
    yield made
    taker.gate.set()
    made.close()


def put(inbox, batch, name, content=b"sound"):
    entry, path = inbox.expect(batch, name)
    path.write_bytes(content)
    inbox.arrived(entry, path)
    return entry


def wait(happened):
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until, "It did not happen."
        time.sleep(0.01)


def states(inbox):
    return [entry.state for entry in inbox.entries()]


def test_files_go_in_one_after_the_other_with_the_rights_of_their_batch(inbox, taker):
    batch = inbox.open_batch(RIGHTS, {"artist": "Ada"})
    put(inbox, batch, "One.wav")
    put(inbox, batch, "Two.wav")
    wait(lambda: states(inbox) == ["added", "added"])
    assert [path.name for path, *_ in taker.got] == ["One", "Two"]
    assert all(rights == RIGHTS and said == {"artist": "Ada"} for *_, rights, said in taker.got)
    assert not [path for path, *_ in taker.got if path.exists()]


def test_a_refused_file_says_why_and_the_next_one_goes_on(inbox):
    batch = inbox.open_batch(RIGHTS, {})
    put(inbox, batch, "bad.wav", b"bad")
    put(inbox, batch, "bug.wav", b"bug")
    put(inbox, batch, "good.wav")
    wait(lambda: states(inbox) == ["refused", "refused", "added"])
    first, second, _ = inbox.entries()
    assert "no sound" in first.said
    assert "secret" not in second.said


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\x.wav", "/etc/cron.d/x", "a\0b.wav", "", ".", "x" * 5000]
)
def test_a_name_never_leaves_its_folder(inbox, taker, name):
    batch = inbox.open_batch(RIGHTS, {})
    _, path = inbox.expect(batch, name)
    assert path.resolve().parent.parent == (inbox.folder / batch).resolve()


@pytest.mark.parametrize("batch", ["", "..", "0" * 16, "../../x", "0123456789abcdeg"])
def test_only_a_known_batch_takes_files(inbox, batch):
    inbox.open_batch(RIGHTS, {})
    with pytest.raises(PageError):
        inbox.expect(batch, "x.wav")


def test_what_had_arrived_goes_on_in_the_next_process(inbox, taker, tmp_path):
    taker.gate.clear()
    batch = inbox.open_batch(RIGHTS, {"mood": "calm"})
    put(inbox, batch, "At work.wav")
    put(inbox, batch, "Waiting.wav")
    _, cut_off = inbox.expect(batch, "Cut off.wav")
    cut_off.write_bytes(b"so")
    wait(lambda: "adding" in states(inbox))
    inbox.close()  # the process ends in the middle of a file
    wait(lambda: not inbox._worker.is_alive())

    after = Taker()
    again = Inbox(tmp_path / "inbox", after)
    assert again.resume() == 2
    wait(lambda: states(again) == ["added", "added"])
    assert {path.name for path, *_ in after.got} == {"At work", "Waiting"}
    assert after.got[0][2] == RIGHTS
    assert after.got[0][3] == {"mood": "calm"}
    assert again.resume() == 0
    assert not list((tmp_path / "inbox").iterdir())


def test_a_file_can_be_stopped(inbox, taker):
    taker.gate.clear()
    batch = inbox.open_batch(RIGHTS, {})
    first, second = put(inbox, batch, "a.wav"), put(inbox, batch, "b.wav")
    inbox.stop(second.id)
    inbox.stop(first.id)
    wait(lambda: states(inbox) == ["refused", "refused"])
    assert taker.got == []
    inbox.clear()
    assert inbox.entries() == []


def test_there_is_room_for_so_many_and_no_more(inbox, monkeypatch):
    monkeypatch.setattr("mrcmv.web.shelf.inbox.MOST_FILES", 2)
    batch = inbox.open_batch(RIGHTS, {})
    inbox.expect(batch, "a")
    inbox.expect(batch, "b")
    with pytest.raises(PageError, match="wait already"):
        inbox.expect(batch, "c")
