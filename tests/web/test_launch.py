"""The program as a Space starts it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_app_serves_the_page_and_cleans_up_when_it_is_stopped(tmp_path):
    environment = {
        **os.environ, "GRADIO_SERVER_PORT": "7953", "TMPDIR": str(tmp_path),
        "MRCMV_HOME": str(tmp_path / "home"), "DISPLAY": "", "WAYLAND_DISPLAY": "",
    }  # fmt: skip
    for name in ("GRADIO_SERVER_NAME", "GRADIO_TEMP_DIR", "SPACE_ID"):
        environment.pop(name, None)
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert app.stdout is not None
        assert "http://127.0.0.1:7953" in app.stdout.readline()
        html = httpx.get("http://127.0.0.1:7953/", timeout=60).text
        assert "MRCMV Studio" in html
        left = list(tmp_path.glob("mrcmv-web-*"))
        assert len(left) == 1
        assert left[0].stat().st_mode & 0o777 == 0o700
        app.send_signal(signal.SIGTERM)
        app.wait(120)
        until = time.monotonic() + 5
        while left[0].exists() and time.monotonic() < until:
            time.sleep(0.1)
        assert not left[0].exists()
    finally:
        app.kill()
