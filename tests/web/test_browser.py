"""The page in a real browser, from a dropped clip to the download."""

import os
import re
import shutil
from pathlib import Path

import pytest

from mrcmv.media import UserError
from mrcmv.web import serve
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from mrcmv.web.text import CHINESE, ENGLISH
from tests.web.fakes import HOSTILE

CHROMIUM = os.environ.get("MRCMV_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
WAIT = 60_000  # milliseconds; a busy machine is slow

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists() and not os.environ.get("MRCMV_REQUIRE_BROWSER"):
        pytest.skip("There is no chromium here; MRCMV_REQUIRE_BROWSER=1 makes that an error.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Tab:
    """A browser tab that keeps what went wrong in it."""

    def __init__(self, browser, url, *, width=1280, height=900, scheme="dark", locale="en-US"):
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            accept_downloads=True,
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note)
        self.url = url
        self.page.goto(url)
        self.page.wait_for_selector("#upload input[type=file]", state="attached")

    def _note(self, request):
        if request.url.startswith(("http", "ws")):
            self.hosts.add(re.sub(r"^\w+://([^/:]+).*", r"\1", request.url))

    def drop(self, path):
        self.page.set_input_files("#upload input[type=file]", path)
        self.page.wait_for_selector("#find")

    def ready(self):
        """Wait for the chosen mix to be there, and its picture."""
        self.page.wait_for_selector("#download")
        self.page.wait_for_function("document.querySelector('.mixed #player')?.readyState >= 1")
        self.page.wait_for_function(
            "document.querySelector(`[data-sound='${mrcmvStudio.listen.address()}'][aria-pressed=true]`)"
            " && !document.querySelector('#deck .mixing')"
        )

    def listen(self, what):
        """What the player says of itself."""
        return self.page.evaluate(f"mrcmvStudio.listen.{what}")

    def until(self, happened):
        """Wait for something on the server's side."""
        for _ in range(WAIT // 50):
            if happened():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("It did not happen.")

    def fits(self):
        wide, have = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        return wide <= have

    def small_targets(self):
        """Things to press that are lower or narrower than 40 px, sliders and links in text aside."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll(
                'button, a.btn, summary, .keep label > span, input[type=range]')]
                .filter(e => e.checkVisibility() && e.getBoundingClientRect().width > 0)
                .map(e => [e.innerText.trim() || e.className, e.getBoundingClientRect()])
                .filter(([, box]) => box.height < 39.5 || box.width < 39.5)
                .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
        )

    def close(self):
        self.context.close()


@pytest.fixture
def open_tab(browser, served):
    tabs = []

    def open_(**options):
        tabs.append(Tab(browser, served.url, **options))
        return tabs[-1]

    yield open_
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 900, "dark"), (390, 844, "light")])
def test_from_upload_to_download(open_tab, served, clip, tmp_path, width, height, scheme):
    tab = open_tab(width=width, height=height, scheme=scheme)
    page = tab.page
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.locator(".dropwords .lead").inner_text() == ENGLISH["drop_title"]
    assert not page.locator("footer").is_visible()
    assert tab.fits()

    upload = tmp_path / "My best run.mp4"
    shutil.copy(clip, upload)
    tab.drop(upload)
    assert "My best run.mp4" in page.inner_text("#panel")
    assert tab.fits()
    page.locator(".part input.from").fill("1")
    assert page.inner_text(".part output.from") == "0:01"

    served.recommender.step_s = 0.05
    page.click("#find")
    page.wait_for_selector(".stages .now")
    page.click("#cancel")
    page.wait_for_selector(f"text={ENGLISH['cancelled']}")
    served.recommender.step_s = 0.01
    page.click("#find")
    page.wait_for_selector("#cards .card")
    assert page.locator("#cards .card").count() == 5
    tab.ready()
    assert ("suggest", (1.0, 4.0)) in served.recommender.calls

    assert HOSTILE in page.inner_text("#cards")
    assert page.evaluate("window.hacked") is None
    assert tab.fits()
    assert page.locator(".wave.mix .duck").count() == 1
    assert page.locator(".card.chosen").get_attribute("data-rank") == "1"

    if width < 900:  # the player stays in view above the cards
        page.evaluate("scrollTo(0, 600)")
        assert page.evaluate("document.querySelector('#player').getBoundingClientRect().top") >= 0
    page.locator("h1").click()
    page.keyboard.press("2")
    page.wait_for_selector('.card.chosen[data-rank="2"]')
    tab.ready()
    page.wait_for_function("mrcmvStudio.listen.playing()")  # it was asked for by a key
    page.keyboard.press("Space")
    page.wait_for_function("!mrcmvStudio.listen.playing()")

    page.click('.marks button[data-level="20"]')
    page.wait_for_selector("text=20 LU under the voice")
    page.wait_for_selector('.marks button[data-level="20"][aria-pressed="true"]')
    tab.until(lambda: ("mix", ("long-road", 20.0, "voice")) in served.recommender.calls)
    page.click("#advanced")
    page.locator(".set-keep label").nth(1).click()
    tab.until(lambda: ("mix", ("long-road", 20.0, "original")) in served.recommender.calls)
    tab.ready()
    assert page.locator(".advanced").get_attribute("open") is not None  # a new drawing leaves it open
    assert page.locator(".set-keep input:checked").get_attribute("value") == "original"

    page.click("[data-copy=credit]")
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#credit")
    assert "The Long Road Home" in page.input_value("#credit")
    with page.expect_download() as started:
        page.click("#download")
    assert started.value.suggested_filename == "My best run - The Long Road Home.mp4"
    assert Path(started.value.path()).read_bytes() == served.recommender.mixed.read_bytes()

    assert tab.fits()
    assert tab.small_targets() == []
    page.click("#delete")
    page.wait_for_selector(f"text={ENGLISH['deleted']}")
    assert page.locator("#upload input[type=file]").count() == 1
    assert page.locator("#cards .card").count() == 0
    assert tab.errors == []
    assert tab.hosts == {"127.0.0.1"}


def test_an_example_starts_on_one_click_and_a_track_plays_from_its_moment(open_tab):
    tab = open_tab()
    page = tab.page
    page.click("[data-example=calm]")
    tab.ready()
    play = page.locator(".card .play").nth(1)
    play.click()
    page.wait_for_selector(".card.sounding[data-rank='2'] .play[aria-pressed=true]")
    place = "parseFloat(document.querySelector('.sounding .wavebox .head').style.left)"
    assert 24.9 < page.evaluate(place) < 60  # it starts at 4 of 16 s
    play.click()
    page.wait_for_selector(".card .play[aria-pressed=true]", state="detached")
    page.locator(".strip").click(position={"x": 200, "y": 40})
    assert tab.listen("position()") > 0.5
    assert tab.errors == []


def test_chinese_comes_with_the_browser_and_with_the_switch(open_tab):
    tab = open_tab(locale="zh-CN", scheme="light")
    page = tab.page
    assert page.locator(".dropwords .lead").inner_text() == CHINESE["drop_title"]
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.click("#language")
    assert page.locator(".dropwords .lead").inner_text() == ENGLISH["drop_title"]
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    page.wait_for_selector("#upload input[type=file]", state="attached")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator(".dropwords .lead").inner_text() == ENGLISH["drop_title"]
    assert tab.errors == []


def test_what_goes_wrong_is_one_sentence_and_the_clip_stays(open_tab, served, clip, tmp_path):
    tab = open_tab(width=390, height=844)
    page = tab.page
    text = tmp_path / "notes.mp4"
    text.write_text("no video at all")
    page.set_input_files("#upload input[type=file]", text)
    page.wait_for_selector(f"text={ENGLISH['no_video']}")
    tab.drop(clip)  # the zone still works
    served.recommender.fail["suggest"] = UserError("This clip cannot be used: try another.")
    page.click("#find")
    page.wait_for_selector("text=This clip cannot be used: try another.")
    assert page.locator("#player").is_visible()
    served.recommender.fail["mix"] = RuntimeError("inside")
    page.click("#find")
    page.wait_for_selector(f"#deck >> text={ENGLISH['ours']}")
    assert page.locator("#cards .card").count() == 5
    page.click(".card[data-rank='1'] .use")
    tab.ready()
    assert tab.fits()
    assert tab.errors == []


@pytest.mark.timeout(600)  # networks on a busy machine
def test_the_real_thing_from_upload_to_download(
    browser, examples, debug_checkpoint, debug_home, tmp_path, monkeypatch
):
    from mrcmv.media import probe
    from mrcmv.recommender import Recommender

    upload = examples["calm"]
    monkeypatch.setenv(
        "GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", "")
    )  # put back for the other page
    sessions = Sessions(parent=tmp_path)
    recommender = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    page = serve(Studio(recommender, sessions=sessions, examples=[]), host="127.0.0.1", port=None)
    tab = Tab(browser, page.local_url)
    try:
        tab.page.set_default_timeout(280_000)
        tab.drop(upload)
        tab.page.click("#find")
        tab.page.wait_for_selector("#cards .card")
        names = tab.page.locator(".card h3").all_inner_texts()
        tab.ready()
        assert len(set(names)) == 5
        assert set(names) <= {track.title for track in recommender.library.tracks()}
        with tab.page.expect_download() as started:
            tab.page.click("#download")
        saved = tmp_path / "saved.mp4"
        started.value.save_as(saved)
        facts, before = probe(saved), probe(upload)
        assert facts.picture is not None
        assert facts.sound is not None
        assert facts.sound.codec == "aac"
        assert facts.duration_s == pytest.approx(before.duration_s, abs=0.1)
        assert tab.errors == []
        assert tab.hosts == {"127.0.0.1"}
    finally:
        tab.close()
        page.close()
        sessions.close()
