import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from mrcmv.media import UserError, probe, read_sound
from mrcmv.training.fetch import Manners, fetch
from mrcmv.training.fetch.clips import Separate
from mrcmv.training.manifest import read_manifest

from .conftest import film, padded
from .site import STALL_AFTER, Site

HERE = Manners(pause_s=0.0, local=True)
Lists = Callable[[list[str], list[str]], str]
Half = Callable[[], Separate]


def rows(out: Path) -> dict[str, dict]:
    return {row["id"]: row for row in map(json.loads, (out / "manifest.jsonl").read_text().splitlines())}


def test_what_survives_trains_and_what_does_not_is_told(
    site: Site, write_lists: Lists, half: Half, tmp_path: Path
) -> None:
    site.files |= {
        "/two.mp4": film(tmp_path / "two.mp4", 880).read_bytes(),
        "/text.mp4": b"ffconcat version 1.0\nfile /etc/passwd\n" * 100,
        "/mute.mp4": film(tmp_path / "mute.mp4", 1, sound=False).read_bytes(),
        "/copy.mp4": site.files["/one.mp4"],
    }
    names = ("two", "text", "lost", "mute", "copy")
    lists = write_lists(
        [*(f"{site.url}/{n}.mp4" for n in names), "file:///etc/passwd"], [f"{site.url}/one.mp4"]
    )
    out, told = tmp_path / "out", []
    report = fetch("hok400", out, lists=lists, manners=HERE, tell=told.append, load_separator=half)
    assert (report.survived, report.listed, len(told)) == (2, 7, 7)
    assert report.splits["train"] == {
        "listed": 6,
        "manifest": 1,
        "refused": 3,
        "gone": 1,
        "same file": 1,
    }
    assert {(state, reason) for state, reason, _ in report.reasons} == {
        ("gone", "the site answers 404"),
        ("refused", "This file has no picture."),
        ("refused", "This video has no sound, so there is no music in it."),
        ("refused", "only addresses that begin with http:// or https:// are asked"),
    }
    assert "2 of 7 videos survive" in str(report)
    assert json.loads((out / "survivors.json").read_text())["survived"] == 2
    items = {item.id.rpartition("-")[0]: item for item in read_manifest(out)}
    assert {name: item.split for name, item in items.items()} == {"two": "train", "one": "test"}
    assert items["one"].music is None
    assert items["one"].duration_s == pytest.approx(2.0, abs=0.15)
    row = rows(out)[items["one"].id]
    assert row["source"]["url"] == f"{site.url}/one.mp4"
    assert row["source"]["title"] == "one"
    facts = probe(out / row["clip"])
    assert (facts.picture.width, facts.picture.height, facts.sound.rate) == (96, 64, 44_100)
    voice, rest = read_sound(out / row["voice"]), read_sound(out / row["accompaniment"])
    assert np.abs(2 * voice - rest).max() < 1e-3
    assert len(rest) == pytest.approx(2 * 44_100, abs=0.1 * 44_100)
    assert not list((out / "partial").iterdir())

    # the next run asks for nothing: all is done, gone or refused
    before = list(site.asked)
    assert fetch("hok400", out, manners=HERE, load_separator=half).survived == 2
    assert site.asked == before
    # unless it is told to, and then what came back is taken
    site.files["/lost.mp4"] = film(tmp_path / "lost.mp4", 300).read_bytes()
    assert fetch("hok400", out, manners=HERE, retry=True, load_separator=half).survived == 3
    assert [site.count(f"/{name}.mp4") for name in ("one", "two")] == [2, 2]  # a look and a download


def test_a_killed_run_is_continued_and_nothing_is_downloaded_twice(
    site: Site, write_lists: Lists, half: Half, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    one, slow = f"{site.url}/one.mp4", f"{site.url}/slow/two.mp4"
    fetch("hok400", out, lists=write_lists([one], []), manners=HERE, load_separator=half)
    asked_before = site.count("/one.mp4")
    site.files["/slow/two.mp4"] = padded(film(tmp_path / "two.mp4", 880).read_bytes())
    lists = write_lists([one], [slow])
    command = [sys.executable, "-m", "mrcmv", "data", "fetch", "hok400", "--lists", lists, "--out", str(out)]
    run = subprocess.Popen([*command, "--pause", "0", "--local"], stderr=subprocess.PIPE)
    waited = time.monotonic()
    while not (parts := [p for p in out.glob("partial/*/*.part") if p.stat().st_size > 0]):
        assert run.poll() is None, run.stderr.read()
        assert time.monotonic() - waited < 240
        time.sleep(0.02)
    children = psutil.Process(run.pid).children(recursive=True)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stderr.close()
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert (len(gone), alive) == (len(children), [])
    had = parts[0].stat().st_size
    assert 0 < had <= STALL_AFTER
    assert len(rows(out)) == 1
    with (out / "status.jsonl").open("a") as file:
        file.write('{"id": "a line that the kill cut o')

    report = fetch("hok400", out, manners=HERE, load_separator=half)
    assert report.survived == 2
    assert site.count("/one.mp4") == asked_before
    starts = [start for path, start in site.asked if path == "/slow/two.mp4"]
    assert starts == [0, 0, 0, had]  # a look and a download, twice
    assert sorted(row["split"] for row in rows(out).values()) == ["test", "train"]
    assert all(json.loads(line) for line in (out / "status.jsonl").read_text().splitlines())


def test_a_whole_download_that_a_kill_left_is_not_asked_for_again(
    site: Site, write_lists: Lists, half: Half, tmp_path: Path
) -> None:
    def dies() -> Separate:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    lists = write_lists([f"{site.url}/one.mp4"], [])
    with pytest.raises(KeyboardInterrupt):
        fetch("hok400", out, lists=lists, manners=HERE, load_separator=dies)
    assert len(list(out.glob("partial/*/download.mp4"))) == 1
    assert site.count("/one.mp4") == 2
    assert fetch("hok400", out, manners=HERE, load_separator=half).survived == 1
    assert site.count("/one.mp4") == 2


def test_a_site_that_is_busy_is_asked_again_and_then_left_alone(
    site: Site, write_lists: Lists, half: Half, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mrcmv.training.fetch.runner.FAILURES_IN_A_ROW", 1)
    site.codes = {"/busy.mp4": 503, "/more.mp4": 503}
    lists = write_lists([f"{site.url}/busy.mp4"], [f"{site.url}/more.mp4"])
    report = fetch("hok400", tmp_path / "out", lists=lists, manners=HERE, load_separator=half)
    assert sorted(site.count(path) for path in site.codes) == [0, 3]
    assert report.reasons == [("failed", "the site answers 503", 1)]
    assert report.notes[0].startswith("Stopped after 1 failures in a row (the site answers 503)")
    assert report.survived == 0


def test_an_address_of_this_machine_is_not_asked_unless_allowed(
    site: Site, write_lists: Lists, half: Half, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    lists = write_lists([f"{site.url}/one.mp4"], [])
    fetch("hok400", out, lists=lists, manners=Manners(pause_s=0.0), load_separator=half)
    state = json.loads((out / "status.jsonl").read_text())
    assert (state["state"], state["reason"]) == (
        "refused",
        "it lies on this machine or its network, not on the internet",
    )
    assert site.asked == []


def test_lists_of_an_address_are_read_once(site: Site, half: Half, tmp_path: Path) -> None:
    site.files["/l/training_part_HoK400.txt"] = f"{site.url}/one.mp4\n".encode()
    site.files["/l/test_part_HoK400.txt"] = b"# none left\n"
    out = tmp_path / "out"
    report = fetch("hok400", out, lists=f"{site.url}/l", manners=HERE, load_separator=half)
    assert report.survived == 1
    assert "The train list names 1 videos; the authors' had 265." in report.notes
    fetch("hok400", out, lists=f"{site.url}/l", manners=HERE, load_separator=half)
    assert site.count("/l/training_part_HoK400.txt") == 1
    with pytest.raises(UserError, match="holds hok400: choose another folder for cfm400"):
        fetch("cfm400", out, manners=HERE)
    site.files["/l/training_part_CFM400.txt"] = b""
    with pytest.raises(UserError, match=r"test_part_CFM400.txt could not be read: the site answers 404"):
        fetch("cfm400", tmp_path / "other", lists=f"{site.url}/l", manners=HERE)
    with pytest.raises(UserError, match="begin with http"):
        fetch("cfm400", tmp_path / "other", lists="file:///etc", manners=HERE)
