"""Another visitor's clip, preview, voice, export, stems."""

from __future__ import annotations

import time

from mrcmv.web.text import ENGLISH
from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import Came, Scene, Tab

ABOUT = "Another's files"
WISHES = (
    ("find", {"start": 0, "end": 4}), ("choose", {"track": "lantern"}), ("shape", {"settings": {"level_lu": 20}}),
    ("ahead", {}), ("export", {}), ("stop_export", {}), ("stop", {}), ("change", {"words": "slower"}),
    ("explain", {"track": "lantern"}), ("open_map", {}), ("example", {"example": "calm"}),
    ("replace", {}), ("delete", {}),
)  # fmt: skip
"""Every event of the page that takes a ticket, the destructive ones last."""


def wishes(tab: Tab, ticket: object) -> str:
    """Send every event with this ticket; all that came."""
    tab.seen = ""
    for name, wish in WISHES:
        if name != "example":
            tab.act(name, [ticket], wish)
    return tab.seen


@attack(
    ABOUT,
    "Addresses next to one's own",
    "`/studio/files/…` of Ann's clip, picture, voice, mix and package, with each secret but her own one",
)
def neighbours(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab().with_clip()
    ann.act("export", [ann.ticket])
    mine = ann.session
    shelves = [
        mine.shelf[:-1], mine.shelf + "A", mine.shelf[:-1] + ("A" if mine.shelf[-1] != "A" else "B"),
        mine.shelf.upper(), ann.ticket, ann.hash, mine.key, mine.folder.name, bob.session.shelf, "", ".", "..", "*",
    ]  # fmt: skip
    names = [name for name in mine.files if name not in bob.session.files]
    found = [scene.get(f"/studio/files/{shelf}/{name}") for shelf in shelves for name in names]
    own = bob.http.get(f"/studio/files/{bob.session.shelf}/clip").status_code
    codes = [status for status, _ in found]
    return Came(
        set(codes) == {404} and own == 200 and len(names) > 3, f"{statuses(codes)}; one's own clip: {own}"
    )


@attack(
    ABOUT,
    "Paths in the name of a file of one's own",
    "`/studio/files/<own>/` with `../`, `%2e%2e%2f`, `%00`, `/etc/passwd`, another's folder",
)
def own_shelf(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab().with_clip()
    shelf, folder = bob.session.shelf, ann.session.folder
    names = [
        "../clip", "..%2fclip", "%2e%2e/%2e%2e/etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cetc%5cpasswd",
        "/etc/passwd", "%2fetc%2fpasswd", "clip%00.mp4", "%00", str(folder / "upload"), "%ff%fe", "clip/", "..;/clip",
        f"../../{folder.name}/upload",
    ]  # fmt: skip
    found = [scene.get(f"/studio/files/{shelf}/{name}") for name in names]
    codes = [status for status, _ in found]
    leaks = [leak for _, text in found for leak in scene.leaks(text, "root:")]
    return Came(set(codes) <= {307, 400, 404} and not leaks, statuses(codes))


@attack(
    ABOUT,
    "Another's ticket from one's own tab",
    "all twelve events of the page with Ann's ticket from Bob's tab",
)
def ticket(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab()
    kept = dict(ann.session.files)
    said = wishes(bob, ann.ticket)
    holds = not scene.leaks(said, ann.session.shelf, ann.session.key) and ann.session.files == kept
    told = "refused" if ENGLISH["bad_request"] in said else "nothing"
    return Came(holds and ann.session.folder.exists(), f"{told}; Ann's clip and mixes are as they were")


@attack(
    ABOUT,
    "Guessed keys of a link",
    "the event behind a link with shelves, tickets, halves of the key, lists, 1 MB",
)
def keys(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab()
    mine = ann.session
    for key in (mine.shelf, ann.ticket, mine.key[:-1], mine.key + "A", [mine.key], {"key": mine.key}, None, True, "",
                "A" * 900_000, "\0", ann.hash):  # fmt: skip
        bob.act("restore", [], {"key": key})
    holds = not scene.leaks(bob.seen, mine.shelf, ann.ticket) and not mine.knows(bob.hash)
    return Came(holds, "this link has ended" if ENGLISH["link_ended"] in bob.seen else "nothing")


@attack(
    ABOUT,
    "A ticket, a key and addresses after Delete",
    "every event and every address of a clip that was deleted",
)
def after_delete(scene: Scene) -> Came:
    ann = scene.tab().with_clip()
    mine = ann.session
    addresses = [f"/studio/files/{mine.shelf}/{name}" for name in mine.files]
    ann.act("delete", [ann.ticket])
    said = wishes(ann, ann.ticket)
    ann.act("restore", [], {"key": mine.key})
    codes = [scene.get(address)[0] for address in addresses]
    holds = set(codes) == {404} and mine.shelf not in said and mine.shelf not in ann.seen
    return Came(holds and not mine.folder.exists(), f"{statuses(codes)}; the folder is gone")


@attack(
    ABOUT,
    "Another's finished file of the API",
    "`/gradio_api/file=` with names and numbers near those of a finished file, and its folder",
)
def outbox(scene: Scene) -> Came:
    ann = scene.tab()
    ann.act("render", [ann.upload(), "lantern", None, "", None, None])
    made = next(path for path in scene.studio.sessions.uploads.rglob("*Lantern*.mp4"))
    uploads = made.parents[1]
    tries = [f"{uploads}/", f"{uploads}/{made.parent.name[:-1]}0/{made.name}", f"{made.parent}/", f"{made.parent}/x.mp4",
             f"{uploads}/*/{made.name}", f"{uploads}/../{made.name}"]  # fmt: skip
    codes = [scene.get(f"/gradio_api/file={each.replace(' ', '%20')}")[0] for each in tries]
    return Came(set(codes) <= {403, 404}, statuses(codes))


@attack(
    ABOUT, "Another's session hash", "events, the stream and a cancel with the hash of a tab, one letter off"
)
def session_hash(scene: Scene) -> Came:
    ann, bob = scene.tab().with_clip(), scene.tab()
    bob.hash = ann.hash[:-1] + ("0" if ann.hash[-1] != "0" else "1")
    scene.recommender.step_s = 0.5  # her work lasts longer than all that is tried meanwhile
    ann.join("find", [ann.ticket], {"start": 0, "end": 4})
    said = wishes(bob, ann.ticket)
    for body in (
        {"session_hash": bob.hash, "fn_index": bob.event("find"), "event_id": "x"},
        {"session_hash": ann.hash[:6], "fn_index": 0, "event_id": "0" * 32},
    ):
        bob.http.post("/gradio_api/cancel", json=body)
    until = time.monotonic() + 3
    while not scene.recommender.at_work and time.monotonic() < until:
        time.sleep(0.01)
    works = bool(scene.recommender.at_work) and ann.session.busy
    return Came(works and ann.session.shelf not in said, "nothing of Ann's; her work goes on")
