"""From click to sound when tracks are switched, in a real browser over the real page.

    python -m benchmarks.switching [--clip excited] [--checkpoint compact] [--switches 30] [--listen 5]

First a listener: as soon as the first mix is there it plays, and every ``--listen`` seconds the next
card is chosen; printed is whether its mix was there already, and how long it was waited for. Then
``--switches`` switches between all choices while they play, each measured by the page itself: from the
time stamp of the key press to the start of the new sound on the clock of the audio device, with the
device's own latency as the browser tells it. Needs chromium (``MRCMV_CHROMIUM``) and playwright.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine, table
from mrcmv.recommender import Recommender
from mrcmv.web import serve
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio

CHROMIUM = os.environ.get("MRCMV_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio",
         "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]  # fmt: skip
WAIT_MS = 600_000
LISTEN = "window.mrcmvStudio.listen"


def listener(page: Any, listen_s: float) -> list[tuple[str, ...]]:
    """Rows of a table: which track, was it there when it was asked for, seconds waited."""
    rows: list[tuple[str, ...]] = [("card", "there when asked for", "waited s")]
    for number in (2, 3, 4, 5):
        page.wait_for_timeout(1000 * listen_s)
        there = number in page.evaluate(f"{LISTEN}.ready()")
        began = time.perf_counter()
        page.keyboard.press(str(number))
        page.wait_for_function(
            f"document.querySelector('#slot-{number}').dataset.sound === {LISTEN}.address()", polling=20
        )
        rows.append((str(number), "yes" if there else "no", f"{time.perf_counter() - began:.2f}"))
    return rows


def switches(page: Any, count: int) -> list[float]:
    """Milliseconds of each switch. All mixes are there."""
    page.wait_for_function(f"{LISTEN}.ready().length === 6")
    page.evaluate("performance.clearMeasures('mrcmv-switch')")
    chance, last = random.Random(0), 5
    for _ in range(count):
        last = chance.choice([number for number in range(6) if number != last])
        if not page.evaluate(f"{LISTEN}.playing()"):
            page.evaluate(f"{LISTEN}.seek(0), {LISTEN}.play()")
            page.wait_for_function(f"{LISTEN}.playing()")
        page.keyboard.press(str(last))
        page.wait_for_timeout(400)
    measured: list[float] = page.evaluate(
        "performance.getEntriesByName('mrcmv-switch').map(entry => entry.duration)"
    )
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clip", default="excited", help="an example of the page")
    parser.add_argument("--checkpoint", default="compact")
    parser.add_argument("--switches", type=int, default=30)
    parser.add_argument("--listen", type=float, default=5.0, help="seconds on each card")
    chosen = parser.parse_args()
    from playwright.sync_api import sync_playwright

    print(f"switching between tracks in the clip “{chosen.clip}”; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as folder, sync_playwright() as playwright:
        recommender = Recommender(chosen.checkpoint)
        recommender.warm_up()
        sessions = Sessions(parent=Path(folder))
        served = serve(Studio(recommender, sessions=sessions), host="127.0.0.1", port=None)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(served.local_url)
        began = time.perf_counter()
        page.click(f"[data-example='{chosen.clip}']")
        page.wait_for_selector("#cards .card")
        cards_s = time.perf_counter() - began
        page.wait_for_function(f"{LISTEN}.ready().includes(1)")
        print(f"{cards_s:.1f} s to the cards, {time.perf_counter() - began:.1f} s to the first mix")
        page.keyboard.press("1")
        page.wait_for_function(f"{LISTEN}.playing()")
        print(table(listener(page, chosen.listen)))
        measured = switches(page, chosen.switches)
        browser.close()
        served.close()
        sessions.close()
    p50, p95 = np.percentile(measured, [50, 95])
    rows: list[tuple[str, ...]] = [("switches", "p50 ms", "p95 ms", "max ms")]
    rows.append((str(len(measured)), f"{p50:.1f}", f"{p95:.1f}", f"{max(measured):.1f}"))
    print(table(rows))


if __name__ == "__main__":
    main()
