"""A participant's whole session in a real browser, with a refresh in the middle; the desk as well."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from mrcmv.study.export import rating_rows, rows
from mrcmv.study.server import make_app
from mrcmv.study.server.texts import DESK, TEXTS
from mrcmv.study.store import Store
from tests.study.designs import small
from tests.study.stimuli import fake_manifest
from tests.web.clips import make_mp4
from tests.web.test_browser import CHROMIUM, FLAGS

WAIT = 60_000
DESK_TOKEN = "desk-token-of-the-tests"
PERSON = "5f0000000000000000000001"
SHOTS = os.environ.get("MRCMV_SHOTS")
"""A folder for pictures of the pages, where somebody wants to look at them."""

pytestmark = pytest.mark.browser

DESIGN: dict[str, Any] = {
    "title": "Music for game clips",
    "consent": {
        "version": "2",
        "text": "You will compare short game videos with different music.\n\n"
        "* It takes about **10 minutes**.\n* You may stop at any time, and your answers are then deleted.\n"
        "* We keep your answers, and whether you use a phone or a computer. Nothing else.",
    },
    "instructions": "Watch both videos. They show the same clip with different music.\n\n"
    "Then choose the one whose **music fits better** to what is seen and said.",
    "questions": [
        {"kind": "preference", "text": "Which music fits this video better?", "tie": True},
        {"kind": "confidence"},
        {
            "kind": "rating",
            "id": "fit",
            "text": "How well does it fit?",
            "low": "Not at all",
            "high": "Perfectly",
        },
        {"kind": "text", "text": "What made you choose?"},
    ],
    "attention": [{"kind": "instructed", "clip": "clip-1", "answer": "right"}],
    "session": {"trials": 2, "watch_share": 0.8, "headphones": "ask", "completion_code": "C1A2B3"},
}


@dataclass
class Live:
    url: str
    store: Store


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_mp4(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=1.25).read_bytes()


@pytest.fixture
def live(tmp_path: Path, video: bytes) -> Iterator[Live]:
    manifest = fake_manifest(tmp_path / "stimuli", small(**DESIGN), duration_s=1.25, content=video)
    store = Store(f"sqlite:///{tmp_path / 'answers.sqlite'}", manifest)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(store, manifest, DESK_TOKEN), log_level="error", access_log=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Live(f"http://127.0.0.1:{listener.getsockname()[1]}", store)
    server.should_exit = True
    thread.join(20)
    store.close()


@contextlib.contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Votes find no room, with the error that SQLite gives then."""

    def refuse(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("INSERT INTO vote"):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise OperationalError(statement, {}, error)

    event.listen(store._engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(store._engine, "before_cursor_execute", refuse)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists() and not os.environ.get("MRCMV_REQUIRE_BROWSER"):
        pytest.skip("There is no chromium here; MRCMV_REQUIRE_BROWSER=1 makes that an error.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Person:
    """Somebody before the page, with what went wrong in it."""

    def __init__(self, browser: Any, width: int, height: int, scheme: str, locale: str = "en-US") -> None:
        phone = width < 700
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            has_touch=phone,
            is_mobile=phone,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2].split(":")[0]))
        self.name = f"{width}"

    def shot(self, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"study-{name}-{self.name}.png", full_page=True)

    def until(self, expression: str) -> None:
        """Wait for something in the page (`wait_for_function` evaluates text, which the page forbids)."""
        for _ in range(WAIT // 50):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(expression)

    def sound_in_form(self) -> None:
        """Nothing wider than the screen, nothing to press smaller than 40 px."""
        wide, have = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= have
        small = self.page.evaluate(
            """() => [...document.querySelectorAll('button, a.btn, .option span, .tick, textarea')]
                .filter(e => e.checkVisibility())
                .map(e => [e.innerText.trim(), e.getBoundingClientRect()])
                .filter(([, box]) => box.height < 39.5 || box.width < 39.5)
                .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
        )
        assert small == []

    def to_the_trials(self, url: str) -> None:
        page = self.page
        page.goto(url)
        page.wait_for_selector("#start")
        assert page.locator("#start").is_disabled()
        self.sound_in_form()
        self.shot("consent")
        page.locator("#agree").check()
        page.click("#start")
        page.wait_for_selector("#noise")
        assert page.locator("#volume-ok").is_disabled()
        page.click("#noise")
        page.wait_for_selector("#volume-ok:not([disabled])")
        self.sound_in_form()
        self.shot("volume")
        page.click("#volume-ok")
        page.click("#headphones-yes")
        page.wait_for_selector("#go-on")
        self.shot("instructions")
        page.click("#go-on")
        page.wait_for_selector(".videos video")

    def watch(self) -> None:
        """Play both videos to their ends, one after the other."""
        page = self.page
        for number, letter in enumerate("AB"):
            page.click(f'[data-play="{letter}"]')
            self.until(f"document.querySelectorAll('.videos video')[{number}].ended")

    def choose(self, place: int) -> None:
        """A, no difference, B as they stand; then how sure, and how well each fits."""
        page = self.page
        page.locator('input[name="choice"]').nth(place).check(force=True)
        page.locator('input[name="confidence"]').nth(2).check(force=True)
        page.locator('input[name="fit-0"]').nth(1).check(force=True)
        page.locator('input[name="fit-1"]').nth(4).check(force=True)

    def answer(self, place: int, words: str = "") -> None:
        page = self.page
        before = page.locator(".videos video").first.get_attribute("src")
        self.watch()
        page.wait_for_selector(".questions:not([disabled])")
        assert page.locator("#next").is_disabled()
        self.choose(place)
        if words:
            page.fill("#q-reasons", words)
        page.wait_for_selector("#next:not([disabled])")
        page.click("#next")
        self.until(f"document.querySelector('.videos video')?.getAttribute('src') !== '{before}'")


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 900, "light"), (390, 844, "dark")])
def test_a_whole_session_with_a_refresh_in_the_middle(
    browser: Any, live: Live, width: int, height: int, scheme: str
) -> None:
    person = Person(browser, width, height, scheme)
    page = person.page
    try:
        person.to_the_trials(f"{live.url}/?PROLIFIC_PID={PERSON}&STUDY_ID=s&SESSION_ID=x")
        assert PERSON not in page.url
        assert TEXTS["practice"][0] in page.inner_text(".way h2")
        assert page.locator(".questions:disabled").count() == 1
        assert page.locator("#next").is_disabled()
        person.sound_in_form()
        person.shot("trial")
        sources = page.eval_on_selector_all(".videos video", "all => all.map(v => v.getAttribute('src'))")
        person.answer(0)  # practice

        page.wait_for_selector("text=Comparison 1 of 3")
        first = page.eval_on_selector_all(".videos video", "all => all.map(v => v.getAttribute('src'))")
        assert not set(first) & set(sources)
        page.click('[data-play="A"]')
        person.until("document.querySelectorAll('.videos video')[0].ended")
        page.wait_for_timeout(300)
        page.reload()
        page.wait_for_selector("text=Comparison 1 of 3")
        again = page.eval_on_selector_all(".videos video", "all => all.map(v => v.getAttribute('src'))")
        assert again == first
        assert page.locator(".video .state").first.inner_text().strip() != ""  # A counts as watched
        assert page.locator(".video .state").nth(1).inner_text().strip() == ""
        assert page.locator(".questions:disabled").count() == 1
        checked = 0
        for number in (1, 2, 3):
            page.wait_for_selector(f"text=Comparison {number} of 3")
            if page.locator("#check").count():
                assert page.inner_text("#check").endswith("choose the B video.")
                checked += 1
            if number == 3:
                person.watch()
                page.wait_for_selector(".questions:not([disabled])")
                person.choose(2)
                page.fill("#q-reasons", "=1+1 it fits <b>the jump</b>")
                person.sound_in_form()
                person.shot("answers")
                page.click("#next")
            else:
                person.answer(2)
        assert checked == 1
        page.wait_for_selector("#done")
        assert page.inner_text("#code") == "C1A2B3"
        person.sound_in_form()
        person.shot("done")
        page.reload()
        page.wait_for_selector("#done")
        assert person.errors == []
        assert person.hosts == {"127.0.0.1"}
    finally:
        person.context.close()
    found = list(rows(live.store, live.store.design))
    assert [row["trial_index"] for row in found] == [1, 2, 3]
    assert {row["choice"] for row in found} == {"right"}
    assert [row["attention_ok"] for row in found if row["is_attention"]] == [True]
    assert all(row["watched_left_s"] >= 0.5 and row["watched_right_s"] >= 0.5 for row in found)
    assert all(row["plays"] >= 1 and row["rt_ms"] > 1000 for row in found[1:])
    assert {row["confidence"] for row in found} == {3}
    assert found[2]["reasons"] == "=1+1 it fits <b>the jump</b>"
    assert {row["device_class"] for row in found} == {"phone" if width < 700 else "desktop"}
    assert {row["headphones"] for row in found} == {"yes"}
    assert len({row["session"] for row in found}) == 1
    assert [
        row["value"] for row in rating_rows(live.store, live.store.design) if row["question"] == "fit"
    ] == [
        2,
        5,
    ] * 3
    assert live.store.recruiter_ids()[0]["PROLIFIC_PID"] == PERSON


def test_two_tabs_no_connection_and_a_withdrawal(browser: Any, live: Live) -> None:
    person = Person(browser, 1000, 800, "light", "zh-CN")
    page = person.page
    try:
        person.to_the_trials(live.url)
        assert TEXTS["practice"][1] in page.inner_text(".way h2")
        other = person.context.new_page()
        other.set_default_timeout(WAIT)
        other.goto(live.url)
        other.wait_for_selector(".videos video")
        person.answer(1)  # practice is answered here ...
        page.wait_for_selector(".way progress")
        seconds = other.eval_on_selector_all(".videos video", "all => all.map(v => v.getAttribute('src'))")
        page.wait_for_selector(f"text={TEXTS['trial'][1].replace('{n}', '1').replace('{total}', '3')}")
        other.reload()  # ... and the other tab goes on where this one is
        other.wait_for_selector(f"text={TEXTS['trial'][1].replace('{n}', '1').replace('{total}', '3')}")
        assert seconds != other.eval_on_selector_all(
            ".videos video", "all => all.map(v => v.getAttribute('src'))"
        )
        other.close()

        # the connection goes while an answer is sent; the page is closed, opened again, and it is there
        person.watch()
        page.wait_for_selector(".questions:not([disabled])")
        person.choose(0)
        page.route("**/answer", lambda route: route.abort())
        page.click("#next")
        page.wait_for_selector(f"text={TEXTS['offline'][1]}")
        assert live.store.counts().answers == 0
        page.unroute("**/answer")
        page.reload()
        page.wait_for_selector(f"text={TEXTS['trial'][1].replace('{n}', '2').replace('{total}', '3')}")
        assert len(list(rows(live.store, live.store.design))) == 1

        # the server's disk is full; the answer goes out by itself when there is room
        person.watch()
        page.wait_for_selector(".questions:not([disabled])")
        person.choose(2)
        with full_disk(live.store):
            page.click("#next")
            page.wait_for_selector(f"text={TEXTS['not_saved'][1]}")
            assert len(list(rows(live.store, live.store.design))) == 1
        page.wait_for_selector(f"text={TEXTS['trial'][1].replace('{n}', '3').replace('{total}', '3')}")
        assert len(list(rows(live.store, live.store.design))) == 2

        page.click("#withdraw")
        page.click("#withdraw-no")
        page.wait_for_selector(".videos video")
        page.click("#withdraw")
        person.shot("withdraw")
        page.click("#withdraw-yes")
        page.wait_for_selector(f"text={TEXTS['withdrawn'][1]}")
        assert list(rows(live.store, live.store.design)) == []
        assert live.store.counts().withdrawn == 1
    finally:
        person.context.close()


def test_the_desk(browser: Any, live: Live) -> None:
    person = Person(browser, 1280, 900, "dark")
    page = person.page
    try:
        page.goto(f"{live.url}/desk")
        page.fill("#token", "wrong")
        page.click("#open")
        page.wait_for_selector(f"text={DESK['wrong_token'][0]}")
        page.goto("about:blank")
        page.goto(f"{live.url}/desk#{DESK_TOKEN}")
        page.wait_for_selector(".tiles")
        assert DESK_TOKEN not in page.url
        assert page.locator(".cell").count() == 4
        person.sound_in_form()
        person.shot("desk")
        page.click('[data-status="paused"]')
        page.wait_for_selector(f"text={DESK['status_paused'][0]}")
        assert live.store.status == "paused"
        with page.expect_download() as started:
            page.click("#answers")
        assert Path(started.value.path()).read_bytes()[:2] == b"PK"
    finally:
        with contextlib.suppress(Exception):
            person.context.close()
