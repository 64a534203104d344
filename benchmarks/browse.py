"""How quick the Library page is with 10,000 tracks, in a real chromium. Run from the project's folder.

    python -m benchmarks.browse [--tracks 10000] [--repeats 40]

The page is served as always, by a library of made-up tracks in its real catalog. Timed inside the
browser, from the jump, the key or the click to the frame in which every row of the window is there:
jumps to random places, typing (with the 120 ms that the page waits for the next key), ticking a
mood. Then the list is scrolled through steadily for some seconds and the frames are timed.
Needs playwright and a chromium (MRCMV_CHROMIUM, default /usr/bin/chromium).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.browsing import WORDS, make_track
from mrcmv.library.catalog import Catalog

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SHOWN = """
    const whole = () => {
        const rows = document.querySelector("#rows"), total = +rows.dataset.total;
        const height = parseFloat(getComputedStyle(rows).getPropertyValue("--row"));
        const top = -rows.getBoundingClientRect().top;
        const from = Math.max(0, Math.floor(top / height));
        const to = Math.min(total, Math.floor((top + innerHeight) / height));
        for (let place = from; place < to; place += 1) {
            if (!rows.querySelector(`:scope > li[aria-posinset="${place + 1}"]`)) return false;
        }
        return true;
    };
    const frame = () => new Promise(requestAnimationFrame);
    const until = async (happened) => {
        const began = performance.now();
        while (!happened() && performance.now() - began < 20000) await frame();
        await frame();
        return performance.now() - began;
    };
"""
JUMP = (
    "async (share) => {"
    + SHOWN
    + "scrollTo(0, share * document.body.scrollHeight); return await until(whole); }"
)
TYPE = (
    "async (text) => {"
    + SHOWN
    + """
    const field = document.querySelector("[name=q]"), rows = document.querySelector("#rows");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return await until(() => new URLSearchParams(rows.dataset.query).get("q") === (text || null) && whole());
}"""
)
TICK = (
    "async (place) => {"
    + SHOWN
    + """
    const box = document.querySelectorAll("[name=mood]")[place], rows = document.querySelector("#rows");
    const before = rows.dataset.query;
    box.click();
    return await until(() => rows.dataset.query !== before && whole());
}"""
)
GLIDE = (
    "async (seconds) => {"
    + SHOWN
    + """
    scrollTo(0, 0);
    await until(whole);
    const frames = [], began = performance.now();
    let last = began, seen = 0, filled = 0;
    while (last - began < 1000 * seconds) {
        scrollBy(0, 40);
        await frame();
        const now = performance.now();
        frames.push(now - last);
        last = now;
        seen += 1;
        filled += whole() ? 1 : 0;
    }
    return { frames, filled: filled / seen };
}"""
)


def fill(folder: Path, count: int) -> None:
    """A catalog of ``count`` made-up tracks."""
    chance = random.Random(1)
    catalog = Catalog(folder / "library" / "catalog.sqlite")
    with catalog.writing() as database:
        for number in range(count):
            catalog.insert(database, make_track(number, chance), f"{number:064x}")


def line(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"| {name} | {statistics.median(values):.0f} | {p95:.0f} | {len(values)} |")


def measure(page: Any, repeats: int) -> None:
    chance = random.Random(2)
    jumps = [page.evaluate(JUMP, chance.random()) for _ in range(repeats)]
    texts = ["".join(word[: chance.randint(1, 4)]) for word in chance.choices(WORDS, k=repeats)]
    typed = [page.evaluate(TYPE, text) for text in texts]
    page.evaluate(TYPE, "")
    ticks = [page.evaluate(TICK, place % 5) for place in range(repeats)]
    page.goto(page.url.split("?")[0])
    page.wait_for_selector("#rows.ready")
    glide = page.evaluate(GLIDE, 6)
    print("| from | p50 ms | p95 ms | times |\n| --- | ---: | ---: | ---: |")
    line("a jump to anywhere in the list, to all rows of the window", jumps)
    line("a key typed into the search, to the new rows", typed)
    line("a mood ticked, to the new rows", ticks)
    line("one frame to the next while scrolling 40 px a frame", glide["frames"][1:])
    print(f"Frames in which no row was missing: {100 * glide['filled']:.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=40)
    asked = parser.parse_args()

    from playwright.sync_api import sync_playwright

    from mrcmv.recommender import Recommender
    from mrcmv.web import serve
    from mrcmv.web.sessions import Sessions
    from mrcmv.web.studio import Studio

    with tempfile.TemporaryDirectory(prefix="mrcmv-browse-") as home, sync_playwright() as playwright:
        fill(Path(home), asked.tracks)
        sessions = Sessions(parent=Path(home))
        served = serve(Studio(Recommender(home=Path(home)), sessions=sessions), host="127.0.0.1", port=None)
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("MRCMV_CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{served.local_url}library")
        page.wait_for_selector("#rows.ready")
        print(
            f"{asked.tracks} tracks of {page.locator('#rows').get_attribute('data-total')} rows, 1280 x 900\n"
        )
        measure(page, asked.repeats)
        chromium.close()
        served.close()
        sessions.close()


if __name__ == "__main__":
    main()
