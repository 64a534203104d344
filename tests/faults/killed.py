"""Programs that are killed in the middle of long work, and run again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from mrcmv.library import Library
from mrcmv.media import probe
from tests.faults.bench import Outcome, fault
from tests.faults.machine import ROOT, python
from tests.library.helpers import sound_file
from tests.web.clips import make_mp4

GONE = "(the program is gone)"
PATIENCE_S = 240.0

ADDS = """
import sys
from pathlib import Path
from mrcmv.library import Library, Rights

def wait(done):
    if done >= 0.4 and not waited:
        waited.append(done)
        print("here", flush=True)
        sys.stdin.readline()

waited = []
rights = Rights.state("CC0-1.0", source="https://example.org/pack")
Library.open().add(Path(sys.argv[1]), rights, progress=wait)
"""
"""Adds a sound and, half way, waits for a line."""


def _half_way(sound: Path) -> subprocess.Popen[str]:
    adder = python(ADDS, str(sound))
    assert adder.stdout is not None
    assert adder.stdout.readline() == "here\n"
    return adder


def _end(process: subprocess.Popen[str]) -> None:
    """Kill it, and see what it started end with it."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    psutil.wait_procs(children, timeout=10)
    if shutil.which("setpriv"):
        assert not any(child.is_running() for child in children)


@fault("program killed", "while a track comes into the library")
def _(place: Path) -> Outcome:
    incoming = place / "home" / "library" / "incoming"
    dies = _half_way(sound_file(place / "one.wav", 300))
    lives = _half_way(sound_file(place / "two.wav", 500))
    assert len(list(incoming.glob("*/sound.flac"))) == 2
    _end(dies)
    assert len(list(incoming.glob("*/sound.flac"))) == 2
    shelf = Library.open()
    assert len(list(incoming.glob("*/sound.flac"))) == 1
    _, errors = lives.communicate("\n")
    assert lives.returncode == 0, errors
    assert not list(incoming.iterdir())
    again = _half_way(place / "one.wav")
    _, errors = again.communicate("\n")
    assert again.returncode == 0, errors
    own = [track.title for track in shelf.tracks() if track.pack == "own"]
    assert own == ["two", "one"]
    assert not list(incoming.iterdir())
    return Outcome(
        GONE,
        "the next start deletes what it left, and nothing of a program that runs; "
        "added once more, the track comes in",
    )


def _verb(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mrcmv", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def _kill_when(process: subprocess.Popen[str], so_far: Callable[[], bool]) -> None:
    waited = time.monotonic()
    while not so_far():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - waited < PATIENCE_S
        time.sleep(0.005)
    _end(process)


@fault("program killed", "while the second of three clips of a batch is mixed", quick=False)
def _(place: Path) -> Outcome:
    clips, out = place / "clips", place / "out"
    clips.mkdir()
    for name in ("a", "b", "c"):
        make_mp4(clips / f"{name}.mp4", seconds=3)
    words = ["render", str(clips), "--out", str(out), "--device", "cpu", "--json"]
    _kill_when(_verb(*words), lambda: (out / "a.mp4").is_file() and any(out.glob(".mix-*")))
    assert {path.name for path in out.glob("*.mp4")} == {"a.mp4"}
    first = (out / "a.mp4").stat()
    again = _verb(*words)
    told, errors = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, errors
    summary = json.loads(told)
    assert (summary["clips"], summary["done"], summary["kept"], summary["failed"]) == (3, 2, 1, 0)
    now = (out / "a.mp4").stat()
    assert (now.st_ino, now.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    for name in ("a", "b", "c"):
        assert probe(out / f"{name}.mp4").picture is not None
    assert {path.name for path in out.iterdir()} == {"a.mp4", "b.mp4", "c.mp4", "report.html", ".records"}
    assert len(list((out / ".records").iterdir())) == 3
    return Outcome(GONE, "run again, it keeps the clip that was done and does the other two")


def _design(place: Path) -> Path:
    """Two clips, three methods; JSON is YAML too."""
    from tests.study.designs import plain

    clips = []
    for name in ("first", "second"):
        make_mp4(place / f"{name}.mp4", seconds=3)
        clips.append({"id": name, "file": f"{name}.mp4", "tags": ["calm"]})
    methods = [
        {"name": "network", "kind": "checkpoint"},
        {"name": "chance", "kind": "random"},
        {"name": "silent", "kind": "none"},
    ]
    design = plain(clips=clips, methods=methods, session={"trials": 2}, sound={"keep": "original"})
    (place / "design.yaml").write_text(json.dumps(design), encoding="utf-8")
    return place / "design.yaml"


@fault("program killed", "while the second clip's stimuli of a study are made", quick=False)
def _(place: Path) -> Outcome:
    from mrcmv.study.manifest import read_manifest
    from mrcmv.study.reading import sha256_of

    out = place / "stimuli"
    words = ["study", "stimuli", str(_design(place)), "--out", str(out), "--device", "cpu"]
    films, done = out / "stimuli", out / "done"
    _kill_when(_verb(*words), lambda: any(done.glob("*.json")) and any(films.glob(".mix-*")))
    (card,) = done.glob("*-first.json")
    names = [each["id"] for each in json.loads(card.read_text(encoding="utf-8"))["stimuli"]]
    assert len(names) == 3
    before = {name: os.stat(films / f"{name}.mp4").st_ino for name in names}
    secret = (out / "secret").read_text(encoding="ascii")
    again = _verb(*words)
    _, errors = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, errors
    manifest = read_manifest(out)
    assert manifest.problems() == []
    assert len(manifest.stimuli) == 6
    for each in manifest.stimuli:
        assert sha256_of(manifest.path(each)) == each.sha256
    assert {name: os.stat(films / f"{name}.mp4").st_ino for name in names} == before
    assert {path.name for path in films.iterdir()} == {f"{each.id}.mp4" for each in manifest.stimuli}
    assert (out / "secret").read_text(encoding="ascii") == secret
    return Outcome(GONE, "run again, it keeps the stimuli of the first clip and makes those of the second")
