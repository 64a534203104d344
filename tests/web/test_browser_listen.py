"""Listening in a real browser: one place in the clip for all tracks, keys, what is made ahead."""

import pytest

from mrcmv.media import UserError
from mrcmv.web.text import ENGLISH
from tests.web.test_browser import browser, open_tab  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser
ALL = [0, 1, 2, 3, 4, 5]


@pytest.fixture
def ready(open_tab, clip):  # noqa: F811
    """A tab that has all mixes."""
    tab = open_tab()
    tab.drop(clip)
    tab.page.click("#find")
    tab.ready()
    tab.page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    return tab


def chosen(page):
    return page.locator("[data-slot][aria-pressed=true]:not(.use)").get_attribute("data-slot")


def test_switching_goes_on_at_the_same_place(ready, served):
    page, count = ready.page, len(served.recommender.asked)
    page.locator("h1").click()
    page.keyboard.press("1")
    page.wait_for_function("mrcmvStudio.listen.position() > 0.3")
    steps = page.evaluate(  # within one tick, as from a key that is held
        """() => [2, 5, 0, 3, 1].map(number => {
            const before = mrcmvStudio.listen.position(), address = mrcmvStudio.listen.address();
            document.querySelector(`#slot-${number}`).click();
            return [mrcmvStudio.listen.position() - before, address !== mrcmvStudio.listen.address()];
        })"""
    )
    assert all(abs(moved) <= 0.1 and other for moved, other in steps)
    assert ready.listen("playing()")
    # the picture is there as well, silent
    page.wait_for_function(
        "Math.abs(document.querySelector('#player').currentTime - mrcmvStudio.listen.position()) < 0.3"
    )
    assert page.evaluate("document.querySelector('#player').muted")
    measured = page.evaluate("performance.getEntriesByName('mrcmv-switch').map(entry => entry.duration)")
    assert len(measured) >= 5
    assert all(duration > 0 for duration in measured)
    # the server was told, and mixed nothing again
    page.wait_for_function(
        "document.querySelector('#deck .deck')?.dataset.chosen === '1'"
        " && +document.querySelector('#deck .deck').dataset.turn >= mrcmvStudio.listen.turn()"
    )
    assert len(served.recommender.asked) == count
    # panel, buttons, sound and server agree
    session = max(served.studio.sessions._by_ticket.values(), key=lambda session: session.used_at)
    first = session.suggestions.matches[0].track
    assert session.choice.track_id == first.id
    page.wait_for_function(
        "title => document.querySelector('#credit')?.value.includes(title)", arg=first.title
    )
    page.wait_for_function("document.querySelector('.card.chosen')?.dataset.rank === '1'")
    assert chosen(page) == "1"
    assert ready.listen("address()") == page.get_attribute("#slot-1", "data-sound")
    assert ready.errors == []


def test_keys_choose_play_pause_and_jump(ready):
    page = ready.page
    page.locator("h1").click()
    page.keyboard.press("3")
    page.wait_for_function("mrcmvStudio.listen.playing()")
    assert chosen(page) == "3"
    assert page.locator(".card.chosen").get_attribute("data-rank") == "3"
    page.keyboard.press("Space")
    page.wait_for_function("!mrcmvStudio.listen.playing()")
    page.evaluate("mrcmvStudio.listen.seek(0)")
    page.keyboard.press("ArrowRight")
    assert ready.listen("position()") == pytest.approx(2.0, abs=0.01)
    page.keyboard.press("ArrowLeft")
    assert ready.listen("position()") == pytest.approx(0.0, abs=0.01)
    page.click("#words")
    page.keyboard.type("2 5")  # typing is typing
    assert page.input_value("#words") == "2 5"
    assert chosen(page) == "3"
    assert not ready.listen("playing()")
    assert ENGLISH["keys"] in page.inner_text("#deck")


def test_no_music_is_a_choice_without_a_credit(ready, served):
    page = ready.page
    page.locator("h1").click()
    page.keyboard.press("0")
    page.wait_for_selector("#deck .deck[data-chosen='0']")
    page.wait_for_selector("#credit", state="detached")
    assert page.locator(".card.chosen").count() == 0
    with page.expect_download() as started:
        page.click("#download")
    assert started.value.suggested_filename == "clip - No music.mp4"
    assert served.recommender.calls[-1] == ("deliver", None)
    page.keyboard.press("1")
    page.wait_for_selector("#credit")


def test_the_strip_and_the_slider_move_the_same_place(ready):
    page = ready.page
    box = page.locator(".strip").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20, steps=4)
    page.mouse.up()
    assert ready.listen("position()") == pytest.approx(3.0, abs=0.05)
    assert page.locator("#strip").get_attribute("aria-valuetext") == "0:03"
    page.focus("#strip")
    page.keyboard.press("Home")
    assert ready.listen("position()") == 0
    page.locator("#place").fill("1.5")
    assert ready.listen("position()") == pytest.approx(1.5, abs=0.01)
    page.wait_for_function("Math.abs(document.querySelector('#player').currentTime - 1.5) < 0.1")
    page.evaluate("document.querySelector('#player').currentTime = 2.5")  # as other parts of the page do
    page.wait_for_function("Math.abs(mrcmvStudio.listen.position() - 2.5) < 0.1")
    page.evaluate("document.querySelector('#player').play()")
    page.wait_for_function("mrcmvStudio.listen.playing()")
    page.evaluate("document.querySelector('#player').pause()")
    page.wait_for_function("!mrcmvStudio.listen.playing()")


def test_at_the_end_it_stops_and_begins_again(ready):
    page = ready.page
    page.evaluate("mrcmvStudio.listen.seek(3.7)")
    page.click("#toggle")
    page.wait_for_function("mrcmvStudio.listen.playing()")
    page.wait_for_function("!mrcmvStudio.listen.playing()")
    assert ready.listen("position()") == pytest.approx(4.0, abs=0.05)
    page.click("#toggle")
    page.wait_for_function("mrcmvStudio.listen.playing() && mrcmvStudio.listen.position() < 2")
    page.click("#mute")
    assert page.locator("#mute").get_attribute("aria-pressed") == "true"
    page.locator("#volume").fill("0.5")
    assert page.locator("#mute").get_attribute("aria-pressed") == "false"


def test_a_track_that_is_not_there_yet_swaps_in_when_it_is(open_tab, served, clip):  # noqa: F811
    tab = open_tab()
    page = tab.page
    tab.drop(clip)
    page.click("#find")
    page.wait_for_selector("#cards .card")
    served.recommender.step_s = 0.6  # six seconds for each mix: the fifth is the last
    tab.ready()
    served.recommender.step_s = 1.0  # until it has been seen
    page.click(".card[data-rank='5'] .use")
    page.wait_for_selector(".card.making[data-rank='5']")
    page.wait_for_selector("#deck .mixing [data-do=stop]")
    assert chosen(page) == "1"  # it goes on meanwhile
    page.wait_for_function("mrcmvStudio.listen.playing()")
    served.recommender.step_s = 0.005
    page.wait_for_selector(".card.chosen[data-rank='5']")
    page.wait_for_function("mrcmvStudio.listen.ready().length === 6")
    served.recommender.fail["mix"] = UserError("This track cannot be mixed: choose another.")
    page.click('.marks button[data-level="10"]')
    page.wait_for_selector("#deck .notice >> text=This track cannot be mixed")
    assert chosen(page) == "5"
    assert tab.errors == []


def test_everything_has_a_name_and_two_languages(ready):
    nameless = ready.page.evaluate(
        """() => [...document.querySelectorAll(
                '#studio :is(button, a[href], input, summary, audio, [role=slider])')]
            .filter(e => e.checkVisibility())
            .filter(e => {
                const by = (e.getAttribute('aria-labelledby') || '').split(' ')
                    .map(id => document.getElementById(id));
                const labels = [...(e.labels || []), ...by].map(b => b && b.textContent);
                const words = [e.getAttribute('aria-label'), e.textContent, ...labels];
                return !words.some(w => w && w.trim()) && e.type !== 'file';
            }).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
