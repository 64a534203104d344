"""Faults outside the page: a participant of a study, a data set from the internet, an index on the disk."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import numpy as np

from mrcmv.training.manifest import read_manifest
from tests.faults.bench import Outcome, fault, sentence
from tests.faults.machine import ROOT, disk, fill
from tests.faults.media import CLIP
from tests.training.fetch.site import Site


@fault("disk full", "when a participant's page sends an answer (file system of 1 MB)")
def _(place: Path) -> Outcome:
    from starlette.testclient import TestClient

    from mrcmv.study.server import make_app
    from mrcmv.study.store import Store
    from tests.study.designs import small
    from tests.study.stimuli import fake_manifest
    from tests.study.visitor import Visitor

    manifest = fake_manifest(place / "stimuli", small(session={"trials": 4, "watch_share": 0}))
    with disk(place / "disk", 1) as tiny:
        store = Store(f"sqlite:///{tiny / 'answers.sqlite'}", manifest)
        client = TestClient(make_app(store, manifest, "desk"), raise_server_exceptions=False)
        visitor = Visitor(client)
        visitor.checks()
        trial = visitor.state()["trial"]
        ballast = fill(tiny)
        for _ in range(400):  # the write-ahead log may have had room for some
            refused = client.post("/api/join", content='{"consent": "1", "device": "phone"}')
            if refused.status_code != 200:
                break
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        answer = visitor.answer(trial, request="a" * 32)
        assert answer.status_code == 503
        ballast.unlink()
        assert visitor.answer(trial, request="a" * 32).status_code == 200
        assert visitor.state()["trial"]["id"] != trial["id"]
        store.close()
    return Outcome(answer.json()["says"], "the page keeps the answer and sends it again; it counts once")


@fault("no network", "when a data set is fetched", quick=False)
def _(place: Path) -> Outcome:
    site, out, lists = Site(), place / "data", place / "lists"
    site.files["/a.mp4"] = CLIP.read_bytes()
    lists.mkdir()
    for part, line in (("training", ""), ("test", f"{site.url}/a.mp4\n")):
        (lists / f"{part}_part_HoK400.txt").write_text(line, encoding="utf-8")
    dead = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")} | {"no_proxy": ""}
    command = [sys.executable, "-m", "mrcmv", "data", "fetch", "hok400", "--out", str(out), "--local"]
    command += ["--lists", str(lists), "--pause", "0"]
    cut_off = run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **dead})
    said = json.loads((out / "status.jsonl").read_text(encoding="utf-8"))["reason"]
    assert cut_off.returncode == 1
    assert said in cut_off.stdout
    assert site.asked == []
    again = run(command, capture_output=True, text=True, cwd=ROOT)
    assert again.returncode == 0, again.stderr
    assert len(read_manifest(out)) == 1
    site.close()
    return Outcome(f"{said}; ends with 1", "the next run asks again and goes on")


def _index(folder: Path) -> None:
    from mrcmv.index import Entry, open_index

    vectors = np.eye(8, dtype=np.float32)
    index = open_index(str(folder), 8)
    start = np.zeros(1, np.float32)
    index.add(Entry(f"t{number}", vectors[number : number + 1], start) for number in range(8))
    index.save()
    index.close()


def _spoiled(place: Path, spoil: Callable[[Path], object]) -> Outcome:
    """What opening an index says after ``spoil`` of its folder, and that it can be filled again."""
    from mrcmv.index import open_index

    folder = place / "index"
    _index(folder)
    spoil(folder)
    said = sentence(lambda: open_index(str(folder), 8))
    assert "is damaged" in said
    assert "mrcmv catalogue index" in said
    shutil.rmtree(folder)
    _index(folder)
    again = open_index(str(folder), 8)
    assert len(again) == 8
    again.close()
    return Outcome(said, "filled again from the kept vectors, without listening to anything")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@fault("windows of an index cut off", "when it is opened")
def _(place: Path) -> Outcome:
    return _spoiled(place, lambda folder: _cut(folder / "windows.faiss"))


@fault("windows of an index missing", "when it is opened")
def _(place: Path) -> Outcome:
    return _spoiled(place, lambda folder: (folder / "windows.faiss").unlink())


@fault("names of an index overwritten", "when it is opened")
def _(place: Path) -> Outcome:
    return _spoiled(place, lambda folder: (folder / "tracks.sqlite").write_bytes(bytes(range(256)) * 64))


@fault("names of an index missing", "when it is opened")
def _(place: Path) -> Outcome:
    return _spoiled(place, lambda folder: (folder / "tracks.sqlite").unlink())
