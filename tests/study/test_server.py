"""The study over HTTP: a session, what is refused, what is kept, and that nothing served unblinds."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from mrcmv.study import Design
from mrcmv.study.export import rows
from mrcmv.study.server import make_app
from mrcmv.study.server.page import STATIC
from mrcmv.study.server.sounds import noise, passed, quietest, tones
from mrcmv.study.server.texts import DESK, TEXTS
from mrcmv.study.server.wording import to_html
from mrcmv.study.store import Store
from tests.study.designs import small
from tests.study.stimuli import fake_manifest
from tests.study.visitor import Visitor

DESK_TOKEN = "desk-token-of-the-tests"
WEB = Path(__file__).parents[2] / "mrcmv" / "web" / "static"


class Served:
    def __init__(self, folder: Path, design: Design) -> None:
        self.manifest = fake_manifest(folder / "stimuli", design)
        self.database = folder / "answers.sqlite"
        self.store = Store(f"sqlite:///{self.database}", self.manifest)
        app = make_app(self.store, self.manifest, DESK_TOKEN)
        self.client = TestClient(app, base_url="http://study.test", raise_server_exceptions=False)

    def desk(self, path: str, method: str = "GET") -> Any:
        return self.client.request(
            method, f"/desk/api/{path}", headers={"Authorization": f"Bearer {DESK_TOKEN}"}
        )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    made: list[Served] = []

    def serve_(**changes: Any) -> Served:
        made.append(Served(tmp_path / str(len(made)), small(**changes)))
        return made[-1]

    yield serve_
    for each in made:
        each.store.close()


QUICK = {"trials": 4, "watch_share": 0}


def test_a_session_over_http(serve: Any) -> None:
    served = serve(session={**QUICK, "completion_code": "C0DE", "completion_url": "https://example.org/done"})
    facts = served.client.get("/api/study").json()
    assert (facts["status"], facts["videos"], facts["consent"]["version"]) == ("open", 2, "1")
    visitor = Visitor(served.client)
    assert visitor.state() == {"stage": "checks"}
    visitor.checks()
    assert visitor.state()["trial"]["practice"]
    visitor.finish(lambda trial: 1)
    assert visitor.state() == {"stage": "done", "url": "https://example.org/done", "code": "C0DE"}
    found = list(rows(served.store, served.store.design))
    assert len(found) == 4
    assert {row["choice"] for row in found} == {"right"}
    assert {row["headphones"] for row in found} == {"yes"}


def test_nothing_that_is_served_names_a_method_a_track_or_a_file(serve: Any) -> None:
    attention = [{"kind": "obvious", "clip": "clip-1", "better": "network", "worse": "chance"}]
    asked = [{"kind": "preference", "text": "Which one?"}]
    served = serve(session=QUICK, attention=attention, questions=asked)
    visitor = Visitor(served.client, PROLIFIC_PID="5f0000000000000000000001")
    seen: dict[str, bytes] = {}

    def look(path: str, method: str = "GET", **options: Any) -> Any:
        answer = served.client.request(method, path, headers=visitor.headers, **options)
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        seen[f"{method} {path} {len(seen)}"] = path.encode() + b"\n" + head + b"\n" + answer.content
        return answer

    for path in ("/", "/desk", "/api/study", "/api/state", "/sound/noise.wav", "/api/tones/0"):
        assert look(path).status_code == 200
    for file in STATIC.iterdir():
        look(f"/static/{file.name}")
    for path in (
        "/config",
        "/gradio_api/info",
        "/openapi.json",
        "/docs",
        "/manifest.json",
        "/static/../app.py",
    ):
        assert look(path).status_code == 404
    for path in ("/stimuli/manifest.json", "/media/x.mp4", "/desk/api/counts", "/desk/api/answers.zip"):
        assert look(path).status_code == 404
    look("/api/checks", "POST", json={"headphones": "no"})
    addresses = set()
    while (state := look("/api/state").json())["stage"] == "trial":
        trial = state["trial"]
        for video in trial["videos"]:
            addresses.add(video["src"])
            assert re.fullmatch(r"/media/[0-9a-f]{32}\.mp4", video["src"])
            answer = look(video["src"])
            assert answer.status_code == 200
            assert answer.headers["content-disposition"] == "inline"
        look(f"/api/trial/{trial['id']}/watched", "POST", json={"watched_s": [1, 1], "plays": 2})
        body = {"request": "r" * 16, "choice": 0, "answers": {}, "watched_s": [4, 4], "plays": 2}
        assert look(f"/api/trial/{trial['id']}/answer", "POST", json={**body, "choice": 7}).status_code == 422
        assert look(f"/api/trial/{trial['id']}/answer", "POST", json=body).status_code == 200
    look("/api/withdraw", "POST", json={})
    assert len(addresses) == 2 * (1 + 4 + 1)  # every showing has addresses of its own

    secret = {*served.store.design.method_names}
    for stimulus in served.manifest.stimuli:
        secret |= {stimulus.id, stimulus.track_id, stimulus.title, stimulus.artist, stimulus.clip_id}
    secret |= {clip.file.name for clip in served.store.design.clips}
    secret |= {
        served.store.design.study,
        served.store.design.hash,
        "better",
        "worse",
        "obvious",
        "checkpoint",
    }
    for where, content in seen.items():
        text = content.decode("utf-8", "replace").lower()
        for word in secret:
            assert word.lower() not in text, (word, where)
    assert len(seen) > 30


def test_no_address_of_a_participant_is_kept(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    served = serve(session=QUICK)
    agent = "A very special browser 12.3"
    served.client.headers.update({"User-Agent": agent, "X-Forwarded-For": "203.0.113.77"})
    visitor = Visitor(served.client, device="a very special device")
    visitor.checks()
    visitor.finish()
    with sqlite3.connect(served.database) as database:
        text = "\n".join(database.iterdump())
    for word in (agent, "203.0.113.77", "testclient", "very special"):
        assert word not in text
        assert word not in caplog.text
    assert visitor.token not in text  # only its hash


def test_every_answer_carries_the_headers(serve: Any) -> None:
    served = serve()
    for path in ("/", "/api/study", "/static/study.js", "/nothing"):
        headers = served.client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
        assert "server" not in headers


@pytest.mark.parametrize(
    "body",
    [
        {"choice": 2},
        {"choice": -1},
        {"choice": True},
        {"choice": "0"},
        {"choice": None},  # no tie in this design
        {"request": "short"},
        {"answers": {"confidence": 9}},
        {"answers": {}},
        {"answers": {"confidence": 1, "fit": [1]}},
        {"answers": {"confidence": 1, "fit": [1, 99]}},
    ],
)
def test_an_answer_that_is_none_is_refused(serve: Any, body: dict[str, Any]) -> None:
    questions = [
        {"kind": "preference", "text": "Which?"},
        {"kind": "confidence"},
        {"kind": "rating", "id": "fit", "text": "Fits?", "low": "a", "high": "b"},
    ]
    served = serve(session=QUICK, questions=questions)
    visitor = Visitor(served.client)
    visitor.checks()
    trial = visitor.state()["trial"]
    right = {"answers": {"confidence": 2, "fit": [1, 5]}}
    assert visitor.answer(trial, **{**right, **body}).status_code == 422
    assert visitor.answer(trial, **right).json() == {"counted": True, "new": True}
    assert visitor.answer(trial, **right).json() == {"counted": True, "new": False}


@pytest.mark.parametrize("content", [b"[]", b"{", b"[" * 10_000, b"x" * 70_000, b'"a"', b"\xff"])
def test_a_body_that_is_none_is_refused(serve: Any, content: bytes) -> None:
    answer = serve().client.post("/api/join", content=content)
    assert answer.status_code in (400, 413)
    assert "Traceback" not in answer.text


def test_odd_signs_reach_no_database(serve: Any) -> None:
    asked = [{"kind": "preference", "text": "Which?"}, {"kind": "text", "text": "Why?"}]
    served = serve(session=QUICK, questions=asked)
    visitor = Visitor(served.client, PROLIFIC_PID="5f\0\ud8001", STUDY_ID="\ud800", SESSION_ID=7)
    visitor.checks()
    trial = visitor.state()["trial"]
    assert visitor.answer(trial, answers={"reasons": "good\0 \ud800 \x1b[1m fit\n"}).status_code == 200
    trial = visitor.state()["trial"]
    assert visitor.answer(trial, answers={"reasons": "good\0 \ud800 \x1b[1m fit\n"}).status_code == 200
    assert next(rows(served.store, served.store.design))["reasons"] == "good ? [1m fit"
    assert served.store.recruiter_ids()[0]["PROLIFIC_PID"] == "5f?1"
    for path in ("/media/%00.mp4", "/media/%ed%a0%80.mp4", "/api/trial/%00/answer", "/api/trial/a/watched"):
        answer = (
            visitor.post(path, {"request": "r" * 16, "choice": 0}) if "api" in path else visitor.get(path)
        )
        assert answer.status_code == 404
    assert visitor.answer(trial, request="r" * 15 + "\0").status_code == 422


def test_the_best_of_three_over_http(serve: Any) -> None:
    methods = [{"name": name, "kind": "random"} for name in ("alpha", "beta", "gamma")]
    served = serve(session=QUICK, methods=methods, comparison={"kind": "best-of"})
    visitor = Visitor(served.client)
    visitor.checks()
    trial = visitor.state()["trial"]
    assert len(trial["videos"]) == served.client.get("/api/study").json()["videos"] == 3
    assert visitor.answer(trial, 3).status_code == 422
    visitor.finish(lambda trial: 2)
    found = list(rows(served.store, served.store.design))
    assert len(found) == 8
    assert {row["choice"] for row in found} == {"right"}
    assert all(row["winner_method"] == row["method_right"] for row in found)


def test_ranges_count_what_really_left(serve: Any) -> None:
    served = serve()
    visitor = Visitor(served.client)
    visitor.checks()
    source = visitor.state()["trial"]["videos"][0]["src"]
    part = served.client.get(source, headers={"Range": "bytes=200-299"})
    assert (part.status_code, len(part.content)) == (206, 100)

    def sent() -> int:
        with sqlite3.connect(served.database) as database:
            media = source.split("/")[-1].removesuffix(".mp4")
            return int(database.execute("SELECT sent FROM media WHERE id = ?", (media,)).fetchone()[0])

    assert sent() == 300
    served.client.head(source)
    assert sent() == 300
    served.client.get(source)
    assert sent() == 1000


def test_markdown_is_shown_and_html_is_not() -> None:
    made = to_html("**bold** <script>alert(1)</script> [a](javascript:alert(1)) ![x](http://a/b.png)")
    assert "<strong>bold</strong>" in made
    assert "<script" not in made
    assert 'href="javascript' not in made
    assert "<img" not in made


def test_a_title_cannot_break_the_page(serve: Any) -> None:
    page = serve(title="</title><script>alert(1)</script>").client.get("/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_desk_shows_counts_pauses_and_exports(serve: Any) -> None:
    served = serve(session=QUICK)
    assert served.client.get("/desk/api/counts").status_code == 404
    assert served.client.get("/desk/api/counts", headers={"Authorization": "Bearer no"}).status_code == 404
    visitor = Visitor(served.client, PROLIFIC_PID="5f0000000000000000000001", STUDY_ID="s", SESSION_ID="x")
    visitor.checks()
    visitor.finish()
    counts = served.desk("counts").json()
    assert (counts["joined"], counts["finished"], counts["answers"]) == (1, 1, 4)
    assert [each[1:] for each in counts["cells"]] == [[1, 40]] * 4
    for name in (*served.store.design.method_names, "clip-"):
        assert name not in json.dumps(counts)
    assert served.desk("status/paused", "POST").status_code == 200
    assert served.client.get("/api/study").json()["status"] == "paused"
    refused = served.client.post("/api/join", json={"consent": "1"})
    assert (refused.status_code, refused.json()["error"]) == (409, "paused")
    assert served.desk("status/nonsense", "POST").status_code == 422
    with zipfile.ZipFile(io.BytesIO(served.desk("answers.zip").content)) as archive:
        assert {"answers.csv", "codebook.md", "design.json", "ratings.csv"} <= set(archive.namelist())
        assert len(list(csv.DictReader(io.TextIOWrapper(archive.open("answers.csv"), "utf-8")))) == 4
        assert b"5f0000000000000000000001" not in b"".join(archive.read(each) for each in archive.namelist())
    assert "5f0000000000000000000001" in served.desk("recruiter-ids.csv").text


def test_headphones_are_believed_after_the_tones_only(serve: Any) -> None:
    served = serve(session={**QUICK, "headphones": "test"})
    kept = []
    for right in (6, 5, 4):
        visitor = Visitor(served.client)
        assert visitor.post("/api/checks", {"headphones": "yes"}).status_code == 422
        assert visitor.get("/api/tones/0").headers["content-type"] == "audio/wav"
        assert visitor.get("/api/tones/6").status_code == 404
        with sqlite3.connect(served.database) as database:
            (seed,) = database.execute(
                "SELECT order_seed FROM participant ORDER BY joined_at DESC"
            ).fetchone()
        given = [
            quietest(seed, item) if item < right else (quietest(seed, item) + 1) % 3 for item in range(6)
        ]
        assert visitor.post("/api/checks", {"headphones": "yes", "test": given}).status_code == 200
        visitor.finish()
        kept.append(list(rows(served.store, served.store.design))[-1]["headphones"])
    assert kept == ["passed", "passed", "failed"]
    assert not passed(1, [])


def samples(wav: bytes) -> np.ndarray:
    return np.frombuffer(wav[44:], "<i2").reshape(-1, 2) / 32767


def test_the_noise_is_as_loud_as_the_videos_and_the_tones_are_what_they_should_be() -> None:
    from mrcmv.media import LoudnessMeter, integrated_lufs

    meter = LoudnessMeter()
    meter.add(samples(noise(-16.0)).astype(np.float32))
    assert integrated_lufs(meter.energies) == pytest.approx(-16.0, abs=0.2)
    wave = samples(tones(5, 2))
    parts = [wave[round(1.5 * n * 44_100) :][:44_100] for n in range(3)]
    level = [float(np.sqrt((part**2).mean())) for part in parts]
    mono = [float(np.sqrt((part.mean(axis=1) ** 2).mean())) for part in parts]
    quiet = quietest(5, 2)
    assert level[quiet] == pytest.approx(max(level) / 2, rel=0.02)
    opposite = int(np.argmin(mono))
    assert opposite != quiet
    assert level[opposite] == pytest.approx(max(level), rel=0.02)


def test_style_is_the_studios_and_every_sentence_has_two_languages() -> None:
    ours, studio = (STATIC / "study.css").read_text(), (WEB / "style.css").read_text()
    for theme in ("light", "dark"):
        found = re.search(rf'html\[data-theme="{theme}"\] {{(.*?)}}', studio, re.DOTALL)
        assert found
        for name, value in re.findall(r"(--[\w-]+): ([^;]+);", found[1]):
            if f"{name}:" in ours:
                assert f"{name}: {value};" in ours, f"{name} differs from the studio's"
    script = (STATIC / "study.js").read_text() + (STATIC / "desk.js").read_text()
    for key, (english, chinese) in {**TEXTS, **DESK}.items():
        assert english
        assert chinese
        assert english != chinese
        assert key in script or key == "no_script" or key.startswith(("status_", "do_"))
    used = set(re.findall(r'say\("(\w+)"', script))
    assert used <= set(TEXTS) | set(DESK)
