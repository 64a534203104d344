"""Words and examples beside the clip, in a real browser."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from mrcmv.web.text import CHINESE, ENGLISH
from tests.web.fakes import HOSTILE
from tests.web.test_browser import Tab, browser, open_tab  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


def ranked(tab: Tab) -> None:
    tab.page.click("[data-example=calm]")
    tab.ready()


def titles(tab: Tab) -> list[str]:
    return tab.page.locator("#cards .card h3").all_inner_texts()


def wishes(served):  # type: ignore[no-untyped-def]
    return [wish for name, wish in served.recommender.calls if name == "rerank"]


def test_words_rank_again_and_say_what_they_did(open_tab, served) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab()
    page = tab.page
    assert not page.locator("#words").is_visible()
    ranked(tab)
    chosen = page.locator(".card.chosen, .card.making").get_attribute("data-track")
    words = page.locator("#words")
    words.click()
    page.keyboard.type("12345 slower, no <b>drums</b>")  # keys that choose a track elsewhere
    page.keyboard.press("Space")
    assert page.locator(".card.chosen, .card.making").get_attribute("data-track") == chosen
    assert wishes(served) == []
    assert words.input_value() == "12345 slower, no <b>drums</b> "
    words.fill("slower, no drums, 火锅")
    words.press("Enter")
    page.wait_for_selector(".understood")
    understood = page.inner_text(".understood")
    assert ENGLISH["ask_less_tempo"].format(bpm=120) in understood
    assert ENGLISH["ask_away"].format(said="drums") in understood
    assert "火锅" in page.inner_text("#steered")
    assert titles(tab)[0].startswith("Lantern")  # the slowest
    assert "Up 4" in page.locator(".card .lift").first.inner_text()
    assert words.evaluate("e => e === document.activeElement")  # to go on typing
    tab.ready()
    page.wait_for_selector('.card.chosen[data-rank="5"]')  # the preview's track is still among them

    page.click(".steermore summary")
    page.locator("#strength").fill("80")
    tab.until(lambda: wishes(served)[-1].strength == 0.8)
    page.click("[data-steer=clear]")
    page.wait_for_selector(".lift", state="detached")
    assert words.input_value() == ""
    assert page.locator("#strength").input_value() == "50"
    assert titles(tab)[0] == "Boss Fight at Dawn"
    assert tab.errors == []


def test_chips_add_and_take_away(open_tab, served) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab(locale="zh-CN", width=390, height=844, scheme="light")
    page = tab.page
    ranked(tab)
    chip = page.locator(".chip", has_text=CHINESE["chip_slower"])
    chip.click()
    page.wait_for_selector('.chip[aria-pressed="true"]')
    assert page.input_value("#words") == CHINESE["chip_slower"]
    page.locator(".chip", has_text=CHINESE["chip_drums"]).click()
    tab.until(lambda: wishes(served)[-1].text == "慢一点，不要鼓")
    page.wait_for_selector(f"text={CHINESE['ask_away'].format(said='鼓')}")
    chip.click()
    tab.until(lambda: wishes(served)[-1].text == CHINESE["chip_drums"])
    assert tab.fits()
    assert tab.errors == []


def test_cards_like_and_leave_out(open_tab, served) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab()
    page = tab.page
    ranked(tab)
    page.locator('.card[data-track="hostile"] [data-card=like]').click()
    page.wait_for_selector(".understood")
    assert HOSTILE in page.inner_text(".understood")
    assert page.evaluate("window.hacked") is None
    assert wishes(served)[-1].like == "hostile"
    page.locator('.card[data-track="hostile"] [data-card=exclude]').click()
    page.wait_for_selector('.card[data-track="hostile"]', state="detached")
    assert wishes(served)[-1].exclude == {"hostile"}
    tab.ready()
    page.click("[data-steer=back]")
    page.wait_for_selector('.card[data-track="hostile"]')
    assert tab.errors == []


def test_an_uploaded_example(open_tab, served, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    sound = tmp_path / "my song.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 8000)
    bad = tmp_path / "not a song.mp3"
    bad.write_text("ffconcat version 1.0")
    tab = open_tab()
    page = tab.page
    ranked(tab)
    with page.expect_file_chooser() as chooser:
        page.click("[data-steer=upload]")
    chooser.value.set_files(sound)
    page.wait_for_selector("text=like my song.wav")
    assert wishes(served)[-1].reference is not None
    assert titles(tab)[0] == "Spare Part"
    tab.ready()
    with page.expect_file_chooser() as chooser:
        page.click("[data-steer=upload]")
    chooser.value.set_files(bad)
    page.wait_for_selector("text=no music that can be read")
    assert "like my song.wav" in page.inner_text(".understood")  # the first one still counts
    assert titles(tab)[0] == "Spare Part"


def test_a_mistake_leaves_the_cards(open_tab) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    tab = open_tab()
    page = tab.page
    ranked(tab)
    before = titles(tab)
    page.fill("#words", "broken")
    page.click("[data-steer=go]")
    page.wait_for_selector("#steered .notice.bad")
    assert titles(tab) == before
