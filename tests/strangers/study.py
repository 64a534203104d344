"""The study: another's votes, films, places; the desk; the database."""

from __future__ import annotations

import statistics
import time

import httpx

from mrcmv.study.export import rows
from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import DESK_TOKEN, Came, Scene
from tests.study.visitor import Visitor

ABOUT = "The study"
INJECTIONS = (
    "' OR '1'='1", "'; DROP TABLE vote; --", '" OR ""="', "1; UPDATE vote SET choice=0", "%' UNION SELECT * FROM participant --",
    "\\", "\0", "\ud800", "x" * 60_000, "${7*7}", "=cmd|'/c calc'!A1", "<script>window.hacked=1</script>",
)  # fmt: skip


def visitor(scene: Scene, **joining: object) -> Visitor:
    made = Visitor(httpx.Client(base_url=scene.study_url, timeout=20), **joining)
    made.checks()
    return made


def votes(scene: Scene) -> list[dict]:
    return list(rows(scene.study.store, scene.study.store.design))


@attack(
    ABOUT,
    "A vote for another",
    "the answer and the watched seconds of Ann's open trial, with Bob's token, none, a false one",
)
def for_another(scene: Scene) -> Came:
    ann, bob = visitor(scene), visitor(scene)
    trial, before = ann.state()["trial"], len(votes(scene))
    codes = []
    for token in (bob.token, "x", ann.token[:-1], ann.token.upper(), "null"):
        stranger = httpx.Client(base_url=scene.study_url, headers={"Authorization": f"Bearer {token}"})
        body = {"request": "r" * 16, "choice": 0, "answers": {}, "watched_s": [4, 4], "plays": 2}
        codes += [
            stranger.post(f"/api/trial/{trial['id']}/{act}", json=body).status_code
            for act in ("answer", "watched")
        ]
        codes.append(stranger.post("/api/withdraw", json={}).status_code if token != bob.token else 404)
    same = len(votes(scene)) == before and ann.state()["trial"]["id"] == trial["id"]
    return Came(same and not set(codes) & {200, 500}, statuses(codes))


@attack(
    ABOUT,
    "Voting twice",
    "one trial answered again with another choice, with the same request, 8 times at once",
)
def twice(scene: Scene) -> Came:
    from concurrent.futures import ThreadPoolExecutor

    ann = visitor(scene)
    while ann.state()["trial"]["practice"]:
        ann.answer(ann.state()["trial"], 0)
    trial, before = ann.state()["trial"], len(votes(scene))
    with ThreadPoolExecutor(8) as pool:
        first = [
            answer.status_code for answer in pool.map(lambda choice: ann.answer(trial, choice % 2), range(8))
        ]
    kept = votes(scene)[before]
    later = [ann.answer(trial, 1).status_code for _ in range(3)]
    new = votes(scene)[before:]
    holds = len(new) == 1 and 500 not in first + later and new[0]["choice"] == kept["choice"]
    return Came(holds, f"{statuses(first + later)}; one vote is counted")


@attack(
    ABOUT,
    "A trial out of turn",
    "answers for trials that were not shown yet, that are done, of ids one letter off",
)
def out_of_turn(scene: Scene) -> Came:
    ann = visitor(scene)
    trial, before = ann.state()["trial"], len(votes(scene))
    other = visitor(scene).state()["trial"]["id"]
    codes = []
    for ident in (
        trial["id"][:-1] + ("0" if trial["id"][-1] != "0" else "1"),
        other,
        "0" * 32,
        "..",
        "%00",
        "' OR 1=1",
        "x" * 5000,
    ):
        codes.append(ann.post(f"/api/trial/{ident}/answer", {"request": "r" * 16, "choice": 0}).status_code)
    return Came(len(votes(scene)) == before and not set(codes) & {200, 500}, statuses(codes))


@attack(
    ABOUT,
    "Films by guessing",
    "stimuli ids of the manifest, ids one letter off, paths, the manifest, the database, by a participant",
)
def films(scene: Scene) -> Came:
    ann = visitor(scene)
    shown = ann.state()["trial"]["videos"][0]["src"].removeprefix("/media/").removesuffix(".mp4")
    stimulus = scene.study.manifest.stimuli[0]
    names = [stimulus.id, stimulus.clip_id, stimulus.track_id, shown[:-1] + ("0" if shown[-1] != "0" else "1"), "..%2fmanifest",
             "..%2f..%2fanswers.sqlite%00", "%2e%2e%2fstimuli%2fmanifest.json%00", "0" * 32, "*", "%ed%a0%80"]  # fmt: skip
    codes = [ann.get(f"/media/{name}.mp4").status_code for name in names]
    codes += [ann.get(path).status_code for path in ("/stimuli/manifest.json", "/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py",
                                                    "/answers.sqlite", "/media/", "/static/")]  # fmt: skip
    own = ann.get(f"/media/{shown}.mp4").status_code
    return Came(set(codes) == {404} and own == 200, f"{statuses(codes)}; one's own film: {own}")


@attack(
    ABOUT,
    "Films of another participant",
    "the addresses that Ann was shown, with Bob's token and without one, and after Ann has withdrawn",
)
def others_films(scene: Scene) -> Came:
    ann, bob = visitor(scene), visitor(scene)
    source = ann.state()["trial"]["videos"][0]["src"]
    mine = {video["src"] for video in bob.state()["trial"]["videos"]}
    unblinding = any(stimulus.id in source for stimulus in scene.study.manifest.stimuli)
    ann.post("/api/withdraw", {})
    codes = [bob.get(source).status_code, httpx.get(scene.study_url + source).status_code]
    holds = source not in mine and not unblinding
    return Came(
        holds,
        f"{statuses(codes)}: the address is the secret, new for every showing, and says nothing of its content",
    )


@attack(
    ABOUT,
    "The desk without its word",
    "counts, answers, recruiters' ids, pause, with no token, parts of it, other kinds, in the address",
)
def desk(scene: Scene) -> Came:
    codes = []
    for head in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {DESK_TOKEN[:-1]}"}, {"Authorization": f"Basic {DESK_TOKEN}"},
                 {"Authorization": f"Bearer {DESK_TOKEN}x"}, {"Authorization": b"Bearer \xff\xfe"}, {"Cookie": f"token={DESK_TOKEN}"}):  # fmt: skip
        for method, path in (
            ("GET", "counts"),
            ("GET", "answers.zip"),
            ("GET", "recruiter-ids.csv"),
            ("POST", "status/closed"),
        ):
            asked = f"{scene.study_url}/desk/api/{path}?token={DESK_TOKEN}"
            codes.append(httpx.request(method, asked, headers=head).status_code)
    fine = httpx.get(
        f"{scene.study_url}/desk/api/counts", headers={"Authorization": f"Bearer {DESK_TOKEN}"}
    ).json()
    return Came(set(codes) == {404} and "joined" in fine, f"{statuses(codes)}, as for any other address")


@attack(
    ABOUT,
    "The desk's word by the clock",
    "300 tokens that share nothing with it against 300 that share all but a letter, in turns",
)
def timing(scene: Scene) -> Came:
    import hmac
    import inspect

    from mrcmv.study.server import desk as module

    client = httpx.Client(base_url=scene.study_url)
    took: dict[str, list[float]] = {"far": [], "near": []}
    for _ in range(300):
        for kind, token in (("far", "z" * len(DESK_TOKEN)), ("near", DESK_TOKEN[:-1] + "z")):
            began = time.perf_counter()
            client.get("/desk/api/counts", headers={"Authorization": f"Bearer {token}"})
            took[kind].append(time.perf_counter() - began)
    far, near = statistics.median(took["far"]), statistics.median(took["near"])
    spread = statistics.quantiles(took["far"], n=4)[2] - statistics.quantiles(took["far"], n=4)[0]
    same = abs(far - near) < max(spread, 2e-4)
    compared = "compare_digest" in inspect.getsource(module) and hmac.compare_digest("a", "a")
    return Came(same and compared, "no difference beyond the scatter; compared in constant time")


@attack(
    ABOUT,
    "Ballots of any size and type",
    "70 kB, 30 MB in pieces, nested lists, NaN, 10^400 as seconds and choice, true as choice, lists of 10,000",
)
def ballots(scene: Scene) -> Came:
    ann, codes, said = visitor(scene), [], ""
    trial, before = ann.state()["trial"], len(votes(scene))
    where = f"/api/trial/{trial['id']}"
    for content in (b"x" * 70_000, b"[" * 50_000, b"NaN", b"\xff", b'{"choice": NaN}', b'{"a":' * 9000, b'{"watched_s": [1e999, -1, NaN]}',
                    b'{"watched_s": [1' + b"0" * 400 + b"], \"plays\": 1" + b"0" * 400 + b"}", b'{"watched_s": "abc", "plays": true}',
                    b'{"request": "rrrrrrrrrrrrrrrr", "choice": 1' + b"0" * 400 + b"}", b'{"request": "rrrrrrrrrrrrrrrr", "choice": true}',
                    b'{"request": "rrrrrrrrrrrrrrrr", "choice": [0]}', b'{"answers": [' + b"0," * 10_000 + b"0]}"):  # fmt: skip
        for act in ("answer", "watched"):
            answer = ann.client.post(f"{where}/{act}", content=content, headers=ann.headers)
            codes.append(answer.status_code)
            said += answer.text
        for path in ("/api/join", "/api/checks"):
            codes.append(ann.client.post(path, content=content, headers=ann.headers).status_code)
    try:
        codes.append(ann.client.post("/api/join", content=(b"x" * 100_000 for _ in range(300))).status_code)
    except httpx.HTTPError:  # closed while it was sent
        codes.append(413)
    holds = 500 not in codes and not scene.leaks(said) and len(votes(scene)) == before
    return Came(holds, statuses(codes) if holds else f"{statuses(codes)} {scene.leaks(said)}")


@attack(
    ABOUT,
    "SQL and scripts in every field",
    "twelve strings as recruiter's ids, device, consent, request, free text, trial and film ids",
)
def sql(scene: Scene) -> Came:
    codes, before = [], len(votes(scene))
    for text in INJECTIONS:
        client = httpx.Client(base_url=scene.study_url)
        joined = {"PROLIFIC_PID": text, "STUDY_ID": text, "SESSION_ID": text}
        try:
            ann = Visitor(client, **joined)
        except httpx.HTTPStatusError as error:
            codes.append(error.response.status_code)
            ann = Visitor(client)
        codes.append(ann.post("/api/join", {"consent": text, "device": text}).status_code)
        codes.append(ann.post("/api/checks", {"headphones": text}).status_code)
        ann.checks()
        while ann.state()["trial"]["practice"]:
            ann.answer(ann.state()["trial"], 0)
        trial = ann.state()["trial"]
        codes.append(ann.answer(trial, 0, request=text[:64]).status_code)
        codes.append(ann.answer(trial, 1, answers={"reasons": text, text[:50]: text}).status_code)
        codes.append(
            client.get(
                "/api/state",
                headers={
                    "Authorization": b"Bearer "
                    + (b"x" + text[:200].encode("utf-8", "replace").replace(b"\0", b""))
                },
            ).status_code
        )
    kept = votes(scene)
    exported = httpx.get(
        f"{scene.study_url}/desk/api/recruiter-ids.csv", headers={"Authorization": f"Bearer {DESK_TOKEN}"}
    ).text
    formulas = [
        line for line in exported.splitlines() for cell in line.split(",") if cell.lstrip('"').startswith("=")
    ]
    holds = 500 not in codes and len(kept) - before >= len(INJECTIONS) - 2 and not formulas
    return Came(
        holds,
        f"{statuses(codes)}; every vote is kept as text, no formula in the export"
        if holds
        else f"{codes} {formulas}",
    )


@attack(
    ABOUT,
    "What the study tells",
    "the page, its facts, its state, its sounds, what other programs serve: /config, /openapi.json, /docs",
)
def told(scene: Scene) -> Came:
    ann = visitor(scene)
    said = "".join(
        ann.get(path).text
        for path in ("/", "/api/study", "/api/state", "/desk", "/config", "/openapi.json", "/docs", "/x")
    )
    secret = {stimulus.title for stimulus in scene.study.manifest.stimuli} | {
        stimulus.id for stimulus in scene.study.manifest.stimuli
    }
    secret |= {
        *scene.study.store.design.method_names,
        DESK_TOKEN,
        scene.study.store.design.hash,
        str(scene.folder),
    }
    found = [word for word in secret if word in said]
    return Came(not found, "no method, no track, no file, no participant" if not found else f"{found}")
