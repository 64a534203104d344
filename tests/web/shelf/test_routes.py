"""The addresses of the Library page, as a browser or somebody with bad intentions asks for them."""

import json
import time
from urllib.parse import quote

import pytest

from mrcmv.media import UserError
from tests.web.fakes import HOSTILE
from tests.web.shelf.conftest import visit

WAV = b"RIFF" + b"\0" * 2000
RIGHTS = {"licence": "CC-BY-4.0", "source": "https://example.org", "artist": "Ada"}
CHANGES = [
    ("/library/do/install", {"name": "knights"}),
    ("/library/do/cancel", {"name": "knights"}),
    ("/library/do/remove-pack", {"name": "knights"}),
    ("/library/do/remove", {"name": "spare"}),
    ("/library/do/stop-file", {"name": "x"}),
    ("/library/do/clear", {}),
    ("/library/do/look", {}),
    ("/library/own", RIGHTS),
    ("/library/own/0123456789abcdef", {}),
]


def until(http, happened):
    end = time.monotonic() + 30
    while True:
        state = http.get("/library/state").json()
        if happened(state):
            return state
        assert time.monotonic() < end, state
        time.sleep(0.02)


def send(http, batch, name, content=WAV, **headers):
    return http.post(
        f"/library/own/{batch}", content=content, headers={"X-File-Name": quote(name), **headers}
    )


@pytest.mark.parametrize(
    "address", ["/library", "/library?show=packs", "/library?show=own", "/library?show=twins", "/about"]
)
def test_pages_come_whole_with_a_strict_policy(http, address):
    answer = http.get(address)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "<img src=x" not in answer.text
    assert " onerror=" not in answer.text.replace("onerror=&quot;", "")


def test_the_list_is_filtered_sorted_and_cut(http):
    first = http.get("/library/rows?limit=2&sort=length").json()
    assert first["total"] == 6
    assert len(first["rows"]) == 2
    assert "Spare Part" in first["rows"][0]
    rest = http.get("/library/rows?limit=2&offset=5&sort=length").json()
    assert len(rest["rows"]) == 1
    assert 'aria-posinset="6"' in rest["rows"][0]
    calm = http.get("/library/rows?mood=calm&safe=1").json()
    assert calm["total"] == 2
    assert http.get("/library/rows?limit=abc&offset=-4").json()["total"] == 6
    assert len(http.get("/library/rows?limit=100000").json()["rows"]) == 6


def test_more_like_this_lists_others_under_the_same_filter(http, bookcase):
    found = http.get("/library/rows?like=spare&mood=calm").json()
    assert found["total"] == 1
    assert "Quiet Cave" in found["rows"][0]
    assert http.get("/library/rows?like=nobody").status_code == 404
    assert "Quiet Cave" in http.get("/library?like=spare&mood=calm").text


def test_facets_count(http):
    html = http.get("/library/facets?mood=calm").text
    assert 'value="calm" checked' in html
    assert ">2</span>" in html


def test_a_track_its_sound_and_no_other_file(http):
    assert "Spare Part" in http.get("/library/track/spare").text
    whole = http.get("/library/sound/spare")
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "audio/wav"
    part = http.get("/library/sound/spare", headers={"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert len(part.content) == 100
    for ident in ("nobody", "..%2f..%2fetc%2fpasswd", "%00"):
        answer = http.get(f"/library/sound/{ident}")
        assert answer.status_code in (400, 404)
        assert "passwd" not in answer.text or "There is no" in answer.text


def test_a_pack_installs_in_the_process_and_not_in_the_tab(http, recommender):
    recommender.library.hold.clear()
    started = http.post("/library/do/install", json={"name": "knights"}).json()
    assert started["busy"]
    until(http, lambda state: 'data-state="installing"' in state["packs"])
    until(http, lambda _: sum(track.pack == "knights" for track in recommender.library.tracks()) == 2)
    with visit_again(http) as other:
        assert 'data-act="cancel"' in other.get("/library?show=packs").text
        assert other.post("/library/do/remove-pack", json={"name": "knights"}).status_code == 400
    until(http, lambda state: not state["busy"])
    assert "2 of 4 are in" in http.get("/library?show=packs").text  # it was asked to stop

    recommender.library.hold.set()
    http.post("/library/do/install", json={"name": "knights"})
    until(http, lambda state: 'data-state="complete"' in state["packs"])
    assert http.get("/library/rows?pack=knights").json()["total"] == 4
    assert http.post("/library/do/remove-pack", json={"name": "knights"}).status_code == 200
    assert http.get("/library/rows?pack=knights").json()["total"] == 0


def visit_again(http):
    from starlette.testclient import TestClient

    return TestClient(http.app, base_url="http://127.0.0.1:7860")


def test_what_went_wrong_with_a_pack_is_one_sentence(http, recommender):
    recommender.library.fail["install"] = UserError("There is no connection: try again.")
    http.post("/library/do/install", json={"name": "knights"})
    state = until(http, lambda state: 'data-state="failed"' in state["packs"])
    assert "There is no connection: try again." in state["packs"]
    recommender.library.fail["install"] = RuntimeError("/somewhere/secret")
    http.post("/library/do/install", json={"name": "knights"})
    state = until(http, lambda state: not state["busy"])
    assert "secret" not in state["packs"]


def test_a_pack_that_cannot_be_had_here_is_not_begun(http):
    assert http.post("/library/do/install", json={"name": "rockets"}).status_code == 400
    assert http.post("/library/do/install", json={"name": "nobody"}).status_code == 400
    assert http.post("/library/do/format-disk", json={"name": "knights"}).status_code == 400


def test_duplicates_are_looked_for_when_asked_and_one_can_go(http):
    assert "Quiet Cave" not in http.get("/library?show=twins").text
    http.post("/library/do/look", json={})
    state = until(http, lambda state: not state["busy"])
    assert "Quiet Cave" in state["twins"]
    assert "Quiet Cave" in http.get("/library/track/spare").text
    assert http.post("/library/do/remove", json={"name": "quiet-cave"}).status_code == 200
    assert "No track is here twice" in http.get("/library/state").json()["twins"]


def test_files_come_in_under_rights_stated_once(http, recommender):
    batch = http.post("/library/own", json=RIGHTS).json()["batch"]
    assert send(http, batch, "山下 song.wav").status_code == 200
    assert send(http, batch, HOSTILE, b"text").status_code == 200
    state = until(http, lambda state: not state["busy"])
    assert "2/2" in state["arrivals"] or "2 of 2 done, 1 added" in state["arrivals"]
    assert "no sound that can be read" in state["arrivals"]
    assert "<img" not in state["arrivals"]
    (path, content, rights, said), _ = recommender.library.added
    assert path.name == "山下 song"
    assert content == WAV
    assert rights.licence == "CC-BY-4.0"
    assert said == {"artist": "Ada"}
    assert http.get("/library/rows?q=song").json()["total"] == 1


def test_rights_that_forbid_it_are_refused_before_any_file_is_sent(http):
    answer = http.post("/library/own", json={**RIGHTS, "licence": "CC-BY-NC-ND-4.0"})
    assert answer.status_code == 400
    assert "forbids changed versions" in answer.json()["error"]


def test_too_large_a_file_is_cut_short(http, bookcase, monkeypatch):
    monkeypatch.setattr("mrcmv.web.shelf.addresses.MOST_BYTES", 1000)
    batch = http.post("/library/own", json=RIGHTS).json()["batch"]
    assert send(http, batch, "big.wav").status_code == 400
    assert [entry.state for entry in bookcase.inbox.entries()] == ["refused"]
    assert not list(bookcase.inbox.folder.rglob("*.part"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"licence": ' + b"9" * 100_000])
def test_strange_bodies_are_refused(http, body):
    for address in ("/library/own", "/library/do/remove"):
        answer = http.post(address, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 404)
        assert set(answer.json()) == {"error"}


def test_a_form_of_another_page_cannot_post(http):
    """What a form can send without asking first: no JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = http.post(
            "/library/do/remove", content=json.dumps({"name": "spare"}), headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
    answer = http.post(
        "/library/do/remove", json={"name": "spare"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert http.get("/library/track/spare").status_code == 200


def test_nothing_changes_where_the_library_is_read_only(closed, recommender):
    before = recommender.library.tracks()
    with visit(closed) as http:
        for address, body in CHANGES:
            answer = http.post(address, json=body)
            assert answer.status_code == 403, address
            assert "cannot be changed" in answer.json()["error"]
        for show in ("packs", "own", "twins", ""):
            page = http.get(f"/library?show={show}").text
            for mark in ('data-act="install"', "data-remove=", '<form id="own"'):
                assert mark not in page
        assert http.get("/library/state").json() == {
            "busy": False, "packs": None, "arrivals": None, "twins": None,
        }  # fmt: skip
        assert "public page" in http.get("/library?show=packs").text
    assert recommender.library.tracks() == before
    assert not (recommender.library.folder / "inbox").exists()


def test_an_unexpected_error_tells_nothing(http, bookcase, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("/somewhere/secret")

    monkeypatch.setattr(bookcase, "page", broken)
    answer = http.get("/library/rows")
    assert answer.status_code == 500
    assert "secret" not in answer.text
