"""A verb over a folder: one bad clip, a kill in the middle, hostile names, and the report page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mrcmv.batch import Plan, find_clips, render_one, run, suggest_one
from mrcmv.batch.report import curve, outline
from mrcmv.media import Cancelled, UserError
from tests.web.clips import make_mp4
from tests.web.fakes import FakeRecommender

HOSTILE = '<img src=x onerror=alert(1)>&".mp4'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mp4(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1)


@pytest.fixture
def clips(tmp_path: Path, made: Path) -> Path:
    """Three videos, one of them with a hostile name, and what is none."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("a.mp4", "B.MOV", HOSTILE):
        shutil.copy(made, folder / name)
    (folder / "notes.txt").write_text("no video")
    (folder / ".hidden.mp4").write_text("no video")
    (folder / "more.mp4").mkdir()
    return folder


@pytest.fixture
def recommender(tmp_path: Path) -> FakeRecommender:
    return FakeRecommender(tmp_path / "fake", step_s=0.0)


def suggesting(recommender: FakeRecommender, bad: str = ""):  # type: ignore[no-untyped-def]
    def work(clip, folder, to):  # type: ignore[no-untyped-def]
        if clip.name == bad:
            recommender.fail["suggest"] = UserError("This clip is longer than ten minutes.")
        return suggest_one(recommender, clip, folder, to, on_stage=lambda event: None)

    return work


class Seen(HTMLParser):
    """Every tag of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_only_videos_are_clips(clips: Path) -> None:
    assert [path.name for path in find_clips(clips)] == sorted(["a.mp4", "B.MOV", HOSTILE])


def test_one_bad_clip_does_not_stop_the_rest(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    summary = run(Plan("suggest", clips, out), suggesting(recommender, bad="B.MOV"))
    assert [(r["clip"], r["ok"]) for r in summary.records if not r["ok"]] == [("B.MOV", False)]
    assert summary.failed[0]["why"] == "This clip is longer than ten minutes."
    assert json.loads((out / "a.json").read_text())["suggestions"][0]["track_id"] == "boss-fight"
    told = summary.to_json()
    assert (told["clips"], told["done"], told["failed"]) == (3, 3, 1)
    assert "thumbnail" not in told["results"][0]
    again = run(Plan("suggest", clips, out), suggesting(recommender))
    assert (again.done, again.kept, len(again.failed)) == (1, 2, 0)  # only the failed one is tried again


def test_an_unexpected_error_is_not_told(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    def work(clip, folder, to):  # type: ignore[no-untyped-def]
        raise RuntimeError("/secret/place")

    summary = run(Plan("suggest", clips, tmp_path / "out"), work)
    assert len(summary.failed) == 3
    assert "secret" not in (tmp_path / "out" / "report.html").read_text()


def test_what_is_done_is_done_again_only_when_something_changed(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    out = tmp_path / "out"

    def done(**changes):  # type: ignore[no-untyped-def]
        return run(Plan("suggest", clips, out, **changes), suggesting(recommender)).done

    assert done() == 3
    assert done() == 0
    assert done(options={"top_k": 3}) == 3
    assert done(options={"top_k": 3}, again=True) == 3
    os.utime(clips / "a.mp4", (1, 1))
    assert done(options={"top_k": 3}) == 1
    (out / "B.json").unlink()
    assert done(options={"top_k": 3}) == 1
    (out / ".records" / "suggest-a.json").write_text("{ cut off")
    assert done(options={"top_k": 3}) == 1


def test_an_order_to_stop_leaves_the_report_of_what_is_done(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    work = suggesting(recommender)

    def stopped(clip, folder, to):  # type: ignore[no-untyped-def]
        if clip.name == "a.mp4":
            raise Cancelled
        return work(clip, folder, to)

    with pytest.raises(Cancelled):
        run(Plan("suggest", clips, out), stopped)
    assert "1 still to do" in Seen((out / "report.html").read_text()).text
    assert run(Plan("suggest", clips, out), work).done == 1


def test_after_a_kill_it_goes_on(clips, tmp_path):  # type: ignore[no-untyped-def]
    """A process of its own is killed while the second clip is at work."""
    out, script = tmp_path / "out", tmp_path / "batch.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from mrcmv.batch import Plan, run\n"
        "def work(clip, folder, to):\n"
        "    if (Path(sys.argv[2]) / '.records').glob('*.json') and len(list(to.parent.glob('*.json'))):\n"
        "        print('second', flush=True); time.sleep(60)\n"
        "    to.write_text('{}')\n"
        "    return {'duration_s': 1, 'size': [1, 1], 'has_voice': False, 'shares': [1, 0],\n"
        "            'thumbnail': '', 'track': None, 'start_s': None, 'drawing': {}}\n"
        "run(Plan('suggest', Path(sys.argv[1]), Path(sys.argv[2])), work)\n"
    )
    root = Path(__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, str(script), str(clips), str(out)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "second\n"
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert "1 done" in Seen((out / "report.html").read_text()).text

    def work(clip, folder, to):  # type: ignore[no-untyped-def]
        to.write_text("{}")
        return {
            "duration_s": 1, "size": [1, 1], "has_voice": False, "shares": [1, 0], "thumbnail": "",
            "track": None, "start_s": None, "drawing": {},
        }  # fmt: skip

    summary = run(Plan("suggest", clips, out), work)
    assert (summary.done, summary.kept) == (2, 1)


def test_render_writes_videos_and_a_report_that_tells_all(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    out = tmp_path / "out"

    def work(clip, folder, to):  # type: ignore[no-untyped-def]
        return render_one(
            recommender, clip, folder, to, on_stage=lambda event: None,
            track_id="hostile" if clip.name == "a.mp4" else None,
            render=lambda found, ident, path: recommender.render(
                found, ident, path, progress=lambda done: None
            ),
        )  # fmt: skip

    summary = run(Plan("render", clips, out, {"music_level": 13.0, "track": None}), work)
    assert not summary.failed
    for record in summary.records:
        assert (out / record["file"]).read_bytes() == recommender.mixed.read_bytes()
    html = (out / "report.html").read_text()
    seen = Seen(html)
    assert "LUFS" in seen.text
    assert "13.0 LU under the voice" in seen.text
    assert "Use it only in videos that earn no money." in seen.text
    assert [attrs["href"] for tag, attrs in seen.tags if tag == "a"] == [
        "./" + part for part in ("%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%26%22.mp4", "B.mp4", "a.mp4")
    ]
    drawn = [attrs["d"] for tag, attrs in seen.tags if tag == "path"]
    assert len(drawn) == 9  # music, voice and curve of three clips
    assert all(path and set(path) <= set("MVL0123456789. ") for path in drawn)


def test_the_report_needs_nothing_else_and_runs_nothing(clips, recommender, tmp_path):  # type: ignore[no-untyped-def]
    run(Plan("suggest", clips, tmp_path / "out", {"words": HOSTILE}), suggesting(recommender))
    html = (tmp_path / "out" / "report.html").read_text()
    seen = Seen(html)
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in seen.tags}
    for tag, attrs in seen.tags:
        assert not any(name.startswith("on") for name in attrs)
        assert not (attrs.get("src") or "").startswith(("http", "//"))
        assert tag != "img" or (attrs["src"] or "").startswith("data:image/jpeg")
    assert HOSTILE in seen.text
    assert "onerror" not in str([attrs for _, attrs in seen.tags]).replace("%20onerror", "")
    assert any("default-src 'none'" in (attrs.get("content") or "") for _, attrs in seen.tags)


def test_clips_of_one_name_get_files_of_their_own(tmp_path, made, recommender):  # type: ignore[no-untyped-def]
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("x.mp4", "x.mov", "y.mp4"):
        shutil.copy(made, folder / name)
    summary = run(Plan("suggest", folder, tmp_path / "out"), suggesting(recommender))
    assert [record["file"] for record in summary.records] == ["x (mov).json", "x (mp4).json", "y.json"]


def test_a_folder_that_cannot_be_used_is_said(tmp_path, clips, recommender):  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="no video"):
        run(Plan("suggest", tmp_path, tmp_path / "out"), suggesting(recommender))
    with pytest.raises(UserError, match="another folder"):
        run(Plan("suggest", clips, clips), suggesting(recommender))
    with pytest.raises(UserError, match="cannot be written"):
        run(Plan("suggest", clips, clips / "a.mp4"), suggesting(recommender))


def test_drawings_are_numbers() -> None:
    assert outline([]) == ""
    assert outline([0.0, 1.0, 5.0]).count("M") == 3
    assert curve([[0, -2], [5, -14], [9, -2]], 10).startswith("M0.0 0.0L300.0 36.0L540.0 0.0")


@pytest.mark.timeout(300)
def test_the_terminal_takes_folders(tmp_path, examples, debug_home, debug_checkpoint):  # type: ignore[no-untyped-def]
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(examples["calm"], folder / "calm.mp4")
    (folder / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"x" * 500)
    done = subprocess.run(
        [sys.executable, "-m", "mrcmv", "suggest", str(folder), "--out", str(tmp_path / "out"),
         "--until", "8", "--json", "--checkpoint", str(debug_checkpoint)],
        cwd=Path(__file__).parents[1], env={**os.environ, "MRCMV_HOME": str(debug_home)},
        capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # one failed
    told = json.loads(done.stdout)
    assert (told["clips"], told["failed"]) == (2, 1)
    assert "Traceback" not in done.stderr
    assert "damaged" in told["results"][0]["why"] or "read" in told["results"][0]["why"]
    result = json.loads((tmp_path / "out" / "calm.json").read_text())
    assert len(result["suggestions"]) == 5
    assert "data:image/jpeg" in (tmp_path / "out" / "report.html").read_text()
    assert time.time() - (tmp_path / "out" / "report.html").stat().st_mtime < 300
