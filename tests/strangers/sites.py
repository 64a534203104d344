"""Other sites in the same browser, and what the answers' headers allow them."""

from __future__ import annotations

import socket

import httpx

from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import Came, Scene

ABOUT = "Other sites"
EVIL = (
    "http://evil.example",
    "null",
    "http://127.0.0.1.evil.example",
    "http://evil.example:7860",
    "https://x.hf.space",
)


@attack(
    ABOUT,
    "A form of another site",
    "POST of an event, an upload, a change of the library with Origin or Sec-Fetch-Site of "
    "another site, as JSON and as text/plain",
)
def cross_site(scene: Scene) -> Came:
    tab, codes = scene.tab(), []
    for head in (
        *({"Origin": origin} for origin in EVIL),
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for kind in ("application/json", "text/plain"):
            sent = {**head, "Content-Type": kind}
            body = b'{"data": [], "fn_index": 0, "session_hash": "abc", "name": "knights"}'
            for path in (
                "/gradio_api/queue/join",
                "/gradio_api/run/predict",
                "/gradio_api/call/library",
                "/library/do/install",
            ):
                codes.append(tab.http.post(path, content=body, headers=sent).status_code)
        codes.append(
            tab.http.post("/gradio_api/upload", files={"files": ("a.mp4", b"x")}, headers=head).status_code
        )
    return Came(set(codes) == {403} and not scene.left_parts(), statuses(codes))


@attack(
    ABOUT,
    "A name that leads to this machine",
    "Host of evil.example, of 127.0.0.1.evil.example, none, two, for a page that is for this machine only",
)
def rebinding(scene: Scene) -> Came:
    codes = []
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        f"evil.example:{scene.port}",
        "",
        "127.0.0.1@evil.example",
        "[::2]",
    ):
        for path in ("/", "/config", "/gradio_api/info", "/library", "/studio/examples/calm.mp4"):
            answer = scene.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            codes.append(int(answer.split(" ", 2)[1]))
    fine = httpx.get(scene.url, headers={"Host": f"localhost:{scene.port}"}).status_code
    return Came(set(codes) <= {400, 421} and fine == 200, f"{statuses(codes)}; localhost: {fine}")


@attack(ABOUT, "A question beforehand", "OPTIONS with Origin of another site, for events, uploads and files")
def preflight(scene: Scene) -> Came:
    ann = scene.tab().with_clip(found=False)
    allowed = []
    for origin in EVIL:
        for path in (
            "/gradio_api/queue/join",
            "/gradio_api/upload",
            f"/studio/files/{ann.session.shelf}/clip",
            "/config",
        ):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            for answer in (
                ann.http.options(path, headers=asked),
                ann.http.get(path, headers={"Origin": origin}),
            ):
                allowed.append(answer.headers.get("access-control-allow-origin", ""))
    return Came(set(allowed) == {""}, "no site is allowed")


@attack(
    ABOUT,
    "The page in a frame, files as pages",
    "headers of the page, of Library, of a clip, a download, an example, an error",
)
def headers(scene: Scene) -> Came:
    ann = scene.tab().with_clip("<script>alert(1)</script>.mp4")
    files = [f"/studio/files/{ann.session.shelf}/{name}" for name in ann.session.files]
    wrong = []
    for path in (
        "/",
        "/library",
        "/about",
        "/config",
        "/nothing",
        "/gradio_api/info",
        "/studio/examples/calm.mp4",
        *files,
    ):
        head = ann.http.get(path).headers
        policy = head.get("content-security-policy", "")
        good = head.get("x-content-type-options") == "nosniff" and (
            "frame-ancestors 'self'" in policy or "sandbox" in policy
        )
        good = good and "set-cookie" not in head
        if path.startswith("/studio/files"):
            good = good and head["cache-control"] == "private, no-store" and "default-src 'none'" in policy
            good = good and head["content-type"].split("/")[0] in ("video", "audio", "image", "application")
            good = good and head["content-type"] not in ("text/html", "image/svg+xml")
            if path.endswith("download.mp4"):
                good = (
                    good
                    and head["content-disposition"].startswith("attachment")
                    and "<" not in head["content-disposition"]
                )
        if not good:
            wrong.append(path)
    return Came(not wrong and len(files) > 3, "nosniff and a policy on every answer, no cookie, files in a sandbox" if not wrong
                else f"{wrong}")  # fmt: skip


@attack(ABOUT, "A line break in what becomes a header", "`%0d%0aSet-Cookie` in addresses, file names, ranges")
def splitting(scene: Scene) -> Came:
    said = ""
    for path in ("/%0d%0aSet-Cookie:%20a=b", "/library?show=%0d%0aSet-Cookie:%20a=b", "/gradio_api/heartbeat/%0d%0aSet-Cookie",
                 "/logout?next=%0d%0aSet-Cookie:%20a=b", "/library/track/%0d%0aSet-Cookie:%20a=b"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", scene.port), timeout=3) as line:
            line.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{scene.port}\r\nConnection: close\r\n\r\n".encode()
            )
            said += line.recv(2000).decode("utf-8", "replace").split("\r\n\r\n")[0].lower()
    ann = scene.tab().with_clip("a\r\nSet-Cookie: a=b.mp4")
    name = next(name for name in ann.session.files if name.endswith("-download.mp4"))
    said += str(ann.http.get(f"/studio/files/{ann.session.shelf}/{name}").headers).lower()
    return Came("set-cookie:" not in said and "'set-cookie'" not in said, "no header of a stranger's")
