"""Take the five pictures of the README: ``python -m tests.web.tour [checkpoint] [folder]``.

The real recommender works on a real example clip with the starter library and what ``MRCMV_HOME`` has;
nothing is staged. Each picture is at most 250 kB.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from mrcmv.recommender import Recommender
from mrcmv.web import serve
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.web.test_browser import CHROMIUM, FLAGS

WIDTH, HEIGHT = 1280, 960
MOST_BYTES = 250_000
PATIENCE_MS = 900_000
LOOSE = """() => { for (const e of document.querySelectorAll('*'))
    if (getComputedStyle(e).position === 'sticky')
        e.style.setProperty('position', 'static', 'important'); }"""
"""The player stays in sight while one scrolls; a picture of what lies under it needs it away."""


def walk(page: Any, url: str) -> Iterator[tuple[bytes, str]]:
    """(PNG, what it shows) of each stop."""
    page.goto(url)
    page.wait_for_selector(".tile")
    page.wait_for_timeout(1500)
    yield page.screenshot(), "empty"

    page.click("[data-example=excited]")
    page.wait_for_selector("#download")
    page.wait_for_function("document.querySelector('.mixed #player')?.readyState >= 2")
    page.wait_for_timeout(4000)  # the next mixes are made while somebody listens
    page.evaluate("document.querySelector('#player').currentTime = 9.5")
    page.evaluate("document.querySelector('#player').play().catch(() => {})")
    page.wait_for_timeout(1500)
    page.evaluate("window.scrollTo(0, 0)")
    yield page.screenshot(), "ranked and listening"
    page.evaluate("document.querySelector('#player').pause()")

    opened = page.locator("#advanced, .advanced summary").first
    opened.click()
    page.wait_for_timeout(800)
    page.locator("#level").scroll_into_view_if_needed()
    show(page, page.locator("#level"))
    yield page.screenshot(), "shaping"

    why = page.locator(".card.chosen [data-card=why]").first
    why.scroll_into_view_if_needed()
    why.click()
    page.wait_for_selector("section.why .moments")
    page.click("#more-formats")
    page.click("#export")
    page.wait_for_selector(".exports .downloads")
    page.evaluate(LOOSE)
    yield (
        beside(page.locator("section.why").screenshot(), page.locator(".exports").screenshot()),
        "why, and formats for editors",
    )

    page.goto(f"{url}library")
    page.wait_for_selector("#shelf")
    page.wait_for_timeout(1500)
    yield page.screenshot(), "library"


def beside(left: bytes, right: bytes) -> bytes:
    """Two parts of the page in one picture."""
    parts = [Image.open(io.BytesIO(png)).convert("RGB") for png in (left, right)]
    gap = 24
    size = sum(part.width for part in parts) + 3 * gap, max(part.height for part in parts) + 2 * gap
    both = Image.new("RGB", size, "#101215")  # the page's own ground
    both.paste(parts[0], (gap, gap))
    both.paste(parts[1], (2 * gap + parts[0].width, gap))
    png = io.BytesIO()
    both.save(png, "PNG")
    return png.getvalue()


def show(page: Any, what: Any) -> None:
    """Put the top of something a little under the window's edge."""
    what.evaluate("e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 120)")
    page.wait_for_timeout(500)


ORDER = (1, 2, 3, 5, 4)
"""The library comes before the last stop in the README; here it comes last, as it leaves the page."""


def save(png: bytes, path: Path) -> None:
    """As few colours as the limit asks for, 256 at most."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 192, 128, 96, 64):
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    print(path, path.stat().st_size, f"{colours} colours")


def main(checkpoint: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sessions = Sessions(parent=Path(tempfile.mkdtemp()))
    recommender = Recommender(checkpoint)
    served = serve(Studio(recommender, sessions=sessions), host="127.0.0.1", port=None)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark"
            ).new_page()
            page.set_default_timeout(PATIENCE_MS)
            for number, (png, shows) in zip(ORDER, walk(page, served.local_url), strict=True):
                print(number, shows)
                save(png, folder / f"{number}.png")
            browser.close()
    finally:
        served.close()
        sessions.close()


if __name__ == "__main__":
    main(
        sys.argv[1] if len(sys.argv) > 1 else "compact",
        Path(sys.argv[2] if len(sys.argv) > 2 else "docs/tour"),
    )
