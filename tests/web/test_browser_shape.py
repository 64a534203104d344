"""Shaping the mix in a real browser: the knob, the drawer, where the track begins."""

import pytest

from mrcmv.web.text import CHINESE, ENGLISH
from tests.web.test_browser import browser, open_tab  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


@pytest.fixture
def ready(open_tab, clip):  # noqa: F811
    """A tab with its first mix and an open drawer."""
    tab = open_tab()
    tab.drop(clip)
    tab.page.click("#find")
    tab.ready()
    assert tab.page.locator(".advanced").get_attribute("open") is None  # closed until it is asked for
    tab.page.click("#advanced")
    return tab


def asked(tab, served, **settings):
    """Wait until the chosen track was mixed with these settings."""
    tab.until(
        lambda: any(
            track == "boss-fight" and all(getattr(mix, name) == value for name, value in settings.items())
            for track, mix in served.recommender.asked
        )
    )


def test_every_control_reaches_the_mix(ready, served):
    page = ready.page
    page.locator("#level").fill("10")
    page.locator("#duck-depth-db").fill("9")
    page.locator("#attack-s").fill("0.3")
    page.locator("#hold-s").fill("1")
    page.locator("#release-s").fill("1.5")
    page.locator("#fade-in-s").fill("2")
    page.locator("#fade-out-s").fill("3")
    page.locator("#game-db").fill("-12")
    assert page.locator("output[for=game-db]").inner_text() == "−12 dB"
    page.locator(".set-voice label").nth(1).click()
    page.locator(".set-fit label").nth(1).click()
    asked(
        ready, served, level_lu=20, duck_depth_db=9, attack_s=0.3, hold_s=1, release_s=1.5, fade_in_s=2,
        fade_out_s=3, game_db=-12, voice="recorded", fit="plain",
    )  # fmt: skip
    ready.ready()
    assert page.input_value("#level") == "10"
    assert page.locator(".advanced").get_attribute("open") is not None
    page.locator("#game-db").fill("-41")
    assert page.locator("output[for=game-db] .en").inner_text() == ENGLISH["set_off"]
    asked(ready, served, game_db=None, fade_out_s=3)
    page.click("#reset")
    page.wait_for_function("document.querySelector('#level').value === '17'")
    assert page.locator("#game-db").input_value() == "-41"
    assert page.locator("output[for=duck-depth-db] .en").inner_text() == ENGLISH["set_follows"]
    assert ready.errors == []


def test_a_slider_that_is_still_moved_makes_no_mixes(ready, served):
    page = ready.page
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    count = len(served.recommender.asked)
    page.focus("#level")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert "7 LU" not in page.inner_text(".knob output")
    asked(ready, served, level_lu=8)
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    wanted = {mix.level_lu for _, mix in served.recommender.asked[count:]}
    assert 8 in wanted
    assert len(wanted) <= 3  # a slow machine may take a breath in between
    assert page.evaluate("document.activeElement.id") == "level"


def test_where_the_track_begins_is_dragged_and_set_back(ready, served):
    page = ready.page
    box = page.locator("#start").bounding_box()
    slider = page.locator("#start")
    assert slider.input_value() == "3"  # its best moment
    assert not page.locator("#best").is_visible()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10 + (box["width"] - 20) * 3 / 20, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 10 + (box["width"] - 20) * 9 / 20, middle, steps=6)
    page.mouse.up()
    start = float(slider.input_value())
    assert start == pytest.approx(9, abs=0.4)
    asked(ready, served, start_s=start)
    assert page.locator("#best").is_visible()
    page.focus("#start")
    page.keyboard.press("ArrowRight")
    asked(ready, served, start_s=round(start + 0.1, 2))
    page.keyboard.press("End")
    assert float(slider.input_value()) == 19  # a second of it must be left
    assert slider.get_attribute("aria-valuetext") == "0:19"
    page.click("#best")
    assert slider.input_value() == "3"
    assert page.evaluate("document.activeElement.id") == "start"
    page.wait_for_function("document.querySelector('#deck .deck')?.dataset.wanted === ''")
    ready.ready()


def test_what_sounds_goes_on_until_the_new_mix_is_there_or_was_cancelled(ready, served):
    page = ready.page
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    page.click("#toggle")
    page.wait_for_function("mrcmvStudio.listen.playing()")
    before = ready.listen("address()")
    served.recommender.step_s = 0.15
    page.click('.marks button[data-level="20"]')
    page.wait_for_selector("#stop-mix")
    assert ready.listen("address()") == before
    page.click("#stop-mix")
    page.wait_for_selector(f"#deck >> text={ENGLISH['cancelled']}")
    page.wait_for_function("document.querySelector('#level').value === '17'")  # back where it was
    assert ready.listen("address()") == before
    served.recommender.step_s = 0.005
    page.click('.marks button[data-level="10"]')
    page.wait_for_function(f"mrcmvStudio.listen.address() && mrcmvStudio.listen.address() !== '{before}'")
    page.wait_for_selector("#take >> text=music 10.0 LU under the voice")


def test_on_a_phone_in_chinese(open_tab, clip):  # noqa: F811
    tab = open_tab(width=390, height=844, scheme="light", locale="zh-CN")
    tab.drop(clip)
    tab.page.click("#find")
    tab.ready()
    tab.page.click("#advanced")
    assert CHINESE["set_start_s"] in tab.page.inner_text("#shape")
    assert CHINESE["must_credit"] in tab.page.inner_text("#cards")
    assert tab.fits()
    assert tab.small_targets() == []
