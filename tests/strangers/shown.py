"""What strangers write and others, or they themselves, are shown."""

from __future__ import annotations

import re

from tests.strangers.attacks import attack
from tests.strangers.scene import Came, Scene

ABOUT = "Scripts in words"
SCRIPTS = (
    "<script>window.hacked=1</script>", '"><img src=x onerror=window.hacked=1>', "javascript:window.hacked=1",
    "</title></style></textarea><svg onload=window.hacked=1>", "{{constructor.constructor('window.hacked=1')()}}",
    "'-window.hacked=1-'", "&lt;img src=x onerror=window.hacked=1&gt;", "\u202e<b>",
)  # fmt: skip
_ALIVE = re.compile(r"<(script|img src=x|svg onload)|(?:href|src)=\"javascript:|(?<!\\)\" onerror=", re.I)


def alive(text: str) -> list[str]:
    """Markup of ours that arrived as markup; JSON and HTML are undone as a browser would."""
    plain = text.replace('\\"', '"').replace("\\u003c", "<").replace("\\u003e", ">")
    return [plain[max(0, found.start() - 60) : found.end() + 20] for found in _ALIVE.finditer(plain)]


@attack(
    ABOUT,
    "In the name of a clip",
    "eight scripts as the file's name, through upload, suggestions, export, a link opened again",
)
def clip_name(scene: Scene) -> Came:
    found = []
    for script in SCRIPTS:
        tab = scene.tab().with_clip(f"{script}.mp4".replace("/", "\u2215"))
        tab.act("export", [tab.ticket])
        tab.act("restore", [], {"key": tab.session.key})
        found += alive(tab.seen)
    return Came(not found, "shown as text" if not found else f"{found}")


@attack(
    ABOUT,
    "In titles and artists",
    "a track whose title, artist and album are scripts, on the cards, in “why?”, the library, "
    "its window, the API",
)
def titles(scene: Scene) -> Came:
    tab = scene.tab().with_clip()
    for name, wish in (("choose", {"track": "hostile"}), ("explain", {"track": "hostile"}), ("open_map", {}),
                       ("change", {"like": "hostile"})):  # fmt: skip
        tab.act(name, [tab.ticket], wish)
    said = tab.seen
    for path in (
        "/library",
        "/library/rows?q=img",
        "/library/track/hostile",
        "/library?like=hostile",
        "/library/facets",
    ):
        said += tab.http.get(path).text
    found = [word for word in alive(said) if "script" not in word.lower()]
    return Came(not found and "onerror" in said, "shown as text" if not found else f"{found}")


@attack(
    ABOUT,
    "In words, settings and addresses",
    "scripts as wishes beside the clip, as settings, as track, as filters of the library, as ids",
)
def words(scene: Scene) -> Came:
    tab = scene.tab().with_clip()
    tab.seen = ""
    page = ""
    for script in SCRIPTS:
        for wish in (
            {"words": script},
            {"text": script},
            {"like": script},
            {"wish": script, "words": script, "strength": script},
        ):
            tab.act("change", [tab.ticket], wish)
        for wish in (
            {"settings": {"keep": script}},
            {"settings": {script: 1}},
            {"settings": script},
            {"start": script},
        ):
            tab.act("shape", [tab.ticket], wish)
        tab.act("choose", [tab.ticket], {"track": script})
        tab.act("explain", [tab.ticket], {"track": script})
        page += tab.http.get(
            "/library", params={"q": script, "mood": script, "like": script, "sort": script, "show": script}
        ).text
        page += tab.http.get("/library/rows", params={"q": script, "licence": script}).text
    bare = re.sub(r"<script>(?!window).*?</script>", "", page, flags=re.DOTALL)
    found = alive(tab.seen) + [word for word in alive(bare) if "onerror" in word or "hacked" in word]
    found += ["hacked"] if "<script>window.hacked" in page or "<svg onload" in page else []
    return Came(not found, "shown as text" if not found else f"{found[:5]}")
