"""The verbs for programs, asked as a program asks: by gradio_client, by MCP, by hand."""

import importlib.util
import json
import os
import re
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import mrcmv.recommender
from mrcmv.diary import tally
from mrcmv.media import UserError
from mrcmv.web import api, serve
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.web.fakes import FakeRecommender
from tests.web.test_server import Visitor

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
VERBS = ["suggest", "render", "separate", "library"]


@pytest.fixture(scope="module")
def client_once(served_once, tmp_path_factory):
    """One client for all tests, as closing it takes a second."""
    folder = str(tmp_path_factory.mktemp("answers"))
    made = Client(served_once.url, verbose=False, download_files=folder, analytics_enabled=False)
    yield made
    made.close()


@pytest.fixture
def client(client_once, served):
    """The client of a page that is quick and without a failure waiting."""
    return client_once


def refused(client, *, says, **call):
    with pytest.raises(AppError, match=says) as caught:
        client.predict(**call)
    for inside in ("Traceback", "/tmp", "site-packages"):
        assert inside not in str(caught.value)


def test_the_names_are_the_four_verbs(client):
    assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == [
        f"/{verb}" for verb in VERBS
    ]
    assert tuple(VERBS) == api.VERBS


def test_the_example_of_the_docs_runs(served, clip, tmp_path, monkeypatch, capsys):
    example = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]
    shutil.copy(clip, tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    exec(example.replace("http://127.0.0.1:7860", served.url), names := {})
    names["client"].close()
    said = capsys.readouterr().out
    assert "1 Boss Fight at Dawn CC0-1.0" in said
    assert "Music: “Boss Fight at Dawn”" in said
    assert Path(names["video"]).read_bytes() == served.recommender.mixed.read_bytes()


def test_suggest_answers_as_the_terminal_does(client, served, clip):
    found = client.predict(clip=handle_file(str(clip)), top_k=2, start_s=1, end_s=3, api_name="/suggest")
    assert set(found) == {"clip", "weights", "suggestions", "timings_s", "checkpoint"}
    assert [row["rank"] for row in found["suggestions"]] == [1, 2]
    assert served.recommender.calls[-1] == ("suggest", (1.0, 3.0))


def test_a_call_leaves_nothing_but_its_answer(client, served, clip):
    before = set(served.studio.sessions._by_ticket)
    video, facts = client.predict(clip=handle_file(str(clip)), track_id="lantern", api_name="/render")
    assert Path(video).stat().st_size > 0
    assert "山下" in facts["credit"]
    assert facts["duties"]
    assert set(served.studio.sessions._by_ticket) == before
    assert not list(served.studio.sessions.root.glob("*/run*/preview*"))


def test_the_finished_file_is_private_and_goes(client, served, clip):
    raw = Client(served.url, verbose=False, download_files=False, analytics_enabled=False)
    video, _ = raw.predict(clip=handle_file(str(clip)), track_id="lantern", api_name="/render")
    address = video["url"] if isinstance(video, dict) else video
    assert httpx.get(address).status_code == 200
    folder = served.studio.sessions.uploads
    made = next(path for path in folder.rglob("*Lantern*.mp4"))
    assert len(made.parent.name) >= 32  # nobody guesses it
    for guess in ("", "..", "lantern.mp4"):
        assert httpx.get(f"{served.url}/gradio_api/file={folder}/{guess}").status_code in (403, 404)
    sessions = served.studio.sessions
    sessions.sweep()
    sessions._first_seen = {key: seen - 3600 for key, seen in sessions._first_seen.items()}
    sessions.sweep()
    assert not list(folder.rglob("*Lantern*.mp4"))
    raw.close()


def test_mistakes_are_one_sentence(client, served, clip, tmp_path):
    file = handle_file(str(clip))
    refused(client, says="no such track", clip=file, track_id="x", api_name="/render")
    refused(client, says="keep is one", clip=file, track_id="lantern", keep="all", api_name="/render")
    refused(client, says="number", clip=file, top_k=1e9, api_name="/suggest")
    refused(client, says="level_lu lies", clip=file, track_id="lantern", music_level=99, api_name="/render")
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    refused(client, says="empty", clip=handle_file(str(empty)), api_name="/suggest")
    text = tmp_path / "clip.mp4"
    text.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    refused(client, says="no picture", clip=handle_file(str(text)), api_name="/suggest")
    served.recommender.fail["suggest"] = UserError("This clip is longer than ten minutes.")
    refused(client, says="ten minutes", clip=file, api_name="/suggest")
    served.recommender.fail["suggest"] = RuntimeError("secret inside")
    refused(client, says="on our side", clip=file, api_name="/suggest")
    assert served.studio.sessions.of_owner(client.session_hash) == []


def test_who_goes_away_stops_the_work(served, clip):
    client = Client(served.url, verbose=False, download_files=False, analytics_enabled=False)
    served.recommender.step_s = 0.05
    client.submit(clip=handle_file(str(clip)), api_name="/suggest")
    until = time.monotonic() + 30
    while not served.recommender.at_work and time.monotonic() < until:
        time.sleep(0.02)
    assert served.recommender.at_work
    served.studio.leave(client.session_hash)
    while served.recommender.at_work and time.monotonic() < until:
        time.sleep(0.02)
    assert served.recommender.stopped[-1] == "suggest"
    client.close()


def test_who_waits_is_told_the_place_and_nobody_fills_the_line_alone(client, served, clip):
    served.recommender.step_s = 0.1
    jobs = [client.submit(clip=handle_file(str(clip)), api_name="/suggest") for _ in range(6)]
    told, until = set(), time.monotonic() + 60
    while not all(job.done() for job in jobs) and time.monotonic() < until:
        for job in jobs:
            told |= {unit.desc for unit in job.status().progress_data or ()}
        if "Waiting: 2 ahead of you" in told:
            served.recommender.step_s = 0.005
        time.sleep(0.02)
    assert {f"Waiting: {count} ahead of you" for count in (1, 2)} <= told
    errors = [str(job.exception()) for job in jobs if job.exception()]
    assert len(errors) == 2
    assert all("4 wishes of yours are waiting already" in error for error in errors)
    assert tally()["work"]["suggest"]["refused"] >= 2
    assert all(len(job.result()["suggestions"]) == 5 for job in jobs if not job.exception())


def test_settings_of_an_export_can_be_given_back(client, served, clip):
    document = {"format": "mrcmv-mix", "version": 1, "settings": {"level_lu": 20, "fade_in_s": 1.0}}
    client.predict(
        clip=handle_file(str(clip)), track_id="lantern", settings=document, keep="none", api_name="/render"
    )
    settings = served.recommender.settings
    assert (settings.level_lu, settings.fade_in_s, settings.keep) == (20, 1.0, "none")


def test_words_steer_the_ranking(client, served, clip):
    client.predict(clip=handle_file(str(clip)), words="slower, no drums", api_name="/suggest")
    assert served.recommender.wished.text == "slower, no drums"


def test_the_library_is_searched_by_words(client):
    found = client.predict(text="brass road", api_name="/library")
    assert [track["id"] for track in found["tracks"]] == ["long-road"]
    assert found["tracks"][0]["badge"] == "credit"
    assert client.predict(mood="calm", api_name="/library")["total"] == 2
    assert client.predict(licence="CC-BY-NC-4.0", api_name="/library")["total"] == 1
    assert client.predict(licence="CC-BY-NC-4.0", monetise_safe=True, api_name="/library")["total"] == 0
    page = client.predict(offset=1, limit=2, api_name="/library")
    assert page["total"] == 6
    assert len(page["tracks"]) == 2


def test_sound_and_video_are_separated(client, served, clip, monkeypatch, tmp_path):
    def fake(source, out, *, device, progress):
        assert source.read_bytes() == clip.read_bytes()
        progress(1.0)
        for name in ("voice", "accompaniment"):
            (out / f"{name}.wav").write_bytes(name.encode())
        return SimpleNamespace(voice=out / "voice.wav", accompaniment=out / "accompaniment.wav")

    served.recommender.device = "cpu"
    monkeypatch.setattr(mrcmv.recommender, "separate_source", fake)
    voice, rest = client.predict(clip=handle_file(str(clip)), api_name="/separate")
    assert (Path(voice).read_text(), Path(rest).read_text()) == ("voice", "accompaniment")


def test_mcp_offers_exactly_the_verbs_when_asked_for(served, tmp_path, sounds, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", os.environ["GRADIO_TEMP_DIR"])  # the second page changes it
    assert httpx.get(f"{served.url}/gradio_api/mcp/schema").status_code in (403, 404)
    assert httpx.post(f"{served.url}/gradio_api/mcp/", json={}).status_code in (403, 404, 405)
    pytest.importorskip("mcp", reason="requirements-mcp.txt is not installed")
    studio = Studio(FakeRecommender(sounds), sessions=Sessions(parent=tmp_path), examples=[])
    page = serve(studio, host="127.0.0.1", port=None, mcp=True)
    try:
        url = f"{page.local_url}gradio_api/mcp/"
        tools = rpc(url, "tools/list")["result"]["tools"]
        assert [tool["name"] for tool in tools] == VERBS
        assert "voice-over" in tools[0]["description"]
        assert set(tools[1]["inputSchema"]["properties"]) == {
            "clip", "track_id", "music_level", "keep", "start_s", "settings",
        }  # fmt: skip
        found = rpc(url, "tools/call", name="library", arguments={"text": "lantern"})
        assert "quiet-cave" not in str(found)
        assert "山下" in str(found)
        for place in ("/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.mp4"):
            answer = rpc(url, "tools/call", name="suggest", arguments={"clip": place})
            assert answer["result"]["isError"], place
            assert "root:" not in str(answer)
    finally:
        page.close()
        studio.sessions.close()


def rpc(url, method, **params):
    answer = httpx.post(
        url,
        json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
        headers={"Accept": "application/json, text/event-stream"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    line = next(line for line in answer.text.splitlines() if line.startswith(("data:", "{")))
    return json.loads(line.removeprefix("data:"))


def test_without_its_package_mcp_is_refused_in_a_sentence(monkeypatch, served):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "mcp" else real(name, *more)
    )
    with pytest.raises(UserError, match=r"requirements-mcp\.txt"):
        serve(served.studio, host="127.0.0.1", port=None, mcp=True)


def test_a_path_of_the_server_is_no_upload(served, clip):
    ann, bob = Visitor(served), Visitor(served)
    ann.drop(clip)
    before = len(served.recommender.calls)
    for place in ("/etc/passwd", str(ann.session.source), "../../etc/passwd", str(clip)):
        for file in ({"path": place, "meta": {"_type": "gradio.FileData"}}, {"path": place}, place):
            bob.seen = ""
            bob.act("suggest", [file, 5, 0, None, "", "", 0.5])
            assert "root:" not in bob.seen
            assert '"suggestions"' not in bob.seen
    assert len(served.recommender.calls) == before
    for visitor in (ann, bob):
        visitor.http.close()
