"""More formats, and the link that opens a session again, in a real browser."""

import zipfile

import pytest

from mrcmv.web.text import CHINESE, ENGLISH
from tests.web.test_browser import browser, open_tab  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


@pytest.fixture
def ready(open_tab, clip):  # noqa: F811
    """A tab whose first track is mixed, with the panel of formats open."""
    tab = open_tab()
    tab.drop(clip)
    tab.page.click("#find")
    tab.ready()
    tab.page.click("#more-formats")
    tab.page.wait_for_selector("#export", state="visible")
    return tab


def seen(page):
    """What a visitor sees of the session."""
    return {
        "name": page.locator(".clipname b").inner_text(),
        "chosen": page.locator(".card.chosen h3").inner_text(),
        "level": page.locator(".knob output .en").inner_text(),
        "cards": page.locator(".card h3").all_inner_texts(),
    }


def test_everything_for_an_editor_is_made_on_demand(ready, served, tmp_path):
    page = ready.page
    served.recommender.step_s = 0.1
    page.click("#export")
    page.wait_for_selector(".exports .mixing [data-do=stop]")
    served.recommender.step_s = 0.0
    page.wait_for_selector(".exports .downloads")
    assert page.locator(".exports").get_attribute("open") is not None
    labels = page.locator(".exports .downloads .btn .en").all_inner_texts()
    assert labels == [
        ENGLISH[key]
        for key in (
            "export_all", "export_video", "export_voice", "export_mix", "export_timeline", "export_settings",
            "export_credits",
        )
    ]  # fmt: skip
    with page.expect_download() as download:
        page.click(".exports .downloads li:first-child a")
    download.value.save_as(tmp_path / "got.zip")
    assert download.value.suggested_filename == "clip - Boss Fight at Dawn.zip"
    with zipfile.ZipFile(tmp_path / "got.zip") as box:
        assert "timeline.otio" in box.namelist()
    with page.expect_download() as download:
        page.click(f".exports a:has-text('{ENGLISH['export_credits']}')")
    download.value.save_as(tmp_path / "credits.txt")
    assert (tmp_path / "credits.txt").read_text() == "clip.mp4"
    assert not ready.errors
    assert not ready.small_targets()
    assert ready.fits()


def test_an_export_can_be_stopped_and_the_preview_stays(ready, served):
    page, told = ready.page, served.recommender
    told.calls.clear()
    told.step_s = 0.3
    page.click("#export")
    page.click(".exports .mixing [data-do=stop]")
    page.wait_for_selector(f".exports .notice:has-text('{ENGLISH['export_stopped']}')")
    assert page.locator("#export").is_visible()
    assert page.locator("#download").is_visible()
    begun = [name for name, _ in told.calls if name == "export"]  # none, if it waited still
    ready.until(lambda: told.stopped.count("export") == len(begun))


def test_the_link_opens_the_session_in_another_browser(ready, open_tab, served):  # noqa: F811
    page = ready.page
    page.click("[data-rank='5'] .use")
    page.wait_for_selector(".card.chosen[data-rank='5']")
    ready.ready()
    page.click(".exports summary") if page.locator(".exports").get_attribute("open") is None else None
    page.click("[data-copy=session-link]")
    link = page.evaluate("navigator.clipboard.readText()")
    address, key = link.split("#session=")
    assert address.rstrip("/") == served.url
    assert len(key) >= 32

    asked = []
    other = open_tab()
    other.page.on("request", lambda request: asked.append((request.url, request.headers)))
    other.page.goto("about:blank")
    other.page.goto(link)
    other.page.wait_for_selector(".card.chosen[data-rank='5']")
    other.ready()
    assert seen(other.page) == seen(page)
    assert "#" not in other.page.url
    assert asked
    assert not [url for url, headers in asked if key in url or key in headers.get("referer", "")]
    assert not other.page.locator("#empty").is_visible()
    assert not other.errors
    # and both go on with it
    other.page.click("[data-rank='2'] .use")
    other.page.wait_for_selector(".card.chosen[data-rank='2']")
    page.click("[data-rank='1'] .use")
    page.wait_for_selector(".card.chosen[data-rank='1']")


def test_after_a_reload_the_page_is_as_it_was(ready):
    page = ready.page
    before = seen(page)
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")  # else what streams is cut off
    page.reload()
    page.wait_for_selector(".card.chosen")
    ready.ready()
    assert seen(page) == before
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    page.reload()  # as often as one likes
    page.wait_for_selector(".card.chosen")
    assert seen(page) == before
    assert not ready.errors


def test_deleting_my_data_ends_the_link(ready, open_tab):  # noqa: F811
    page = ready.page
    link = page.locator("#session-link").input_value()
    page.click("#delete")
    page.wait_for_selector(f"#notice .notice:has-text('{ENGLISH['deleted']}')")
    assert not page.locator(".exports").count()
    page.reload()
    page.wait_for_selector(".tile, #upload input[type=file]", state="attached")
    page.wait_for_timeout(500)
    assert page.locator("#empty").is_visible()
    assert not page.locator("#notice .notice").count()

    other = open_tab()
    other.page.goto("about:blank")
    other.page.goto(link)
    other.page.wait_for_selector(f"#notice .notice:has-text('{ENGLISH['link_ended'].split(':')[0]}')")
    assert other.page.locator("#empty").is_visible()
    other.page.reload()
    other.page.wait_for_selector("#upload input[type=file]", state="attached")
    other.page.wait_for_timeout(500)
    assert not other.page.locator("#notice .notice").count()  # said once


def test_the_panel_on_a_phone_in_chinese(open_tab, clip, tmp_path):  # noqa: F811
    tab = open_tab(width=390, height=844, scheme="light", locale="zh-CN")
    tab.drop(clip)
    tab.page.click("#find")
    tab.ready()
    tab.page.focus("#more-formats")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("#export", state="visible")
    assert tab.page.locator("#more-formats").inner_text() == CHINESE["export_more"]
    tab.page.focus("#export")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".exports .downloads")
    assert CHINESE["link_hint"].format(minutes=30) in tab.page.locator(".sessionlink").inner_text()
    assert tab.fits()
    assert not tab.small_targets()
    tab.page.locator(".exports").scroll_into_view_if_needed()
    tab.page.screenshot(path=tmp_path / "phone.png")
