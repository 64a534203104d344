"""The page as a server: raw HTTP, as a browser or somebody with bad intentions sends it."""

import json
import secrets
import threading
import time

import httpx
import pytest

from mrcmv.web.text import ENGLISH


class Visitor:
    """One browser tab, by hand."""

    def __init__(self, served):
        self.studio, self.url, self.page = served.studio, served.url, served.page
        self.tab = secrets.token_hex(6)
        self.ticket = ""
        self.seen = ""
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def event(self, name):
        return next(i for i, fn in self.page.fns.items() if fn.name == name)

    def act(self, name, data, event_data=None, tab=None):
        """Send an event; returns its last outputs by id and keeps all HTML that came."""
        tab = tab or self.tab
        body = {"data": data, "fn_index": self.event(name), "session_hash": tab, "event_data": event_data}
        joined = self.http.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": tab}) as stream:
            for line in stream.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                self.seen += line
                if message["msg"] == "process_completed":
                    return message
                if message["msg"] in ("close_stream", "unexpected_error"):
                    return message
        return None

    def upload(self, path, name="clip.mp4"):
        with path.open("rb") as file:
            answer = self.http.post("/gradio_api/upload", files={"files": (name, file)})
        assert answer.status_code == 200, answer.text
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}, "orig_name": name}

    def drop(self, path, name="clip.mp4"):
        message = self.act("upload_clip", [self.upload(path, name), self.ticket])
        self.ticket = message["output"]["data"][0]
        return message

    @property
    def session(self):
        return self.studio.sessions.find(self.ticket, self.tab)


@pytest.fixture
def visitor(served):
    made = Visitor(served)
    yield made
    made.http.close()


def test_two_users_at_once_never_see_each_others_files(served, clip):
    ann, bob = Visitor(served), Visitor(served)

    def visit(who):
        who.drop(clip, "same.mp4")
        who.act("find", [who.ticket], {"start": 0, "end": 4})

    threads = [threading.Thread(target=visit, args=(who,)) for who in (ann, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    for me, other in ((ann, bob), (bob, ann)):
        assert f"studio/files/{me.session.shelf}/picture" in me.seen
        assert other.session.shelf not in me.seen
        assert other.ticket not in me.seen
        assert str(other.session.folder) not in me.seen
        mine = me.http.get(f"/studio/files/{me.session.shelf}/clip")
        assert mine.status_code == 200
        assert mine.content == clip.read_bytes()
    names = list(ann.session.files)
    for shelf in (bob.session.shelf, ann.ticket, ann.tab, ann.session.folder.name, "..", "x"):
        for name in ("clip", "../clip", "%2e%2e/clip", "voice.wav"):
            answer = bob.http.get(f"/studio/files/{shelf}/{name}")
            assert answer.status_code == 404 or (shelf == bob.session.shelf and name == "clip")
    assert any(name.startswith("mix-") and name not in bob.session.files for name in names)
    # Bob sends Ann's ticket from his own tab, to every private event
    for name, data, wish in (
        ("find", [ann.ticket], {}),
        ("choose", [ann.ticket], {"track": "lantern"}),
        ("shape", [ann.ticket], {"settings": {"level_lu": 20}}),
        ("delete", [ann.ticket], None),
        ("replace", [ann.ticket], None),
    ):
        bob.seen = ""
        bob.act(name, data, wish)
        assert ann.session.shelf not in bob.seen, name
    assert ann.session.folder.exists()


def test_gradios_file_route_serves_none_of_our_files(visitor, clip):
    visitor.drop(clip)
    visitor.act("find", [visitor.ticket], {"start": 0, "end": 4})
    session = visitor.session
    paths = [*session.folder.rglob("*"), *(stored.path for stored in session.files.values())]
    for path in [p for p in paths if p.is_file()]:
        assert visitor.http.get(f"/gradio_api/file={path}").status_code in (403, 404), path
    assert visitor.http.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)


def test_files_can_be_played_in_ranges_and_are_kept_by_no_cache(visitor, clip):
    visitor.drop(clip)
    address = f"/studio/files/{visitor.session.shelf}/clip"
    part = visitor.http.get(address, headers={"Range": "bytes=10-19", "Accept-Encoding": "gzip, br"})
    assert part.status_code == 206
    assert part.content == clip.read_bytes()[10:20]
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["cache-control"] == "private, no-store"
    assert part.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in part.headers


def test_the_download_has_a_harmless_name(visitor, clip):
    visitor.drop(clip, '..\\..\\"evil<b>.mp4')
    visitor.act("find", [visitor.ticket], {"start": 0, "end": 4})
    name = next(n for n in visitor.session.files if n.endswith("-download.mp4"))
    answer = visitor.http.get(f"/studio/files/{visitor.session.shelf}/{name}")
    given = answer.headers["content-disposition"]
    assert given.startswith("attachment;")
    assert "Boss%20Fight%20at%20Dawn.mp4" in given or "Boss Fight at Dawn.mp4" in given
    assert not set("\\<>/") & set(given)


def test_delete_makes_every_address_a_404(visitor, clip):
    visitor.drop(clip)
    address, folder = f"/studio/files/{visitor.session.shelf}/clip", visitor.session.folder
    assert visitor.http.get(address).status_code == 200
    visitor.act("delete", [visitor.ticket])
    assert visitor.http.get(address).status_code == 404
    assert not folder.exists()
    assert ENGLISH["deleted"] in visitor.seen


def test_delete_leaves_nothing_in_the_upload_folder_either(visitor, clip):
    sent = visitor.upload(clip, "left.mp4")
    visitor.act("upload_clip", [sent, ""])
    visitor.ticket = next(s.ticket for s in visitor.studio.sessions.of_owner(visitor.tab))
    visitor.act("delete", [visitor.ticket])
    assert list(visitor.studio.sessions.uploads.rglob("left.mp4")) == []


@pytest.mark.parametrize(
    "sent",
    [
        "/etc/passwd",
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "/etc/passwd", "orig_name": "clip.mp4"},
        {"path": "../../../../etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "file:///etc/passwd", "meta": {"_type": "gradio.FileData"}},
        None,
        7,
    ],
)
def test_a_path_of_the_server_is_not_taken_as_an_upload(visitor, sent):
    visitor.act("upload_clip", [sent, ""])
    assert "root:" not in visitor.seen
    assert "studio/files" not in visitor.seen
    assert visitor.studio.sessions.of_owner(visitor.tab) == []


def test_a_direct_post_with_odd_data_gets_a_sentence_and_no_inside(visitor, clip):
    visitor.drop(clip)
    visitor.act("find", [visitor.ticket], {"start": 0, "end": 4})
    for name, wish in (
        ("choose", {"track": "<script>"}),
        ("choose", ["track"]),
        ("choose", None),
        ("shape", {"settings": {"keep": "x" * 10_000}}),
        ("find", {"start": "1e999", "end": []}),
        ("example", {"example": "../../etc/passwd"}),
    ):
        visitor.seen = ""
        visitor.act(name, [visitor.ticket], wish)
        for inside in ("Traceback", "site-packages", str(visitor.studio.sessions.root), "<script>"):
            assert inside not in visitor.seen, (name, wish)


def test_too_big_a_file_is_refused_while_it_comes(served, clip, monkeypatch):
    visitor = Visitor(served)
    monkeypatch.setattr(visitor.page, "max_file_size", 10_000)
    with clip.open("rb") as file:
        answer = visitor.http.post("/gradio_api/upload", files={"files": ("clip.mp4", file)})
    assert answer.status_code == 413


def test_the_limit_is_512_megabytes(served):
    assert served.page.max_file_size == 512 * 1024**2


def test_nothing_is_offered_that_nobody_needs(visitor):
    info = visitor.http.get("/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/suggest", "/render", "/separate", "/library"}
    for path in ("/docs", "/redoc", "/openapi.json", "/monitoring", "/gradio_api/mcp/schema"):
        assert visitor.http.get(path).status_code in (403, 404), path
    config = visitor.http.get("/config").json()
    assert config["show_error"] is False
    assert not config.get("mcp_server")
    html = visitor.http.get("/").text
    assert visitor.studio.sessions.root.name not in html


def test_examples_are_served_and_nothing_beside_them(visitor):
    assert visitor.http.get("/studio/examples/calm.mp4").status_code == 200
    for name in ("x.mp4", "..%2fcalm.mp4", "calm.txt", "../../etc/passwd"):
        assert visitor.http.get(f"/studio/examples/{name}").status_code == 404


def test_leaving_stops_the_work(served, clip):
    visitor = Visitor(served)
    visitor.drop(clip)
    served.recommender.step_s = 0.05
    body = {"data": [visitor.ticket], "fn_index": visitor.event("find"), "session_hash": visitor.tab}
    visitor.http.post("/gradio_api/queue/join", json={**body, "event_data": {}})
    until = time.monotonic() + 20
    while not served.recommender.at_work and time.monotonic() < until:
        time.sleep(0.02)
    visitor.studio.leave(visitor.tab)
    while served.recommender.at_work and time.monotonic() < until:
        time.sleep(0.02)
    assert served.recommender.stopped[-1] == "suggest"
