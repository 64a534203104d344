"""Faults of the page's process, of its workers and of the networks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
import torch

from mrcmv.media import probe
from mrcmv.recommender import Recommender
from mrcmv.web.errors import sentence as page_sentence
from mrcmv.web.line import Line
from mrcmv.web.run import Job
from mrcmv.web.sessions import ROOT_PREFIX, Sessions
from mrcmv.web.studio import Studio
from tests.faults.bench import CannotHere, Outcome, fault, sentence
from tests.faults.machine import ROOT, disk, fill, python
from tests.faults.media import CLIP, folder
from tests.faults.shelf import Words
from tests.web.fakes import FakeRecommender

_SHARED: dict[str, Recommender] = {}


def recommender() -> Recommender:
    """The real networks, loaded once for all faults; what they keep goes into the first fault's home."""
    return _SHARED.setdefault("cpu", Recommender(device="cpu"))


class Visitor:
    """A `tests.faults.visitor` that has come as far as a step."""

    def __init__(self, place: Path, step: str) -> None:
        shutil.copy(CLIP, place / "My run.mp4")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.visitor", str(place / "My run.mp4")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.key = ""
        for line in self.process.stdout:
            if line.startswith("key "):
                self.key = line.split()[1]
            if line.strip() == step:
                break
        else:
            raise AssertionError(f"It never came to {step}.")
        time.sleep(0.15)  # into the step
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.communicate()
        psutil.wait_procs(self.children, timeout=10)
        if how != signal.SIGKILL or shutil.which("setpriv"):
            assert not any(child.is_running() for child in self.children)


def _killed(place: Path, step: str) -> str:
    visitor = Visitor(place, step)
    visitor.end(signal.SIGKILL)
    assert len(list((place / "tmp").glob(f"{ROOT_PREFIX}*"))) == 1
    studio = Studio(recommender(), examples=[])
    try:
        view = studio.restore({"key": visitor.key}, "the tab, loaded anew")
        assert view.ticket
        assert "My run.mp4" in (view.panel or "")
        session = studio.sessions.find(view.ticket, "the tab, loaded anew")
        assert session.source is not None
        assert session.source.read_bytes() == CLIP.read_bytes()
        after = "the page finds the clip again"
        if step in ("found", "mixing", "mixed", "delivering", "delivered"):
            assert session.suggestions is not None
            assert (view.cards or "").count('class="card') >= 5
            after += " and its five suggestions"
        elif step == "Ranking" and session.suggestions is not None:
            after += " and its five suggestions: ranking was done before the signal came"
            assert (view.cards or "").count('class="card') >= 5
        else:
            assert session.suggestions is None
            if step == "Separating the voice":
                views = list(studio.find(view.ticket, {}, "the tab, loaded anew"))
                assert any(view.take for view in views)
                after += ", and music is found when asked again"
        if step in ("mixed", "delivering", "delivered"):
            assert session.choice in session.previews
            assert 'id="download"' in (view.take or "")
            after += " and the mix, which plays"
            made = next(stored for stored in session.files.values() if stored.make)
            assert made.make is not None
            made.make()
            assert probe(made.path).picture is not None
            after += "; the video is written when asked for"
        elif step in ("found", "mixing"):
            track = session.suggestions.matches[0].track.id  # type: ignore[union-attr]
            views = list(studio.choose(view.ticket, {"track": track}, "the tab, loaded anew"))
            assert any(view.take for view in views)
            after += "; the mix is made when asked again"
        assert len(list((place / "tmp").glob(f"{ROOT_PREFIX}*"))) == 1
    finally:
        studio.sessions.close()
    return after


def _enter(step: str, when: str, quick: bool) -> None:
    @fault("page killed", when, quick=quick)
    def _(place: Path) -> Outcome:
        return Outcome("(the page is gone)", _killed(place, step))


for _step, _when, _quick in (
    ("Reading the clip", "while a clip is read", True),
    ("Separating the voice", "while a voice is separated", False),
    ("Understanding", "while a clip is understood", False),
    ("Ranking", "while tracks are ranked", False),
    ("mixing", "while a mix is made", False),
    ("mixed", "when a mix is there", False),
    ("delivering", "while the finished video is written", False),
):
    _enter(_step, _when, _quick)


@fault("page stopped (SIGTERM)", "while a clip is read")
def _(place: Path) -> Outcome:
    visitor = Visitor(place, "Reading the clip")
    visitor.end(signal.SIGTERM)
    assert visitor.process.returncode == 0
    assert not list((place / "tmp").iterdir())
    return Outcome(
        "(the page has ended)",
        "an ordered end deletes every visitor's files, as the page promises",
        "only what visitors were promised to be deleted",
    )


@fault("clock jumps a day ahead and back", "while a session is open")
def _(place: Path) -> Outcome:
    sessions = Sessions(parent=folder(place))
    session = sessions.create("tab")
    upload = sessions.uploads / "clip.mp4"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.write_bytes(b"x")
    now = time.time()
    for jump in (86_400, -86_400):
        with mock.patch("time.time", lambda jump=jump: now + jump):
            assert sessions.sweep() == 0
            os.utime(upload, (now + jump, now + jump))
            sessions.sweep()
    assert session.folder.is_dir()
    assert upload.exists()
    session.used_at -= 3600
    assert sessions.sweep() == 1
    sessions.close()
    return Outcome(
        "(nothing needs to be said)", "sessions and uploads live and end by a clock that does not jump"
    )


def _lost_card():  # type: ignore[no-untyped-def]
    """The next call of the network raises what torch raises; those after it are real."""
    from mrcmv.model import Mrcmv

    real, failed = Mrcmv.embed_query, []

    def embed(model, frames, voice):  # type: ignore[no-untyped-def]
        if not failed:
            failed.append(True)
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        return real(model, frames, voice)

    return mock.patch.object(Mrcmv, "embed_query", embed)


@fault("graphics card lost", "while a clip is understood")
def _(place: Path) -> Outcome:
    one = Recommender("debug", device="auto", home=place / "home")
    frames = np.zeros((64, 224, 224, 3), np.uint8)
    before = one.model
    wanted = before.embed_query(frames, None).vector
    with _lost_card(), Words() as words:
        for _call in range(2):
            got = one._computed(lambda: one.model.embed_query(frames, None)).vector
            assert np.array_equal(got, wanted)
    said = [line for line in words.lines if "graphics card" in line]
    assert len(said) == 1
    assert one.model is not before
    assert one.device == "cpu"
    return Outcome(f"log, once: {said[0]}", "the same answer on the processor; the visitor notices nothing")


@fault("graphics card lost", "in a whole suggestion", quick=False)
def _(place: Path) -> Outcome:
    one = Recommender(device="auto")
    with _lost_card(), Words() as words:
        found = one.suggest(CLIP, folder(place))
    wanted = recommender().suggest(CLIP, folder(place, "wanted"))
    assert [match.track.id for match in found.matches] == [match.track.id for match in wanted.matches]
    said = next(line for line in words.lines if "graphics card" in line)
    return Outcome(f"log, once: {said}", "the same suggestions, on the processor")


@fault("out of memory", "torch, while a clip is understood")
def _(place: Path) -> Outcome:
    one = Recommender("debug", device="cpu", home=place / "home")
    frames = np.zeros((64, 224, 224, 3), np.uint8)

    def greedy(model, frames, voice):  # type: ignore[no-untyped-def]
        return torch.empty(1 << 48)  # torch's own error

    with mock.patch.object(type(one.model), "embed_query", greedy):
        said = sentence(lambda: one._computed(lambda: one.model.embed_query(frames, None)))
    assert "memory" in said
    assert one._computed(lambda: one.model.embed_query(frames, None)).vector.any()
    return Outcome(said, "the same clip is understood once there is memory")


def _studio(place: Path) -> tuple[Studio, FakeRecommender, str]:
    fake = FakeRecommender(folder(place, "fake"), step_s=0.001)
    studio = Studio(fake, sessions=Sessions(parent=folder(place, "sessions")), examples=[])  # type: ignore[arg-type]
    shutil.copy(CLIP, place / "clip.mp4")
    ticket = studio.take_upload(str(place / "clip.mp4"), "", "tab").ticket
    assert ticket
    return studio, fake, ticket


@fault("worker dies", "in the middle of a mix")
def _(place: Path) -> Outcome:
    studio, fake, ticket = _studio(place)
    list(studio.find(ticket, {}, "tab"))
    fake.fail["mix"] = SystemError("the thread fell over")
    with Words():
        views = list(studio.choose(ticket, {"track": "lantern"}, "tab"))
    said = views[-1].deck or ""
    assert "Something went wrong on our side. Your clip is still here" in said
    assert any(view.take for view in studio.choose(ticket, {"track": "lantern"}, "tab"))
    line, job = Line(), Job[None]()

    def fall(job: Job[None]) -> None:
        raise BaseException("not even an Exception")

    job.start(line, fall)
    after: Job[str] = Job()
    after.start(line, lambda job: "next")
    assert after.result() == "next"
    studio.sessions.close()
    return Outcome(
        "Something went wrong on our side. Your clip is still here; please try again.",
        "what sounded before stays; the next in line begins; the same mix is made when asked again",
    )


@fault("out of memory", "Python, in the middle of a mix")
def _(place: Path) -> Outcome:
    studio, fake, ticket = _studio(place)
    list(studio.find(ticket, {}, "tab"))
    fake.fail["mix"] = MemoryError()
    with Words():
        views = list(studio.choose(ticket, {"track": "lantern"}, "tab"))
    assert "The machine has run out of memory" in (views[-1].deck or "")
    assert "内存不足" in (views[-1].deck or "")
    assert any(view.take for view in studio.choose(ticket, {"track": "lantern"}, "tab"))
    studio.sessions.close()
    return Outcome(sentence(_raise_memory), "what sounded before stays; the mix is made when asked again")


def _raise_memory() -> None:
    raise MemoryError


@fault("disk full", "when a clip is dropped on the page (file system of 3 MB)")
def _(place: Path) -> Outcome:
    fake = FakeRecommender(folder(place, "fake"), step_s=0.001)
    shutil.copy(CLIP, place / "clip.mp4")
    with disk(place / "disk", 3) as small, mock.patch("mrcmv.web.sessions.LEAST_FREE_BYTES", 0), Words():
        studio = Studio(fake, sessions=Sessions(parent=small), examples=[])  # type: ignore[arg-type]
        ballast = fill(small, leave=50_000)
        view = studio.take_upload(str(place / "clip.mp4"), "", "tab")
        assert view.notice
        assert "The disk is full" in view.notice
        assert "磁盘已满" in view.notice
        ballast.unlink()
        if CLIP.stat().st_size < 2_500_000:
            assert studio.take_upload(str(place / "clip.mp4"), "", "tab").ticket
        studio.sessions.close()
    said = page_sentence(OSError(28, "")).split("</span>")[0].split(">")[1]
    return Outcome(said, "the upload is still in the browser's hand: dropped again once there is room")


@fault("training killed", "between writing a state and giving it its name")
def _(place: Path) -> Outcome:
    code = (
        "import os, sys, signal, torch\n"
        "from pathlib import Path\n"
        "from mrcmv.training import runner\n"
        "path = Path(sys.argv[1])\n"
        "runner.save_state(path, {'epochs': 1, 'weights': torch.ones(1000)})\n"
        "os.replace = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "runner.save_state(path, {'epochs': 2, 'weights': torch.zeros(1000)})\n"
    )
    from mrcmv.training.runner import load_state, save_state

    path = place / "heads.pt"
    process = python(code, str(path))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert path.with_name("heads.pt.partial").exists()
    state = load_state(path)
    assert state["epochs"] == 1
    save_state(path, {**state, "epochs": 2})
    assert load_state(path)["epochs"] == 2
    return Outcome("(the program is gone)", "it goes on from the state before; the half file is written over")


@fault("disk full", "when a state of the training is written (file system of 1 MB)")
def _(place: Path) -> Outcome:
    from mrcmv.training.runner import load_state, save_state

    with disk(place / "disk", 1) as small:
        save_state(small / "heads.pt", {"epochs": 1, "weights": torch.ones(1000)})
        said = sentence(
            lambda: save_state(small / "heads.pt", {"epochs": 2, "weights": torch.ones(1_000_000)})
        )
        assert "disk is full" in said
        assert load_state(small / "heads.pt")["epochs"] == 1
        assert [path.name for path in small.iterdir()] == ["heads.pt"]
    return Outcome(said, "the state before stays and is gone on from")


@fault("no network", "from the clip to the finished video", quick=False)
def _(place: Path) -> Outcome:
    command = [sys.executable, "-m", "mrcmv", "render", str(CLIP), "--out", str(place / "made.mp4")]
    walled = ["unshare", "--net", *command]
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        raise CannotHere("the network can be taken away by root only")
    done = subprocess.run(walled, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert probe(place / "made.mp4").picture is not None
    return Outcome("(nothing needs to be said)", "everything works: nothing is fetched")
