"""Too much of everything: wishes, sessions, streams, connections."""

from __future__ import annotations

import secrets
import socket
import time

import httpx

from tests.strangers.attacks import attack, statuses
from tests.strangers.events import wait_for_work
from tests.strangers.scene import LIMITS, Came, Scene

ABOUT = "Floods"
STRANGER, OTHER = {"X-Forwarded-For": "8.8.8.8"}, {"X-Forwarded-For": "9.9.9.9"}


@attack(ABOUT, "Wishes without end", "400 events of one address while Ann waits in line")
def wishes(scene: Scene) -> Came:
    ann = scene.tab(**OTHER).with_clip(found=False)
    crowd = [scene.tab().with_clip(found=False) for _ in range(3)]
    scene.recommender.step_s = 0.02
    for tab in crowd:
        tab.join("find", [tab.ticket], {"start": 0, "end": 4})
    wait_for_work(scene)
    ann.join("find", [ann.ticket], {"start": 0, "end": 4})
    time.sleep(0.2)
    before = scene.studio.line._ahead(scene.studio.line._places[-1])
    flood = scene.tab(**STRANGER)
    answers = [
        flood.join("find", [secrets.token_hex(8)], {}) for _ in range(400)
    ]  # quicker than ten a second
    codes = [answer.status_code for answer in answers]
    after = len(scene.studio.line._places)
    scene.recommender.step_s = 0.002
    until = time.monotonic() + 20
    while ann.session.suggestions is None and time.monotonic() < until:
        time.sleep(0.05)
    served = ann.session.suggestions is not None
    refused = next((answer.text for answer in answers if answer.status_code != 200), "")
    holds = (
        served and after <= 4 and before <= 3 and set(codes) <= {200, 429, 503} and not scene.leaks(refused)
    )
    return Came(holds, f"{statuses(codes)}; Ann keeps her place and is served")


@attack(ABOUT, "All places in the line", "30 clips that all want music at once")
def whole_line(scene: Scene) -> Came:
    line = scene.studio.line
    usual, line.capacity = line.capacity, 16  # fewer than come, with what is at work
    tabs = [scene.tab().with_clip(found=False) for _ in range(30)]
    scene.recommender.step_s = 0.5  # nobody is done while they come
    for tab in tabs:
        tab.join("find", [tab.ticket], {"start": 0, "end": 4})
    time.sleep(1.0)
    waiting = line.counts()[1]
    scene.recommender.step_s = 0.002
    said = ""
    with tabs[-1].http.stream(
        "GET", "/gradio_api/queue/data", params={"session_hash": tabs[-1].hash}
    ) as stream:
        for text in stream.iter_lines():
            said += text
            if "process_completed" in text:
                break
    holds = waiting == line.capacity and f"{line.capacity} clips" in said
    line.capacity = usual
    return Came(holds, f"{waiting} wait; the others are told so in a sentence and keep their clips")


@attack(ABOUT, "All sessions", "60 examples begun from one address, a new tab each")
def sessions(scene: Scene) -> Came:
    stranger = scene.tab(**STRANGER)
    example = next(
        number for number, fn in scene.page.fns.items() if fn.name == "example" and len(fn.inputs) == 1
    )
    for _ in range(6):
        for _ in range(10):
            stranger.hash = secrets.token_hex(6)
            stranger.join(example, [""], {"example": "calm"})
        time.sleep(1.0)
    taken = len(scene.studio.sessions._by_ticket)
    stranger.hash = secrets.token_hex(6)
    stranger.act(example, [""], {"example": "calm"})
    bob = scene.tab(**OTHER).with_clip(found=False)
    return Came((taken <= 40 and bool(bob.ticket) and "busy" in stranger.seen.lower()) or (taken == 40 and bool(bob.ticket)),
                f"{taken} sessions, then a sentence; another visitor is served")  # fmt: skip


@attack(ABOUT, "Streams without end", "150 heartbeats of one address")
def streams(scene: Scene) -> Came:
    opened, codes = [], []
    for number in range(150):
        stream = socket.create_connection(("127.0.0.1", scene.port), timeout=5)
        head = f"GET /gradio_api/heartbeat/x{number} HTTP/1.1\r\nHost: 127.0.0.1:{scene.port}\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n"
        stream.sendall(head.encode())
        opened.append(stream)
    for stream in opened:
        answer = receive_some(stream)
        codes.append(int(answer.split(" ")[1]) if answer.startswith("HTTP/") else 0)
    bob = scene.tab(**OTHER).with_clip()
    for stream in opened:
        stream.close()
    holds = codes.count(429) >= 150 - LIMITS.streams_each and bob.session.suggestions is not None
    return Came(holds, f"{statuses(codes)}; another visitor is served")


def receive_some(stream: socket.socket) -> str:
    stream.settimeout(3)
    try:
        return stream.recv(400).decode("utf-8", "replace")
    except OSError:
        return ""


@attack(
    ABOUT,
    "Connections that say nothing",
    "150 connections that send half a header, one byte at a time, and stay",
)
def silent(scene: Scene) -> Came:
    lines = [socket.create_connection(("127.0.0.1", scene.port), timeout=5) for _ in range(150)]
    for each in lines:
        each.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    served = scene.tab().with_clip().session.suggestions is not None
    for each in lines:
        each.close()
    return Came(
        served, "others are served; a proxy in front has to end them (see [SECURITY.md](../SECURITY.md))"
    )


@attack(ABOUT, "Headers and addresses without end", "a header of 1 MB, 10,000 headers, an address of 1 MB")
def headers(scene: Scene) -> Came:
    host = f"Host: 127.0.0.1:{scene.port}"
    found = [
        scene.get("/", "X: " + "y" * 1_000_000), scene.get("/", *[f"X{number}: y" for number in range(10_000)]),
        scene.get("/" + "x" * 1_000_000), scene.get("/library?" + "mood=x&" * 9_000),
    ]  # fmt: skip
    odd = scene.raw(
        f"GET / HTTP/1.1\r\n{host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        2,
    )
    codes = [status for status, _ in found]
    leaks = [leak for _, text in found for leak in scene.leaks(text) if status_of(text) != 200]
    alive = httpx.get(scene.url).status_code == 200
    return Came(
        alive and not leaks and not set(codes) & {500} and " 500" not in odd[:20],
        f"{statuses(codes)}; the page goes on",
    )


def status_of(text: str) -> int:
    return int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else 0


@attack(
    ABOUT,
    "Ranges without end",
    "2000 ranges of one clip in one request, ranges backwards, of 10^30, of letters",
)
def ranges(scene: Scene) -> Came:
    ann = scene.tab().with_clip(found=False)
    size, sizes, codes = scene.clip.stat().st_size, [], []
    for value in (
        "bytes=" + ",".join(["0-"] * 2000),
        "bytes=9-1",
        f"bytes={'9' * 30}-",
        "bytes=a-b",
        "bytes=-",
        "x=0-1",
    ):
        answer = ann.http.get(f"/studio/files/{ann.session.shelf}/clip", headers={"Range": value})
        sizes.append(len(answer.content))
        codes.append(answer.status_code)
    return Came(
        max(sizes) <= 2 * size and 500 not in codes, f"{statuses(codes)}; never more than the clip once"
    )
