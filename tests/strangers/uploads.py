"""What is sent to the upload route."""

from __future__ import annotations

import socket
import threading
import time

import httpx

from tests.strangers.attacks import attack, statuses
from tests.strangers.scene import LIMITS, Came, Scene, receive

ABOUT = "Uploads"
BOUNDARY = "----WebKitFormBoundaryOfAStranger"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="clip.mp4"\r\n\r\n'
TAIL = f"\r\n--{BOUNDARY}--\r\n"
KIND = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def opened(scene: Scene, *headers: str, path: str = "/gradio_api/upload") -> socket.socket:
    """A connection on which an upload has begun, and nothing of its body was sent."""
    line = socket.create_connection(("127.0.0.1", scene.port), timeout=15)
    head = (f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{scene.port}",
            f"Content-Type: {KIND['Content-Type']}", *headers, "", "")  # fmt: skip
    line.sendall("\r\n".join(head).encode())
    return line


def served_meanwhile(scene: Scene) -> bool:
    """Whether another visitor's clip goes all its way now."""
    until = time.monotonic() + 10
    while True:
        try:
            return scene.tab().with_clip().session.suggestions is not None
        except httpx.HTTPStatusError as error:  # told to try again in a moment: so they do
            if error.response.status_code != 429 or time.monotonic() > until:
                raise
            time.sleep(0.5)


def at_rest(scene: Scene, wait_s: float = 10.0) -> list[str]:
    until = time.monotonic() + wait_s
    while ((left := scene.left_uploads()) or len(scene.gate().arrivals)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


@attack(
    ABOUT,
    "Too large by its own word",
    "Content-Length of 600 MB, of 10^30, of -1, of two numbers; no byte of it is sent",
)
def claimed(scene: Scene) -> Came:
    said, took = [], []
    for length in ("600000000", "999999999999999", "1" + "0" * 30, "-1", "12, 13"):
        began = time.monotonic()
        with opened(scene, f"Content-Length: {length}") as line:
            said.append(receive(line, 5)[:30].split("\r")[0])
        took.append(time.monotonic() - began)
    holds = said[0].startswith("HTTP/1.1 413") and all(" 4" in each for each in said) and max(took) < 4
    codes = [int(each.split(" ")[1]) if " " in each else 0 for each in said]
    return Came(holds and not scene.left_uploads(), f"{statuses(codes)} at once; nothing is left")


@attack(
    ABOUT,
    "Too large by a stream",
    "an endless chunked upload (the limit is set to 4 MB here, 512 MB as shipped)",
)
def streamed(scene: Scene) -> Came:
    sent, answer = 0, ""
    with opened(scene, "Transfer-Encoding: chunked") as line:
        piece = HEAD.encode()
        try:
            for _ in range(2000):
                line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                sent += len(piece)
                piece = b"\0" * 65_536
                line.settimeout(0.0005)
                try:
                    answer = line.recv(4096).decode()
                    break
                except (TimeoutError, BlockingIOError):
                    line.settimeout(15)
        except OSError:
            answer = answer or receive(line, 2)
    left = at_rest(scene)
    holds = " 413 " in answer and sent < 3 * LIMITS.upload_bytes and not left
    return Came(
        holds,
        f"413 after {sent / 1e6:.0f} MB; nothing is left" if holds else f"{answer[:80]!r} {sent} {left}",
    )


@attack(
    ABOUT,
    "A slow upload",
    "one byte a second, 3 connections (patience is set to 1 s and stalls to 3 s here, 60 s and 30 s as "
    "shipped)",
)
def slow(scene: Scene) -> Came:
    lines = [opened(scene, "Content-Length: 100000") for _ in range(3)]
    answers: list[str] = []

    def drip(line: socket.socket) -> None:
        try:
            for byte in HEAD.encode():
                line.sendall(bytes([byte]))
                time.sleep(1)
        except OSError:
            pass

    for line in lines:
        threading.Thread(target=drip, args=(line,), daemon=True).start()
    others = served_meanwhile(scene)
    for line in lines:
        answers.append(receive(line, 10)[:16])
        line.close()
    left = at_rest(scene)
    holds = others and all(" 400" in each for each in answers) and not left
    return Came(
        holds, "others are served; ended with 400, nothing is left" if holds else f"{answers} {others} {left}"
    )


@attack(ABOUT, "Many half uploads", "60 connections that send half of a file and go")
def halves(scene: Scene) -> Came:
    body = HEAD.encode() + b"\0" * 200_000
    for _ in range(60):
        with opened(scene, "Content-Length: 400000") as line, HungUp():
            line.sendall(body)
    others = served_meanwhile(scene)
    left = at_rest(scene)
    return Came(
        others and not left,
        "others are served a moment later; nothing is left" if not left else f"{len(left)} parts are left",
    )


@attack(
    ABOUT,
    "More uploads at once than there is room for",
    "40 uploads at the same time that stop in the middle",
)
def at_once(scene: Scene) -> Came:
    lines = [opened(scene, "Content-Length: 400000") for _ in range(40)]
    for line in lines:
        with HungUp():
            line.sendall(HEAD.encode())
    answers = [receive(line, 0.3)[:400] for line in lines]
    refused = [answer for answer in answers if " 429 " in answer]
    for line in lines:
        line.close()
    left = at_rest(scene)
    others = served_meanwhile(scene)
    holds = (
        len(refused) == 40 - LIMITS.uploads
        and "Too many uploads at once" in refused[0]
        and others
        and not left
    )
    return Came(holds, f"{len(refused)} of 40 refused with 429 and a sentence; then others are served, nothing is left"
                if holds else f"{len(refused)} refused, {others}, {left}")  # fmt: skip


@attack(ABOUT, "Thousands of empty files in one upload", "5000 files of 0 bytes; 900 files; 9 files")
def many(scene: Scene) -> Came:
    tab, codes = scene.tab(), []
    part = HEAD.encode() + b"\r\n"
    for count in (5000, 900, 9):
        answer = tab.http.post("/gradio_api/upload", content=part * count + TAIL.encode(), headers=KIND)
        codes.append(answer.status_code)
    left = at_rest(scene)
    return Came(
        set(codes) == {400} and not left,
        f"{statuses(codes)}; nothing is left" if not left else f"{len(left)} left",
    )


@attack(
    ABOUT,
    "Forms that are no upload",
    "a field of 3 MB instead of a file, with and without `upload_id`; a file under another "
    "name; headers of 1 MB; no boundary; a boundary of one letter; JSON",
)
def forms(scene: Scene) -> Came:
    tab, codes, said = scene.tab(), [], ""
    field = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"\r\n\r\n'.encode() + b"x" * 3_000_000
    )
    other = HEAD.replace('"files"', '"other"').encode() + b"x" * 10_000
    fat = f"--{BOUNDARY}\r\nX: ".encode() + b"y" * 1_000_000
    for query in ("", "?upload_id=abc"):
        for content in (field, other, fat, b"", b"--" * 100_000, HEAD.encode() + b"x"):
            answer = tab.http.post(
                f"/gradio_api/upload{query}", content=content + TAIL.encode(), headers=KIND
            )
            codes.append(answer.status_code)
            said += answer.text if answer.status_code != 200 else ""
    for kind in (
        "multipart/form-data",
        "application/json",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=-",
        "",
    ):
        answer = tab.http.post("/gradio_api/upload", content=b"{}", headers={"Content-Type": kind})
        codes.append(answer.status_code)
        said += answer.text
    left = at_rest(scene)
    holds = not scene.leaks(said) and not left and 500 not in codes and codes.count(200) <= 4
    return Came(
        holds, f"{statuses(codes)}; nothing is left" if holds else f"{codes} {scene.leaks(said)} {left}"
    )


@attack(
    ABOUT,
    "Tricks with `upload_id`",
    "the progress of an id that nobody has, of another's id one letter off, of a path, of 100 kB; "
    "two uploads with one id",
)
def upload_id(scene: Scene) -> Came:
    ann, bob = scene.tab(), scene.tab()
    ann.http.post("/gradio_api/upload?upload_id=abcdefgh1", files={"files": ("secret name.mp4", b"x" * 100)})
    ann.http.post("/gradio_api/upload?upload_id=abcdefgh1", files={"files": ("secret name.mp4", b"x" * 100)})
    codes, said = [], ""
    for guess in ("abcdefgh2", "../../etc/passwd"):
        answer = bob.http.get("/gradio_api/upload_progress", params={"upload_id": guess})
        codes.append(answer.status_code)
        said += answer.text
    codes.append(scene.get("/gradio_api/upload_progress?upload_id=" + "x" * 100_000)[0])
    codes.append(bob.http.get("/gradio_api/upload_progress").status_code)
    return Came(200 not in codes and "secret name" not in said, statuses(codes))


class HungUp:
    """A server that has hung up already is fine."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, OSError)
