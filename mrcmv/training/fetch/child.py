"""The only code of `data fetch` that touches the network: a process of its own, run by `ask.py`.

Run as ``python -P child.py`` with one JSON object as its argument. It writes JSON lines: progress
``{"done": 0.4}`` and at the end one ``{"end": {...}}``, in which `outcome.judge` reads what became of it.

An audit hook, which nothing that runs here can take out again, refuses connections to addresses of this
machine and its network (a page or a redirect may name one) and other programs (yt-dlp would hand some
downloads to ffmpeg, past every check).
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_LIST_BYTES = 2 * 1024**2
TEXT_LENGTH = 300
FORBIDDEN = frozenset(
    ("subprocess.Popen", "os.exec", "os.system", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile")
)
DIRECT = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".flv")


class Refusal(Exception):
    """This video will not be taken, for a reason that asking again does not change."""


class Guard:
    """Where this process may connect to. ``refused`` is the first address that it was kept from."""

    def __init__(self, local: bool) -> None:
        self.refused: str | None = None
        self._local = local
        self._proxies = set() if local else _proxy_addresses()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and not self.allows(args[1]):
            self.refused = self.refused or str(args[1])
            raise PermissionError(f"no connection to {args[1]}")
        if event in FORBIDDEN:
            raise FileNotFoundError(f"no other program is started here ({event})")

    def allows(self, address: Any) -> bool:
        """Whether a socket may connect to this address; a name instead of a number is refused."""
        if self._local:
            return True
        if not isinstance(address, tuple):
            return False
        host = str(address[0]).partition("%")[0]
        return host in self._proxies or is_public(host)


def is_public(host: str) -> bool:
    """Whether a numeric address belongs to the public internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return bool(inner.is_global and not inner.is_multicast and not inner.is_reserved)


def _proxy_addresses() -> set[str]:
    """Numeric addresses of the proxies that the user's environment names."""
    found: set[str] = set()
    for proxy in urllib.request.getproxies().values():
        parts = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        with contextlib.suppress(OSError):
            found |= {str(row[4][0]) for row in socket.getaddrinfo(parts.hostname, parts.port or 80)}
    return found


def fetch_list(url: str, destination: Path) -> None:
    """A small text file by http or https."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPRedirectHandler(),  # to what the two handlers above can open
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    with opener.open(url, timeout=30) as answer:
        text = answer.read(MAX_LIST_BYTES + 1)
    if len(text) > MAX_LIST_BYTES:
        raise Refusal("the list is larger than 2 MB")
    _write(destination, text)


def fetch_video(ask: dict[str, Any]) -> None:
    """One video into ``download.mp4`` (whatever is in it), a started one continued.

    ``page.json`` gets what the page tells: title, uploader, site.
    """
    import yt_dlp

    told: list[str] = []

    class Log:
        def debug(self, text: str) -> None: ...

        info = warning = debug

        def error(self, text: str) -> None:
            told.append(text)

    def judge(info: dict[str, Any], *, incomplete: bool = False) -> None:
        if info.get("playlist") or info.get("playlist_index") is not None:
            raise Refusal("the page holds a list of videos, not one")
        if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming"):
            raise Refusal("it is a live broadcast")
        if (info.get("duration") or 0) > ask["max_s"]:
            raise Refusal(f"it is longer than {ask['max_s'] / 60:.0f} minutes")
        if not incomplete:
            _write(Path("page.json"), json.dumps(_page(info), ensure_ascii=False).encode())

    shown = 0.0

    def hook(state: dict[str, Any]) -> None:
        nonlocal shown
        there, whole = state.get("downloaded_bytes") or 0, state.get("total_bytes")
        if max(there, whole or 0) > ask["max_bytes"]:
            raise Refusal(f"it is larger than {ask['max_bytes'] // 1024**2} MB")
        whole = whole or state.get("total_bytes_estimate")
        if whole and time.monotonic() - shown > 0.5:
            shown = time.monotonic()
            say({"done": min(there / whole, 1.0)})

    options = {
        "outtmpl": {"default": "download.mp4"},
        "format": "b",
        "format_sort": ["res:720", "ext:mp4:m4a", "vcodec:h264"],
        "noplaylist": True,
        "match_filter": judge,
        "progress_hooks": [hook],
        "continuedl": True,
        "ratelimit": ask["bytes_per_s"],
        "socket_timeout": 30,
        "retries": 3,
        "fragment_retries": 3,
        "extractor_retries": 2,
        "retry_sleep_functions": dict.fromkeys(("http", "fragment", "extractor"), _back_off),
        "skip_unavailable_fragments": False,  # a clip with holes is no clip
        "fixup": "never",
        "ffmpeg_location": "none",
        "cachedir": False,
        "logger": Log(),
        "allowed_extractors": _extractors(ask["url"]),
        "noprogress": True,
        "updatetime": False,
    }
    with yt_dlp.YoutubeDL(options) as downloader:
        downloader.extract_info(ask["url"])
    if not Path("download.mp4").is_file():
        raise Refusal(told[-1] if told else "nothing was there to download")


def _extractors(url: str) -> list[str]:
    """The parts of yt-dlp that may read this address: one where it is clear, which is also faster."""
    parts = urllib.parse.urlsplit(url)
    if parts.hostname == "v.qq.com" and parts.path.startswith("/x/page/"):
        return ["vqq:video"]
    return ["generic"] if parts.path.lower().endswith(DIRECT) else ["default"]


def _back_off(n: int) -> float:
    return float(min(2 ** (n + 1), 60))


def _page(info: dict[str, Any]) -> dict[str, Any]:
    keys = {"title": "title", "uploader": "uploader", "site": "extractor_key", "page": "webpage_url"}
    found = {key: _short(info.get(name)) for key, name in keys.items()}
    return {**found, "uploader": found["uploader"] or _short(info.get("channel") or info.get("creator"))}


def _short(text: Any) -> str:
    """What a page says, as one line of bounded length."""
    return "".join(c if c.isprintable() else " " for c in str(text or "")).strip()[:TEXT_LENGTH]


def end_of(error: Exception, guard: Guard) -> dict[str, Any]:
    """What is known about an exception, as plain data."""
    links = list(_chain(error))
    codes = [getattr(link, "status", None) for link in links if type(link).__name__ == "HTTPError"]
    return {
        "refusal": next((str(link) for link in links if isinstance(link, Refusal)), None),
        "kept_from": guard.refused,
        "status": next((code for code in codes if isinstance(code, int)), None),
        "errors": sorted({base.__name__ for link in links for base in type(link).__mro__}),
        "text": str(error)[:4000],
    }


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it was caused by, each once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = getattr(link, "exc_info", None)
        waiting += [inner[1] if inner else None, getattr(link, "cause", None)]
        waiting += [link.__cause__, link.__context__]


def say(row: dict[str, Any]) -> None:
    print(json.dumps(row), file=sys.__stdout__, flush=True)


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def end_with(parent: int) -> None:
    """End this process soon after its parent is gone: a killed run must not go on behind its back."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def alone() -> Any:
    """Wait for the child of a run that was killed a moment ago; the lock ends with this process."""
    lock = open("lock", "w")  # noqa: SIM115 - it must outlive this function
    with contextlib.suppress(ImportError):
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def main() -> None:
    ask = json.loads(sys.argv[1])
    sys.stdout = sys.stderr  # whatever else is printed is no line of ours
    end_with(ask["parent"])
    os.environ.update(ask["environment"])
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    guard = Guard(ask["local"])
    sys.addaudithook(guard)
    os.chdir(ask["folder"])  # all names from here on are ours, in this folder
    lock = alone()
    try:
        if ask["what"] == "list":
            fetch_list(ask["url"], Path("list.txt"))
        else:
            fetch_video(ask)
        say({"end": {}})
    except Exception as error:
        say({"end": end_of(error, guard)})
    finally:
        lock.close()


if __name__ == "__main__":
    main()
