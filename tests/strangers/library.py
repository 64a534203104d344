"""The Library page's routes, by strangers of a page that is read-only and of one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import Came, Scene

ABOUT = "The library"
ACTS = ("install", "cancel", "remove-pack", "remove", "stop-file", "clear", "look", "../install", "x")


@contextmanager
def read_only(scene: Scene) -> Iterator[None]:
    """The page as it is on a Space."""
    from mrcmv.web.shelf import Access

    case = bookcase(scene)
    kept, case.access = case.access, Access(editable=False, local=True)
    try:
        yield
    finally:
        case.access = kept


def bookcase(scene: Scene) -> object:
    """The one behind the served routes."""
    for route in scene.page.app.routes:
        if getattr(route, "path", "") == "/library/do/{act}":
            return _bound(route.endpoint)
    raise LookupError("no library is served")


def _bound(function: object, depth: int = 6) -> object:
    from mrcmv.web.shelf import Bookcase

    for cell in getattr(function, "__closure__", None) or ():
        inner = cell.cell_contents
        if isinstance(inner, Bookcase):
            return inner
        if depth and callable(inner):
            found = _bound(inner, depth - 1)
            if found is not None:
                return found
    return None


@attack(
    ABOUT,
    "Changes of a library that is read-only",
    "install, remove, add, cancel, look for twins; an upload of an own track; "
    "the views that only an editable library has",
)
def closed(scene: Scene) -> Came:
    tab = scene.tab()
    before = [track.id for track in scene.recommender.library.tracks()]
    with read_only(scene):
        codes = [tab.http.post(f"/library/do/{act}", json={"name": "knights"}).status_code for act in ACTS]
        codes += [tab.http.post("/library/own", json={"licence": "CC0-1.0", "source": "x"}).status_code]
        codes += [
            tab.http.post(f"/library/own/{batch}", content=b"RIFF").status_code
            for batch in ("x", "0" * 32, "..%2f")
        ]
        state = tab.http.get("/library/state").json()
        views = "".join(tab.http.get(f"/library?show={view}").text for view in ("own", "twins"))
    same = before == [track.id for track in scene.recommender.library.tracks()]
    holds = set(codes) <= {307, 403, 404} and same and state["packs"] is None and "data-act=" not in views
    return Came(holds, f"{statuses(codes)}; nothing changed" if holds else f"{codes} {state} {same}")


@attack(
    ABOUT,
    "Paths and SQL as ids",
    "`/library/track/`, `/library/sound/`, rows and facets with `../`, NUL, quotes, 10^9, 20,000 letters",
)
def ids(scene: Scene) -> Came:
    codes, said = [], ""
    for ident in (
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "%00",
        "'%20OR%201=1--",
        "x" * 20_000,
        "boss-fight.wav",
        "%ff",
        "*",
        "boss-fight%00",
    ):
        for front in (
            "/library/track/",
            "/library/sound/",
            "/library/rows?like=",
            "/library/rows?q=",
            "/library/facets?mood=",
        ):
            status, text = scene.get(front + ident)
            codes.append(status)
            said += text if status != 200 else ""
    for query in ("offset=-1", "offset=99999999999999999999", "limit=1e9", "limit=0", "tempo_min=nan&tempo_max=inf", "sort=__class__",
                  "offset=%D9%A1"):  # fmt: skip
        codes.append(scene.get(f"/library/rows?{query}")[0])
    holds = 500 not in codes and not scene.leaks(said, "root:")
    return Came(holds, statuses(codes))


@attack(
    ABOUT,
    "Forms that are none, to an editable library",
    "1 MB of JSON, nested lists, lists, a text, rights as numbers, a file name "
    "of `../../x`, an upload to a batch that nobody opened",
)
def odd(scene: Scene) -> Came:
    tab, codes, said = scene.tab(), [], ""
    kind = {"Content-Type": "application/json"}
    for content in (
        b"[" * 60_000,
        b"{}" * 600_000,
        b"[]",
        b'"x"',
        b"{",
        b"NaN",
        b"\xff",
        b'{"name": {"a": 1}}',
        b'{"licence": [1], "source": 7}',
    ):
        for path in ("/library/do/remove", "/library/own", "/library/do/install"):
            answer = tab.http.post(path, content=content, headers=kind)
            codes.append(answer.status_code)
            said += answer.text
    for name in ("../../x.wav", "%2e%2e%2fx.wav", "a%00b.wav", "x" * 5000, "<img src=x>"):
        answer = tab.http.post("/library/own/" + "0" * 32, content=b"RIFF", headers={"X-File-Name": name})
        codes.append(answer.status_code)
        said += answer.text
    holds = 500 not in codes and not scene.leaks(said) and "<img" not in said
    return Came(holds, statuses(codes) if holds else f"{codes} {scene.leaks(said)}")
