"""Why this track, and the map of the library, in a real browser."""

from __future__ import annotations

import pytest

from mrcmv.web.text import ENGLISH
from tests.web.fakes import HOSTILE
from tests.web.test_browser import browser, open_tab  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


def test_why_shows_shares_moments_and_facts(open_tab, served) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab()
    page = tab.page
    page.click("[data-example=calm]")
    tab.ready()
    page.locator('.card[data-track="long-road"] [data-card=why]').click()
    page.wait_for_selector("section.why .moments")
    assert "The Long Road Home" in page.inner_text("section.why h2")
    assert page.locator(".whytime rect").count() == 8 * 4
    assert ENGLISH["fact_without_voice"].format(rank=9) in page.inner_text("section.why .facts")
    assert "Calm, like 1 of the other 4" in page.inner_text("section.why .facts")
    assert page.evaluate("document.activeElement.matches('section.why')")
    page.locator("[data-seek]").first.click()
    page.wait_for_function("document.querySelector('#player').currentTime >= 2.5")
    page.click(".whytable summary")
    assert page.locator(".whytable tbody tr").count() == 8
    assert tab.small_targets() == []

    page.locator('.card[data-rank="3"] .use').click()  # the answer follows the preview
    page.wait_for_selector('section.why[data-track="hostile"] .moments')
    assert HOSTILE in page.inner_text("section.why h2")
    assert page.evaluate("window.hacked") is None
    page.click("[data-why=close]")
    page.wait_for_selector("section.why", state="detached")
    page.locator('.card[data-rank="2"] .use').click()
    page.wait_for_selector('.card.chosen[data-rank="2"]')
    tab.ready()
    assert page.locator("section.why").count() == 0  # closed stays closed
    assert tab.errors == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_map_by_pointer_keys_and_list(open_tab, served, width, scheme) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab(width=width, height=844, scheme=scheme)
    page = tab.page
    page.click("[data-example=calm]")
    tab.ready()
    page.click("[data-steer=map]")
    page.wait_for_selector("dialog.map[open]")
    assert page.locator(".maplist li").count() == 6
    assert tab.fits()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector(".mapchosen button")
    page.wait_for_selector(".maptip:not([hidden])")
    painted = page.evaluate(
        """() => { const c = document.querySelector('dialog.map canvas');
            return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0); }"""
    )
    assert painted
    page.click(".maplist summary")
    page.locator(".maplist button", has_text=HOSTILE).click()
    assert HOSTILE in page.inner_text(".mapchosen")
    page.locator(".mapchosen .btn.primary").click()  # it is among the suggestions
    page.wait_for_selector("dialog.map[open]", state="detached")
    page.wait_for_selector('.card.chosen[data-track="hostile"]')
    tab.ready()
    page.click("[data-steer=map]")  # a second time
    page.wait_for_selector("dialog.map[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.map[open]", state="detached")
    assert page.evaluate("window.hacked") is None
    assert tab.errors == []
