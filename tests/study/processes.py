"""Servers of the study in processes of their own, and a PostgreSQL of Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mrcmv.study import load_design
from mrcmv.study.manifest import Manifest
from tests.study.designs import YAML, written
from tests.study.stimuli import fake_manifest

ROOT = Path(__file__).parents[2]
DESK_TOKEN = "desk-token-of-the-tests"
WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Study:
    """A design with pretended stimuli in a folder, and servers of it."""

    def __init__(self, folder: Path, *, trials: int = 3, database: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = YAML.replace("session: {trials: 3}", f"session: {{trials: {trials}, watch_share: 0}}")
        text = text.replace("assignments_per_cell: 20", "assignments_per_cell: 1000")
        if trials > 3:
            clips = "\n".join(f"  - {{id: c{n}, file: one.mp4}}" for n in range(trials))
            start, end = text.index("  - {id: one"), text.index("methods:")
            text = f"{text[:start]}{clips}\n{text[end:]}"
        self.design = written(folder, text)
        self.stimuli = folder / "stimuli"
        self.manifest: Manifest = fake_manifest(self.stimuli, load_design(self.design))
        self.database = database or f"sqlite:///{folder / 'answers.sqlite'}"
        self.running: list[subprocess.Popen[str]] = []

    def start(self, port: int | None = None) -> tuple[subprocess.Popen[str], str]:
        """A server that answers, and its address."""
        port = port or free_port()
        command = [sys.executable, "-m", "mrcmv", "study", "serve", str(self.design)]
        command += ["--stimuli", str(self.stimuli), "--port", str(port), "--database", self.database]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "MRCMV_STUDY_TOKEN": DESK_TOKEN},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if process.poll() is not None:
                raise AssertionError(f"The server ended: {process.stderr and process.stderr.read()}")
            try:
                if httpx.get(f"{url}/api/study", timeout=5).status_code == 200:
                    return process, url
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("The server does not answer.")

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.running.remove(process)

    def stop(self) -> None:
        for process in list(self.running):
            self.kill(process)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).parent if here else None


@contextmanager
def postgres() -> Iterator[str]:
    """A fresh server on a free port; yields the address of an empty database."""
    programs = postgres_programs()
    if programs is None:
        if os.environ.get("MRCMV_REQUIRE_POSTGRES"):
            raise AssertionError("There is no PostgreSQL here: apt-get install postgresql.")
        pytest.skip("There is no PostgreSQL here; MRCMV_REQUIRE_POSTGRES=1 makes that an error.")
    # it refuses to run as root; below a folder of tests that only root may enter it would see nothing
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="mrcmv-postgres-"))
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)

    def run(*command: str) -> None:
        done = subprocess.run(
            command,
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={"LANG": "C.UTF-8"},
        )
        assert done.returncode == 0, done.stdout + done.stderr

    port, data = free_port(), str(folder / "data")
    run(str(programs / "initdb"), "-D", data, "-U", "study", "-A", "trust", "-E", "UTF8")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
    log = str(folder / "log")
    run(str(programs / "pg_ctl"), "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start")
    try:
        yield f"postgresql://study@127.0.0.1:{port}/postgres"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
