"""The report of a folder of clips, opened from the disk as its reader does."""

import shutil

import pytest

from mrcmv.batch import Plan, render_one, run
from mrcmv.media import UserError
from mrcmv.mix import MixSettings
from tests.web.fakes import HOSTILE, FakeRecommender
from tests.web.test_browser import browser  # noqa: F401 - fixture

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path, clip, sounds):
    """A report with a clip that is done, one with a hostile name, and one that failed."""
    folder, out = tmp_path / "clips", tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "<script>window.hacked=1<&#47;script>.mp4"):
        shutil.copy(clip, folder / name)
    recommender = FakeRecommender(sounds, step_s=0.0)

    def work(source, private, to):
        if source.name == "b.mp4":
            raise UserError("This clip is longer than ten minutes.")
        return render_one(
            recommender, source, private, to, track_id="hostile", on_stage=lambda event: None,
            render=lambda found, ident, path: recommender.render(
                found, ident, path, MixSettings(), progress=lambda done: None
            ),
        )  # fmt: skip

    run(Plan("render", folder, out, {"words": HOSTILE}), work)
    return out / "report.html"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_report_shows_everything_and_runs_nothing(browser, report, width, scheme):  # noqa: F811
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(report.as_uri())
    assert page.locator("li.clip").count() == 3
    assert page.locator("li.failed .why").inner_text() == "This clip is longer than ten minutes."
    assert page.locator("li.clip:not(.failed) b").first.inner_text() == HOSTILE
    assert "Use it only in videos that earn no money." in page.locator("main").inner_text()
    assert page.locator("svg path.v").count() == 2
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.locator("a.get").nth(1)
    assert link.evaluate("e => e.getBoundingClientRect().height") >= 40
    assert (report.parent / "a.mp4").as_uri() == link.evaluate("e => e.href")
    assert said == []
    context.close()
