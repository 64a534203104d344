"""The page's process is killed under an open browser and started again at the same address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.faults.machine import ROOT
from tests.web.test_browser import Tab, browser  # noqa: F401

pytestmark = pytest.mark.browser


def serve(port: int, tmp: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.web.demo", str(port), "0.005"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ends = monotonic() + 120
    while monotonic() < ends:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            sleep(0.2)
        else:
            return process
    process.kill()
    raise AssertionError("The page did not start.")


def test_after_a_kill_and_a_reload_clip_suggestions_and_sound_are_there(browser, clip, tmp_path):  # type: ignore[no-untyped-def]  # noqa: F811
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = serve(port, tmp_path)
    try:
        tab = Tab(browser, f"http://127.0.0.1:{port}/")
        page = tab.page
        tab.drop(clip)
        page.click("#find")
        tab.ready()
        page.click("[data-rank='3'] .use")
        page.wait_for_selector(".card.chosen[data-rank='3']")
        tab.ready()
        titles = page.locator(".card h3, .card .title").all_inner_texts()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(list(tmp_path.glob("mrcmv-web-*"))) == 1
        process = serve(port, tmp_path)
        page.reload()
        page.wait_for_selector(".card.chosen[data-rank='3']")
        tab.ready()
        assert page.locator(".card h3, .card .title").all_inner_texts() == titles
        page.click("[data-rank='5'] .use")
        page.wait_for_selector(".card.chosen[data-rank='5']")
        tab.ready()
        page.click("#delete")
        page.wait_for_selector("#upload input[type=file]", state="attached")
        tab.until(lambda: not list(tmp_path.glob("mrcmv-web-*/kept-*/session.json")))
        tab.close()
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
