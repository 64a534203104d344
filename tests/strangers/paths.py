"""Files of the server, and addresses inside its network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import Came, Scene

ABOUT = "Files of the server"
FOREIGN = ["/etc/passwd", "/proc/self/environ", "/proc/self/cmdline", "/dev/zero", "/", "README.md", "app.py",
           "mrcmv/web/__init__.py"]  # fmt: skip


def spellings(path: str) -> list[str]:
    dotted = "/".join([".."] * 12) + path
    return [
        path, path.lstrip("/"), "/" + path, dotted, dotted.replace("..", "%2e%2e"), dotted.replace("/", "%2f"),
        dotted.replace("..", "%252e%252e"), path + "%00.mp4", path + "%20", f"file://{path}", f"./{path}", f"%2f{path}",
        dotted.replace("../", "....//"), dotted.replace("/", "%5c"),
    ]  # fmt: skip


@attack(
    ABOUT,
    "Gradio's file routes",
    "`/gradio_api/file=`, `/gradio_api/file/`, `/file=`, `/static/`, `/assets/`, "
    "`/svelte/`, `/gradio_api/custom_component/` with /etc/passwd, /proc/self/environ, our sources: absolute, "
    "`../`, `%2e%2e`, `%252e`, NUL, `file://`",
)
def file_routes(scene: Scene) -> Came:
    fronts = ("/gradio_api/file=", "/gradio_api/file/", "/file=", "/file/", "/static/", "/assets/", "/svelte/",
              "/gradio_api/custom_component/1/client/component/", "/gradio_api/proxy=")  # fmt: skip
    tries = [f"{front}{path}" for front in fronts for plain in FOREIGN for path in spellings(plain)]
    found = [scene.get(path) for path in tries]
    codes = [status for status, _ in found]
    leaks = [leak for _, text in found for leak in scene.leaks(text, "root:", "PATH=", "from __future__")
             if leak not in ("/etc/", ".py")]  # fmt: skip
    return Came(not set(codes) & {200, 500} and not leaks, f"{statuses(codes)}, no content")


@attack(
    ABOUT,
    "The upload folder of another",
    "`/gradio_api/file=` with the folders of sessions, the upload folder, parts of uploads, dot files",
)
def upload_folder(scene: Scene) -> Came:
    ann = scene.tab().with_clip()
    uploads = scene.studio.sessions.uploads
    half = uploads / "tmphalf"
    half.write_bytes(b"half of a clip")
    paths = [ann.session.folder / "upload", *(path for path in ann.session.folder.rglob("*")), half, uploads,
             uploads.parent, uploads / ".." / ann.session.folder.name / "upload"]  # fmt: skip
    codes = [scene.get(f"/gradio_api/file={path}")[0] for path in paths]
    half.unlink()
    return Came(set(codes) == {404} and len(codes) > 6, statuses(codes))


@attack(
    ABOUT,
    "A symbolic link in the upload folder",
    "`/gradio_api/file=` of a link to /etc/passwd that lies where uploads lie",
)
def link(scene: Scene) -> Came:
    folder = scene.studio.sessions.uploads / ("a" * 64)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "clip.mp4"
    os.symlink("/etc/passwd", place)
    try:
        status, text = scene.get(f"/gradio_api/file={place}")
        tab = scene.tab()
        tab.act("upload_clip", [{"path": str(place), "meta": {"_type": "gradio.FileData"}}, ""])
    finally:
        place.unlink(missing_ok=True)
    taken = list(scene.studio.sessions.of_owner(tab.hash))
    return Came(
        status == 404 and "root:" not in text + tab.seen and not taken, f"{status}; as a clip: no picture"
    )


def file_data(scene: Scene) -> list[Any]:
    """What may stand where an upload is expected."""
    meta = {"_type": "gradio.FileData"}
    other = scene.tab().with_clip(found=False)
    inner = f"http://127.0.0.1:{scene.trap.port}/secret.mp4"
    places = ["/etc/passwd", "/proc/self/environ", str(other.session.source), "../../etc/passwd", "clip.mp4", "", "\0",
              str(scene.studio.sessions.uploads), str(scene.clip)]  # fmt: skip
    return [
        *({"path": place, "meta": meta} for place in places), *({"path": place} for place in places), *places,
        {"path": "/etc/passwd", "url": inner, "meta": meta}, {"url": inner, "meta": meta}, {"path": None, "meta": meta},
        {"path": ["/etc/passwd"], "meta": meta}, {"path": {"path": "/etc/passwd"}, "meta": meta}, {"meta": meta}, {},
        [{"path": "/etc/passwd", "meta": meta}], [[{"path": "/etc/passwd", "meta": meta}]], [[["/etc/passwd"]]],
        {"path": "/etc/passwd", "orig_name": "../../clip.mp4", "meta": {"_type": "other"}}, 7, True, [], 1e308,
        {"path": "/etc/passwd", "is_stream": True, "meta": meta}, {"data": "data:video/mp4;base64,AAAA", "meta": meta},
    ]  # fmt: skip


@attack(
    ABOUT,
    "A path of the server as an upload",
    "FileData with /etc/passwd, another's clip, the upload folder, "
    "NUL; without `meta`, as strings, nested lists, dicts in dicts; to the page and to `/suggest`",
)
def as_upload(scene: Scene) -> Came:
    tab, before = scene.tab(), len(scene.recommender.calls)
    for sent in file_data(scene):
        tab.act("upload_clip", [sent, ""])
        tab.act("suggest", [sent, 5, 0, None, "", "", 0.5])
        tab.act("restore", [], {"key": sent})
    leaks = [leak for leak in scene.leaks(tab.seen, "root:", "inner secret", "studio/files") if leak not in
             ("/etc/", str(scene.folder))]  # fmt: skip
    holds = not leaks and not scene.studio.sessions.of_owner(tab.hash) and not scene.trap.asked
    return Came(holds and len(scene.recommender.calls) == before, "refused, no work begun, nothing fetched")


@attack(
    ABOUT,
    "A traversal in the name of an upload",
    "`orig_name` and the form's file name: `../../x`, `..\\\\x`, `/etc/x`, NUL, 4000 letters, nothing",
)
def names(scene: Scene) -> Came:
    tab = scene.tab()
    codes = []
    for name in ("../../x.mp4", "..\\..\\x.mp4", "/etc/x.mp4", "a\0b.mp4", "x" * 4000, "..", ".", " ", "%2e%2e%2fx",
                 "<img src=x>.mp4", "\U0001f3ae\u202e4pm.mp4"):  # fmt: skip
        answer = tab.http.post("/gradio_api/upload", files={"files": (name, b"x")})
        codes.append(answer.status_code)
        if answer.status_code == 200:
            place = Path(answer.json()[0])
            if place.parents[1] != scene.studio.sessions.uploads:
                return Came(False, f"written to {place}")
    sent = {**tab.upload(), "orig_name": "../../../../etc/passwd"}
    tab.act("upload_clip", [sent, ""])
    holds = 500 not in codes and not list(scene.folder.glob("*x.mp4")) and not Path("/etc/x.mp4").exists()
    return Came(holds and not scene.left_parts(), f"{statuses(codes)}; every file lies in the upload folder")


@attack(
    "The network inside",
    "The page as a proxy",
    "`file=http://…`, `proxy=…`, FileData with `path` or `url` of 127.0.0.1 "
    "in seven spellings, 169.254.169.254, `file://`, a name that leads inside",
)
def proxy(scene: Scene) -> Came:
    port, meta = scene.trap.port, {"_type": "gradio.FileData"}
    hosts = ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1",
             "localhost.localdomain"]  # fmt: skip
    places = [f"http://{host}:{port}/secret.mp4" for host in hosts]
    places += [f"http://huggingface.co@127.0.0.1:{port}/x", f"HTTP://127.0.0.1:{port}/x", f"http:127.0.0.1:{port}/x",
               "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", f"ftp://127.0.0.1:{port}/x"]  # fmt: skip
    codes = [
        scene.get(f"/gradio_api/{route}{place}")[0]
        for route in ("file=", "proxy=", "file/")
        for place in places
    ]
    tab = scene.tab()
    for place in places:
        for sent in ({"path": place, "meta": meta}, {"path": "x.mp4", "url": place, "meta": meta}, place):
            tab.act("upload_clip", [sent, ""])
            tab.act("suggest", [sent, 5, 0, None, "", "", 0.5])
            tab.act("library", [sent, "", "", False, 0, 1])
    holds = not scene.trap.asked and "inner secret" not in tab.seen and not set(codes) & {200, 302, 307, 500}
    return Came(holds, f"{statuses(codes)}; nothing was fetched" if holds else f"{codes} {scene.trap.asked}")


@attack(
    "The network inside",
    "The page as a downloader of what is public",
    "FileData with `path` of "
    "http://example.org/20-gigabytes.mp4, to the page, to `/suggest` and in the place of a word",
)
def downloader(scene: Scene) -> Came:
    sent = {"path": "http://example.org/20-gigabytes.mp4", "meta": {"_type": "gradio.FileData"}}
    tab = scene.tab()
    for name, data in (
        ("upload_clip", [sent, ""]), ("suggest", [sent, 5, 0, None, "", "", 0.5]), ("library", [sent, "", "", False, 0, 1]),
    ):  # fmt: skip
        tab.seen = ""
        tab.act(name, data)
        if "addresses are not fetched" not in tab.seen:
            return Came(False, tab.seen[-300:])
    return Came(True, "“Send the file itself: addresses are not fetched here.”")
