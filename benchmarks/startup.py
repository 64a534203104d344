"""``python -m benchmarks.startup``: from ``python app.py`` to the page, and to the first suggestion.

The program starts as a user starts it, with an empty folder for own tracks; as soon as the page answers an
example clip is asked for through gradio_client, while the networks may still be loading. A first start that
is not counted warms the disk. Aims: the page after 6 s, the suggestion 4 s later.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.clips import EXAMPLE
from benchmarks.measure import ROOT, Ratio, machine, table

PAGE_AIM_S, SUGGESTION_AIM_S = 6.0, 4.0
RUNS = 3
PATIENCE_S = 120.0


def one_start(folder: Path) -> tuple[float, float, float]:
    """Seconds from the start to the page, from there to the first suggestion, and of a second one."""
    from gradio_client import Client, handle_file

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "MRCMV_HOME": str(folder / "home")}
    environment |= {"TMPDIR": str(folder), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    environment.pop("GRADIO_SERVER_NAME", None)
    began = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        while not _answers(url):
            if app.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                raise SystemExit("The page did not answer.")
            time.sleep(0.05)
        page_s = time.perf_counter() - began
        client = Client(url, verbose=False, analytics_enabled=False)
        seconds = []
        asked = time.perf_counter()
        for _ in range(2):
            found = client.predict(clip=handle_file(str(EXAMPLE)), api_name="/suggest")
            assert len(found["suggestions"]) == 5
            seconds.append(time.perf_counter() - asked)
            asked = time.perf_counter()
        client.close()
    finally:
        app.send_signal(signal.SIGTERM)
        try:
            app.wait(20)
        except subprocess.TimeoutExpired:
            app.kill()
    return page_s, seconds[0], seconds[1]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return b"MRCMV Studio" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def main() -> list[Ratio]:
    print(f"start-up, an example clip asked for at once; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        one_start(Path(name))
        runs = [one_start(Path(name)) for _ in range(RUNS)]
    page, first, second = (statistics.median(column) for column in zip(*runs, strict=True))
    rows = [
        ("", "s", "aim, s"),
        ("python app.py until the page answers", f"{page:.1f}", f"{PAGE_AIM_S:.0f}"),
        ("from there to the first suggestion", f"{first:.1f}", f"{SUGGESTION_AIM_S:.0f}"),
        ("both together", f"{page + first:.1f}", f"{PAGE_AIM_S + SUGGESTION_AIM_S:.0f}"),
        ("a second suggestion", f"{second:.1f}", ""),
    ]
    print(table(rows))
    return [
        Ratio("page against its aim", page, PAGE_AIM_S, "s"),
        Ratio("first suggestion against its aim", first, SUGGESTION_AIM_S, "s"),
        Ratio("start to suggestion against both aims", page + first, PAGE_AIM_S + SUGGESTION_AIM_S, "s"),
    ]


if __name__ == "__main__":
    main()
