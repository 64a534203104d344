"""Events of the page and verbs of the API, posted directly."""

from __future__ import annotations

import json
from typing import Any

from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import JSON, Came, Scene, Tab

ABOUT = "Events"
ODD: list[Any] = [
    None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**400, "", "x" * 20_000, "\0\ud800", "<script>", [], [[]],
    [None] * 1000, {}, {"a": {"b": [1]}}, {"__type__": "update", "value": 1}, {"path": "/etc/passwd"}, "../../etc/passwd",
    "'; DROP TABLE track; --", "{{7*7}}", "${jndi:ldap://x}", {"__class__": "x"}, "1e999",
]  # fmt: skip


@attack(
    ABOUT,
    "Every private event without a page",
    "`/gradio_api/run/predict`, `/gradio_api/call/<name>`, `/gradio_api/api/` "
    "for each event, with Ann's ticket",
)
def private(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab()
    codes, said = [], ""
    for number, fn in scene.page.fns.items():
        data = [ann.ticket] * len(fn.inputs)
        for route in (
            "run/predict",
            f"run/{fn.name}",
            f"call/{fn.name}",
            f"call/v2/{fn.name}",
            f"api/{fn.name}",
        ):
            body = {"data": data, "fn_index": number, "session_hash": bob.hash}
            answer = bob.http.post(f"/gradio_api/{route}", json=body)
            codes.append(answer.status_code)
            said += answer.text
    kept = ann.session.folder.exists() and ann.session.shelf not in said
    return Came(kept and not scene.leaks(said), f"{statuses(codes)}; nothing of Ann's, her clip is as it was")


@attack(
    ABOUT,
    "Wrong types in every argument of every event",
    "17 odd values (NaN, 1e308, 10^400, NUL, half characters, "
    "lists, dicts, 20 kB, SQL) in the place of every input and as the event's data",
)
def wrong_types(scene: Scene) -> Came:
    tab = scene.tab().with_clip()
    tried = 0
    for number, fn in scene.page.fns.items():
        width = len(fn.inputs)
        wishes: list[tuple[int, Any, Any]] = [(number, [odd] * width, odd) for odd in ODD[::2]]
        if fn.name not in ("delete", "replace", "leave"):
            for odd in ODD[1::6]:
                inside = dict.fromkeys(("track", "settings", "start", "words", "key", "example"), odd)
                wishes.append((number, [tab.ticket] * width, inside))
        tried += tab.many(wishes)
    alive = tab.with_clip().session.suggestions is not None
    leaks = [leak for leak in scene.leaks(tab.seen) if leak not in ("/etc/",)]
    return Came(
        alive and not leaks,
        f"{tried} wishes: a sentence or nothing; the next clip works" if not leaks else f"{leaks}",
    )


@attack(
    ABOUT,
    "Too few, too many, unknown",
    'events with no data, with 1000 values, with fn_index -1, 9999, "x", null, '
    "without a session hash, with a list as session hash",
)
def shapes(scene: Scene) -> Came:
    tab, said, codes = scene.tab(), "", []
    for body in (
        {}, {"data": []}, {"fn_index": 0}, {"data": [], "fn_index": -1, "session_hash": "a"},
        {"data": [], "fn_index": 9999, "session_hash": "a"}, {"data": [], "fn_index": "x", "session_hash": "a"},
        {"data": [None] * 1000, "fn_index": 2, "session_hash": "a"}, {"data": {}, "fn_index": 0, "session_hash": "a"},
        {"data": [], "fn_index": 0}, {"data": [], "fn_index": 0, "session_hash": ["a"]},
        {"data": [], "fn_index": 0, "session_hash": "a" * 100_000, "event_id": "x", "trigger_id": "y"}, [], "x", None, 1,
    ):  # fmt: skip
        for route in (
            "queue/join",
            "run/predict",
            "call/suggest",
            "call/x",
            "cancel",
            "reset",
            "run/",
            "call/v2/suggest",
        ):
            answer = tab.http.post(f"/gradio_api/{route}", json=body)
            codes.append(answer.status_code)
            said += answer.text
    return Came(
        not scene.leaks(said),
        f"{statuses(codes)}, no inside" if not scene.leaks(said) else f"{scene.leaks(said)}",
    )


@attack(
    ABOUT,
    "Bodies that are none",
    "100,000 nested lists, half of JSON, UTF-16, NaN, 1 MB and a byte, 30 MB in pieces, "
    "a form instead of JSON",
)
def bodies(scene: Scene) -> Came:
    tab, said, codes = scene.tab(), "", []
    whole = json.dumps({"data": [], "fn_index": 0, "session_hash": "a"})
    for content in (
        b"[" * 100_000, b'{"data":' + b"[" * 90_000, whole[:-1].encode(), whole.encode("utf-16"), b"NaN", b"\xff\xfe", b"",
        b'{"data": [NaN, Infinity, -Infinity], "fn_index": 0, "session_hash": "a"}', b" " * (1024**2 + 1),
        b'{"data": ["' + b"x" * 900_000 + b'"], "fn_index": 0, "session_hash": "a"}',
    ):  # fmt: skip
        answer = tab.http.post("/gradio_api/queue/join", content=content, headers=JSON)
        codes.append(answer.status_code)
        said += answer.text[:2000]
    pieces = (b"x" * 100_000 for _ in range(300))
    try:
        codes.append(tab.http.post("/gradio_api/queue/join", content=pieces, headers=JSON).status_code)
    except Exception:  # closed while it was sent
        codes.append(413)
    codes.append(tab.http.post("/gradio_api/queue/join", data={"data": "x"}).status_code)
    holds = not scene.leaks(said) and codes.count(413) >= 2
    return Came(holds, f"{statuses(codes)}, no inside" if holds else f"{codes} {scene.leaks(said)}")


@attack(
    ABOUT,
    "Odd arguments of the verbs",
    "`/suggest`, `/render`, `/separate`, `/library` of a good clip with 25 odd values in each argument",
)
def verbs(scene: Scene) -> Came:
    tab = scene.tab()
    clip = tab.upload()
    usual: dict[str, list[Any]] = {
        "suggest": [clip, 5, 0, None, "", "", 0.5], "render": [clip, "lantern", None, "", None, None],
        "library": ["", "", "", False, 0, 50],
    }  # fmt: skip
    tried = 0
    for name, data in usual.items():
        for place in range(1 if name != "library" else 0, len(data)):
            wishes = [(tab.event(name), [*data[:place], odd, *data[place + 1 :]], None) for odd in ODD]
            tried += tab.many(wishes)
    leaks = [leak for leak in scene.leaks(tab.seen) if leak not in ("/etc/", str(scene.folder))]
    works = '"total":6' in tab.seen.replace(" ", "")
    return Came(works and not leaks, f"{tried} calls: an answer or a sentence" if not leaks else f"{leaks}")


@attack(
    ABOUT,
    "Another's work cancelled",
    "`/gradio_api/cancel`, `/gradio_api/reset`, `/gradio_api/heartbeat/<guess>` opened and "
    "closed, `stop` with another's ticket",
)
def cancelled(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(found=False), scene.tab()
    scene.recommender.step_s = 0.03
    joined = ann.join("find", [ann.ticket], {"start": 0, "end": 4}).json()["event_id"]
    wait_for_work(scene)
    for fn in range(5):
        bob.http.post(
            "/gradio_api/cancel",
            json={"session_hash": bob.hash, "fn_index": fn, "event_id": joined[:-1] + "z"},
        )
    bob.http.post("/gradio_api/reset", json={"event_id": joined})
    bob.act("stop", [ann.ticket])
    bob.http.post(
        "/gradio_api/run/predict",
        json={"data": [ann.ticket], "fn_index": bob.event("stop"), "session_hash": bob.hash},
    )
    for guess in (ann.ticket, ann.session.shelf, ann.hash[:-1]):
        with bob.http.stream("GET", f"/gradio_api/heartbeat/{guess}") as stream:
            next(stream.iter_lines())
    works = bool(scene.recommender.at_work) and ann.session.busy
    return Came(works, "Ann's work goes on" if works else "Ann's work was stopped")


def wait_for_work(scene: Scene) -> None:
    import time

    until = time.monotonic() + 5
    while not scene.recommender.at_work and time.monotonic() < until:
        time.sleep(0.01)


@attack(
    ABOUT,
    "Routes of Gradio that nobody needs",
    "`/monitoring`, `/gradio_api/component_server`, `/gradio_api/stream/…`, "
    "`/gradio_api/deep_link`, `/gradio_api/dev/reload`, `/gradio_api/vibe-edit`, `/gradio_api/run-history/…`, "
    "`/gradio_api/process_recording`, `/gradio_api/token`, `/login`, `/logout`, `/docs`, and more",
)
def unneeded(scene: Scene) -> Came:
    tab = scene.tab()
    paths = unneeded_routes(scene)
    codes = [
        tab.http.request(method, path, json={} if method == "POST" else None).status_code
        for method, path in paths
    ]
    return Came(set(codes) <= {403, 404, 405} and len(codes) > 25, statuses(codes))


KEPT = {
    "/", "/config", "/config/", "/theme.css", "/robots.txt", "/favicon.ico", "/manifest.json", "/static/{path:path}",
    "/assets/{path:path}", *(f"/gradio_api/{rest}" for rest in (
        "queue/join", "queue/data", "queue/status", "call/{api_name}", "call/{api_name}/", "call/v2/{api_name}",
        "call/v2/{api_name}/", "call/{api_name}/{event_id}", "call/v2/{api_name}/{event_id}", "run/{api_name}",
        "run/{api_name}/", "cancel", "reset", "reset/", "heartbeat/{session_hash}", "upload", "upload_progress", "info",
        "info/", "startup-events", "app_id", "app_id/", "login_check", "login_check/", "user", "user/", "theme.css",
        "file={path_or_url:path}",
    )),
}  # fmt: skip
"""Gradio's routes that stay open."""


CLOSED = [
    ("POST", "component_server"), ("GET", "stream/a/b/1/playlist.m3u8"), ("POST", "stream/x"), ("GET", "deep_link"),
    ("GET", "dev/reload"), ("POST", "vibe-edit"), ("GET", "vibe-code"), ("POST", "vibe-code"), ("POST", "undo-vibe-edit"),
    ("POST", "vibe-starter-queries"), ("POST", "run-history/connect"), ("GET", "run-history/records"), ("GET", "runs"),
    ("GET", "run-history/buckets"), ("POST", "process_recording"), ("GET", "token"), ("GET", "openapi.json"),
    ("GET", "profiling/traces"), ("POST", "profiling/clear"), ("GET", "custom_component/1/client/component/x.js"),
    ("GET", "proxy=https://x.hf.space/"), ("POST", "api/predict"), ("GET", "mcp/schema"),
]  # fmt: skip
"""Gradio's routes below /gradio_api/ that are closed."""


def unneeded_routes(scene: Scene) -> list[tuple[str, str]]:
    """(method, path) of every route that Gradio has, ours and those of `KEPT` left out."""
    import re

    found = []
    for route in routes_of(scene.page.app):
        path = getattr(route, "path", "")
        ours = path.startswith(("/studio/", "/library", "/about")) or path in OURS
        if not path or ours or path in KEPT:
            continue
        method = "POST" if "POST" in (getattr(route, "methods", None) or ()) else "GET"
        found.append((method, re.sub(r"\{[^}]*\}", "1", path)))
    return [
        *found,
        *((method, f"/gradio_api/{rest}") for method, rest in CLOSED),
        ("GET", "/docs"),
        ("GET", "/redoc"),
    ]


OURS = ("/ready", "/health", "/healthz", "/readyz", "/alive")


def routes_of(app: Any) -> list[Any]:
    """All routes, those of included routers as well."""
    found: list[Any] = []
    for route in app.routes:
        inner = getattr(route, "routes", None)
        found += routes_of(route) if inner else [route]
    return found


@attack(
    ABOUT,
    "What the open routes tell",
    "`/config`, `/gradio_api/info?all_endpoints=true`, `/theme.css`, `/gradio_api/startup-events`, "
    "`/gradio_api/app_id`, `/manifest.json`, `/robots.txt`, `/`",
)
def told(scene: Scene) -> Came:
    ann = scene.tab().with_clip()
    tab = scene.tab()
    said = "".join(
        tab.http.get(path).text
        for path in ("/config", "/gradio_api/info?all_endpoints=true", "/gradio_api/info", "/gradio_api/startup-events",
                     "/gradio_api/app_id", "/manifest.json", "/robots.txt", "/", "/gradio_api/user", "/nothing")
    )  # fmt: skip
    secret = (
        str(scene.folder),
        ann.ticket,
        ann.session.shelf,
        ann.session.key,
        ann.hash,
        "Traceback",
        "site-packages",
    )
    leaks = [word for word in secret if word in said]
    return Came(not leaks and "MRCMV" in said, "no path, no visitor" if not leaks else f"{leaks}")


def verbs_of(tab: Tab) -> set[str]:
    return set(tab.http.get("/gradio_api/info").json()["named_endpoints"])


@attack(
    ABOUT,
    "MCP while it is off",
    "`/gradio_api/mcp/`, `/gradio_api/mcp/sse`, `/gradio_api/mcp/schema` with tools/list",
)
def mcp(scene: Scene) -> Came:
    tab = scene.tab()
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    codes = [tab.http.get(f"/gradio_api/mcp/{rest}").status_code for rest in ("", "sse", "schema", "http")]
    codes += [
        tab.http.post(f"/gradio_api/mcp/{rest}", json=call).status_code for rest in ("", "messages/", "sse")
    ]
    public = verbs_of(tab) == {"/suggest", "/render", "/separate", "/library"}
    return Came(set(codes) <= {403, 404, 405} and public, statuses(codes))
