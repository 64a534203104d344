"""Take pictures of the page to look at: ``python -m tests.web.screenshots [checkpoint] FOLDER``.

The real recommender works on a real example; nothing is staged.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from mrcmv.recommender import Recommender
from mrcmv.web import serve
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.web.test_browser import CHROMIUM, FLAGS

SHOTS = (("page", 1280, 900, "dark"), ("page-phone", 390, 844, "light"))


def shoot(browser: Any, url: str, name: str, width: int, height: int, scheme: str, folder: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(600_000)
    page.goto(url)
    page.wait_for_selector(".tile")
    page.wait_for_timeout(1500)
    if name == "page":
        save(page.screenshot(), folder / "page-empty.png")
    page.click("[data-example=excited]")
    page.wait_for_selector("#download")
    page.wait_for_function("document.querySelector('.mixed #player')?.readyState >= 2")
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    page.evaluate("mrcmvStudio.listen.seek(9.5)")
    page.wait_for_timeout(1500)
    save(page.screenshot(full_page=name == "page"), folder / f"{name}.png")
    context.close()


def save(png: bytes, path: Path) -> None:
    """256 colours are enough for a page and keep the repository small."""
    import io

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)
    print(path, path.stat().st_size)


def main(checkpoint: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    sessions = Sessions(parent=Path(tempfile.mkdtemp()))
    served = serve(Studio(Recommender(checkpoint), sessions=sessions), host="127.0.0.1", port=None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for shot in SHOTS:
            shoot(browser, served.local_url, *shot, folder)
        browser.close()
    served.close()
    sessions.close()


if __name__ == "__main__":
    main(
        sys.argv[1] if len(sys.argv) > 1 else "compact",
        Path(sys.argv[2] if len(sys.argv) > 2 else "screenshots"),
    )
