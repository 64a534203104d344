"""The Library page in a real browser: browse, filter, listen, packs, own files, a clip in another tab."""

import os
import re
import wave
from types import SimpleNamespace

import pytest

from mrcmv.web import serve
from mrcmv.web.examples import find_examples
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from mrcmv.web.text import CHINESE
from tests.web.clips import make_mp4
from tests.web.fakes import CC_BY, FakeRecommender, peaks
from tests.web.test_browser import WAIT, browser  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
MANY = 240


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A page of its own, as these tests change the library: 240 tracks beside the six."""
    import dataclasses

    folder = tmp_path_factory.mktemp("shelf")
    recommender = FakeRecommender(folder, step_s=0.005)
    spare = recommender.library.get("spare")
    for number in range(MANY):
        recommender.library._tracks[f"many-{number:03d}"] = dataclasses.replace(
            spare, id=f"many-{number:03d}", title=f"Tune {number:03d}", artist="Many", rights=CC_BY,
            mood="" if number in (90, 93, 96) else "calm" if number % 2 else "happy", genre="rock",
            heard_moods=("sad",) if number % 3 == 0 else (),  # counts where nobody said one
            tempo_bpm=60.0 + number % 100, peaks=peaks(number % 7),
        )  # fmt: skip
    real = recommender.library.sound_path
    recommender.library.sound_path = lambda ident: real("spare" if ident.startswith("many") else ident)
    make_mp4(folder / "examples" / "calm.mp4", seconds=3.0)
    sessions = Sessions(parent=folder)
    studio = Studio(recommender, sessions=sessions, examples=find_examples(folder / "examples"))
    uploads = os.environ.get("GRADIO_TEMP_DIR")
    page = serve(studio, host="127.0.0.1", port=None)
    yield SimpleNamespace(url=page.local_url, recommender=recommender, library=recommender.library)
    recommender.library.hold.set()
    page.close()
    sessions.close()
    if uploads is not None:  # the other tests' page takes its uploads there
        os.environ["GRADIO_TEMP_DIR"] = uploads


@pytest.fixture
def visit(browser, place):  # noqa: F811
    """Opens pages and looks at the end whether anything went wrong in them."""
    contexts, errors = [], []

    def open_page(address, *, width=1280, height=900, scheme="dark", locale="en-US", context=None):
        if context is None:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale
            )
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=place.url)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda r: errors.append(r.url) if r.status >= 500 or r.status == 404 else None)
        page.goto(place.url + address)
        return page

    open_page.errors = errors
    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def total(page, count):
    page.wait_for_selector(f"#rows[data-total='{count}']", state="attached")


def titles(page):
    return page.locator("#rows > li:visible h3").all_inner_texts()


def small_targets(page):
    return page.evaluate(
        """() => [...document.querySelectorAll('button, a.btn, .places a, summary, select, input, .check')]
            .filter((part) => part.getClientRects().length && !['checkbox', 'file'].includes(part.type))
            .map((part) => [part.outerHTML.slice(0, 80), part.getBoundingClientRect()])
            .filter(([, box]) => box.height < 39.5 || box.width < 39.5).map(([html]) => html)"""
    )


def test_a_long_list_is_drawn_where_one_looks(visit, place):
    page = visit("library")
    page.wait_for_selector("#rows.ready")
    everything = len(place.library.tracks())
    assert page.locator("#count").inner_text() == f"{everything} tracks"
    assert page.locator("#rows > li").count() < 60
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_selector(f"#rows > li[aria-posinset='{everything}']")
    assert page.locator("#rows > li[aria-posinset='1']").count() == 0
    assert page.locator("#rows > li").count() < 60
    places = [int(row.get_attribute("aria-posinset")) for row in page.locator("#rows > li").all()]
    assert places == sorted(places)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_selector("#rows > li[aria-posinset='1']")


def test_filters_stand_in_the_address_and_the_back_button_works(visit, place):
    page = visit("library")
    page.fill("[name=q]", "tune 01")
    total(page, 10)
    page.check("[name=mood][value=calm]", force=True)
    total(page, 5)
    assert "q=tune+01" in page.url
    assert "mood=calm" in page.url
    assert page.locator("#live").inner_text() in ("", "5 tracks")
    page.select_option("[name=sort]", "tempo")
    page.wait_for_url("**sort=tempo**")
    page.go_back()
    page.wait_for_url(lambda url: "sort" not in url)
    page.go_back()
    total(page, 10)
    assert not page.is_checked("[name=mood][value=calm]")
    shared = visit("library?q=tune+01&mood=calm&sort=tempo")
    total(shared, 5)
    assert shared.is_checked("[name=mood][value=calm]")
    assert shared.input_value("[name=sort]") == "tempo"
    shared.click("#clear")
    total(shared, len(place.library.tracks()))
    assert shared.url.endswith("/library")


def test_money_tempo_and_what_was_measured(visit):
    page = visit("library?q=tune&tempo_min=150")
    total(page, 2 * 10)
    page.check("[name=mood][value=sad]", force=True)
    page.wait_for_selector("#rows .tag.heard")
    assert "measured" in page.locator("#rows .tag.heard").first.inner_text()
    page.goto(re.sub(r"\?.*", "?safe=1&free=1", page.url))
    page.wait_for_selector("#rows.ready")
    assert "<img" not in " ".join(titles(page))  # the only one that is not for money
    page.fill("[name=q]", "zzz")
    total(page, 0)
    assert "Take a filter away" in page.locator("#count").inner_text()


def test_listening_seeking_and_the_keyboard(visit):
    page = visit("library?q=boss")
    page.click("#rows [data-hear]")
    page.wait_for_selector("#rows .sounding [aria-pressed=true]")
    assert page.locator("#now .who b").inner_text() == "Boss Fight at Dawn"
    box = page.locator("#rows [data-seek]").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 10)
    page.wait_for_selector("#now-time:text-matches('^0:1')")
    page.locator("#main").focus()
    page.keyboard.press(" ")
    page.wait_for_selector("#now-play[aria-pressed=false]")
    page.fill("[name=q]", "tune")
    total(page, MANY)
    page.locator("#rows [data-hear]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    place = page.evaluate("document.activeElement.closest('li').getAttribute('aria-posinset')")
    assert place == "4"
    page.keyboard.press("Enter")
    page.wait_for_selector("#now .who b:text-is('Tune 003')")


def test_everything_about_a_track_its_credit_and_more_like_it(visit):
    page = visit("library?q=long+road")
    page.click("#rows [data-open]")
    page.wait_for_selector("#details[open]")
    text = page.locator("#details").inner_text()
    for part in ("CC-BY-4.0", "Put the credit line", "D minor", "Content ID"):
        assert part in text
    page.click("#details [data-credit]")
    page.wait_for_selector("#details [data-credit].done")
    assert "The Long Road Home" in page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    page.wait_for_selector("#details", state="hidden")
    assert page.evaluate("document.activeElement.hasAttribute('data-open')")
    page.click("#rows [data-like]")
    page.wait_for_selector(".likebar")
    assert "The Long Road Home" in page.locator(".likebar").inner_text()
    assert "The Long Road Home" not in titles(page)


def test_a_hostile_title_stays_text(visit):
    page = visit("library?q=onerror")
    page.wait_for_selector("#rows > li")
    page.click("#rows [data-hear]")
    page.click("#rows [data-open]")
    page.wait_for_selector("#details[open]")
    assert page.evaluate("window.hacked") is None


def test_a_pack_goes_on_without_its_tab_and_is_removed(visit, place):
    place.library.hold.clear()
    page = visit("library?show=packs")
    assert page.locator("[data-pack=rockets] button").count() == 0
    assert "apt-get is not there" in page.locator("[data-pack=rockets]").inner_text()
    page.click("[data-pack=knights] [data-act=install]")
    page.wait_for_selector("[data-pack=knights] [role=progressbar]")
    page.close()
    again = visit("library?show=packs")
    again.wait_for_selector("[data-pack=knights] [data-act=cancel]")
    place.library.hold.set()
    again.wait_for_selector("[data-pack=knights][data-state=complete]")
    again.click("[data-pack=knights] a")
    again.wait_for_selector("#rows.ready")
    assert titles(again) == [f"March {number}" for number in range(4)]
    packs = visit("library?show=packs")
    packs.click("[data-pack=knights] summary")
    packs.click("[data-pack=knights] [data-act=remove-pack]")
    packs.wait_for_selector("[data-pack=knights][data-state=none]")
    assert not [track for track in place.library.tracks() if track.pack == "knights"]


def test_own_files_with_rights_asked_once(visit, place, tmp_path):
    good, bad = tmp_path / "Night drive.wav", tmp_path / "notes.mp3"
    with wave.open(str(good), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    bad.write_text("no sound")
    page = visit("library?show=own")
    page.click("#own [type=submit]")
    assert "Choose files first" in page.locator("#own-said").inner_text()
    page.set_input_files("#files", [good, bad])
    assert page.locator("#chosen li").count() == 2
    page.select_option("[name=licence]", "CC-BY-ND-4.0")
    assert "cannot be used" in page.locator("#explain").inner_text()
    page.fill("[name=source]", "https://example.org/me")
    page.click("#own [type=submit]")
    page.wait_for_selector("#own-said .notice")
    assert "forbids changed versions" in page.locator("#own-said").inner_text()
    visit.errors.clear()  # the browser notes every refusal
    page.select_option("[name=licence]", "CC-BY-NC-SA-4.0")
    assert "earn no money" in page.locator("#explain").inner_text()
    page.fill("[name=artist]", "Ada Field")
    page.click("#own [type=submit]")
    page.wait_for_selector("#arrivals li.added")
    page.wait_for_selector("#arrivals li.refused")
    assert "no sound that can be read" in page.locator("#arrivals li.refused").inner_text()
    page.click("#arrivals [data-open]")
    page.wait_for_selector("#details[open]")
    assert "Night drive" in page.locator("#details").inner_text()
    page.click("#details .remove summary")
    page.click("#details [data-remove]")
    page.wait_for_selector("#details", state="hidden")
    assert not [track for track in place.library.tracks() if track.title == "Night drive"]


def test_a_track_is_used_for_the_clip_that_is_open_in_another_tab(visit, place):
    suggest = visit("")
    suggest.click("[data-example=calm]")
    suggest.wait_for_selector("#cards .card")
    with suggest.context.expect_page() as opened:
        suggest.click("a[data-nav=library]")
    shelf = opened.value
    shelf.set_default_timeout(WAIT)
    shelf.goto(place.url + "library?q=spare")
    shelf.wait_for_selector("#shelf.has-clip")
    assert suggest.locator("#cards .card").count() >= 5  # the clip is still there
    shelf.click("#rows [data-use]")
    for _ in range(WAIT // 50):
        if any(
            name in ("mix", "render") and wanted[0] == "spare" for name, wanted in place.recommender.calls
        ):
            break
        suggest.wait_for_timeout(50)
    else:
        raise AssertionError(place.recommender.calls)


def test_no_clip_no_button(visit):
    page = visit("library?q=spare")
    page.wait_for_timeout(800)
    assert not page.is_visible("#rows [data-use]")


@pytest.mark.parametrize("address", ["library?q=tune", "library?show=packs", "library?show=own", "about"])
def test_small_and_large_windows_in_chinese_and_english(visit, address):
    for width, scheme, locale in ((390, "light", "zh-CN"), (1280, "dark", "en-US")):
        page = visit(address, width=width, height=844, scheme=scheme, locale=locale)
        page.wait_for_load_state()
        wide, have = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= have
        assert small_targets(page) == []
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        if locale == "zh-CN":
            assert CHINESE["nav_library"] in page.locator(".places").inner_text()
            assert "Library" not in page.locator(".places").inner_text()


def test_the_language_is_changed_also_in_fields(visit):
    page = visit("library")
    page.click("#language")
    assert page.locator("[name=vocals] option").first.inner_text() == CHINESE["shelf_vocals_any"]
    assert page.get_attribute("[name=q]", "placeholder") == CHINESE["shelf_search_hint"]


def test_about_is_reached_from_every_page(visit, place):
    page = visit("library")
    page.click("a[data-nav=about]")
    page.wait_for_selector("#about table")
    assert page.locator("#about tbody tr").count() >= 10
    assert page.get_attribute(".places [aria-current]", "data-nav") == "about"
    page.click("a[data-nav=suggest]")
    page.wait_for_selector("#upload input[type=file]", state="attached")
    assert page.url.rstrip("/") == place.url.rstrip("/")


def test_the_same_filter_above_the_suggestions(visit, place):
    page = visit("")
    page.click("[data-example=calm]")
    page.wait_for_selector("#cards .card")
    page.click(".steermore summary")
    page.check("[data-filterbar] [name=safe]", force=True)
    page.select_option("[data-filterbar] [name=tempo]", "fast")
    page.wait_for_selector("#cards .card:has-text('Boss Fight')")
    for _ in range(WAIT // 50):
        wish = next((wanted for name, wanted in reversed(place.recommender.calls) if name == "rerank"), None)
        if wish is not None and wish.filter is not None and wish.filter.tempo_min == 120:
            break
        page.wait_for_timeout(50)
    else:
        raise AssertionError(place.recommender.calls)
    assert wish.filter.monetise_safe
