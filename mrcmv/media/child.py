"""Child processes that touch hostile files: under limits, watched, and certain to end."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from mrcmv.media.errors import ToolError

log = logging.getLogger(__name__)

POLL_S = 0.1
"""Seconds between two calls of ``tick``."""
_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONUSERBASE")


@dataclass(frozen=True)
class Limits:
    """What one child may use at most.

    wall_s
        Seconds by the clock, after which its process group is killed.
    cpu_s
        Seconds of processor time (the kernel ends it).
    memory_bytes
        Address space; a static ffmpeg with a dozen 5K pictures stays well below 4 GiB.
    file_bytes
        Largest file that it may write.
    """

    wall_s: float = 1800.0
    cpu_s: int = 1800
    memory_bytes: int = 6 * 1024**3
    file_bytes: int = 3 * 1024**3


def run_child(
    command: Sequence[str],
    limits: Limits,
    *,
    on_line: Callable[[str], None] | None = None,
    tick: Callable[[], None] | None = None,
) -> str:
    """Run a command to its end and give back the last lines of its standard error.

    ``on_line`` gets every line of its standard output (in a thread of its own); ``tick`` is called
    every tenth of a second and may raise, which kills the child and all that it started.

    Raises
    ------
    ToolError
        When the command fails, breaks a limit or takes longer than ``limits.wall_s``.
    """
    log.debug("%s", shlex.join(command))
    began = time.monotonic()
    last_words: deque[str] = deque(maxlen=60)
    with _start(command, limits) as process:
        readers = [
            _read(process.stdout, on_line or (lambda line: None)),
            _read(process.stderr, lambda line: last_words.append(line[:500])),
        ]
        try:
            in_time = _wait(process, limits.wall_s, tick)
        finally:
            _kill(process)
            for reader in readers:
                reader.join(timeout=5.0)
    text = "\n".join(last_words)
    if not in_time or process.returncode != 0:
        reason = f"ended with {process.returncode}" if in_time else f"took over {limits.wall_s:.0f} s"
        log.warning("%s %s: %s", os.path.basename(command[0]), reason, text)
        # The kernel's ways to end a process whose processor time is used up; SIGKILL before that time can
        # be used up comes from somebody else, such as the kernel of a machine without memory
        posix = os.name == "posix"
        ended = posix and process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
        most_cpu_s = (time.monotonic() - began) * (os.cpu_count() or 1)
        killed = in_time and posix and process.returncode == -signal.SIGKILL and most_cpu_s < limits.cpu_s
        raise ToolError(text, timed_out=not in_time or (ended and not killed), killed=killed)
    return text


def _start(command: Sequence[str], limits: Limits) -> subprocess.Popen[bytes]:
    """Start under resource limits. A shell sets them, since own code between fork and exec is unsafe
    in a process with threads; what a system does not know (macOS: -v) is left out."""
    command = list(command)
    if os.name == "posix":
        kib, blocks = limits.memory_bytes // 1024, limits.file_bytes // 512
        asked = (("c", 0), ("t", limits.cpu_s), ("v", kib), ("f", blocks))
        ulimit = "".join(f"ulimit -{letter} {value} 2>/dev/null; " for letter, value in asked)
        leash = shutil.which("setpriv")  # a killed program takes its child along; util-linux has it
        bound = [leash, "--pdeathsig", "KILL", "--"] if leash else []
        command = ["/bin/sh", "-c", ulimit + 'exec "$@"', "sh", *bound, *command]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # FFREPORT, tokens and the like must not reach a process that reads hostile files
        env={key: os.environ[key] for key in _KEPT_VARIABLES if key in os.environ},
        process_group=0 if os.name == "posix" else None,
    )


def _read(pipe: IO[bytes] | None, on_line: Callable[[str], None]) -> threading.Thread:
    def run() -> None:
        assert pipe is not None
        for line in pipe:
            on_line(line.decode("utf-8", "replace").rstrip())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def _wait(process: subprocess.Popen[bytes], wall_s: float, tick: Callable[[], None] | None) -> bool:
    """True when the child ended by itself, False when its time was up."""
    deadline = time.monotonic() + wall_s
    while True:
        try:
            process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            if tick is not None:
                tick()
            if time.monotonic() > deadline:
                return False
        else:
            return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()
