"""The one place where ffmpeg is started: limits, whitelists, progress, and an end that is certain.

The binary is the static one that ``imageio-ffmpeg`` ships; none on PATH is needed, and there is
no ffprobe. Every run is a process group of its own under resource limits, with an empty
environment and no standard input, and is killed when the caller cancels or its time is up.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from mrcmv.media.errors import ToolError
from mrcmv.media.types import Progress, thread_budget

log = logging.getLogger(__name__)

VIDEO_FORMATS = "mov,matroska,webm,avi,mpegts"
"""Demuxers that may open a clip. None of them follows a name inside the file to another file."""
SOUND_FORMATS = "mov,matroska,webm,mp3,aac,ogg,flac,wav,aiff"
"""Demuxers that may open a sound file (AIFF-C, M4A, Opus and Vorbis are among them)."""
MAX_PIXELS = 4096 * 4096
"""Largest picture that is decoded: a little over 5K; refuses 8192 x 8192 before it costs memory."""
POLL_S = 0.1


@dataclass(frozen=True)
class Limits:
    """What one run may use at most.

    wall_s
        Seconds by the clock, after which the process group is killed.
    cpu_s
        Seconds of processor time of the process (the kernel ends it).
    memory_bytes
        Address space; a static ffmpeg with a dozen 5K frames stays well below 4 GiB.
    file_bytes
        Largest file that may be written.
    """

    wall_s: float = 1800.0
    cpu_s: int = 1800
    memory_bytes: int = 6 * 1024**3
    file_bytes: int = 3 * 1024**3


@cache
def ffmpeg_exe() -> str:
    """Path of the static ffmpeg of ``imageio-ffmpeg`` (or the one that IMAGEIO_FFMPEG_EXE names)."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_args(path: Path, *options: str, formats: str = VIDEO_FORMATS) -> list[str]:
    """``-i path`` behind the whitelists; ``options`` (``-ss``, ``-t`` ...) are of this input."""
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", formats, "-max_pixels", str(MAX_PIXELS)),
        *options,
        *("-i", f"file:{path}"),  # the prefix: a name such as "concat:a" stays a name
    ]


def run_ffmpeg(
    args: Sequence[str],
    *,
    duration_s: float | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
    threads: int | None = None,
) -> str:
    """Run ffmpeg to its end and give back what it wrote to its log (warnings).

    Parameters
    ----------
    args
        Inputs (see `input_args`), maps and outputs; the general options are added here.
    duration_s
        Length of the output in seconds, for ``progress``; unknown when None.
    progress
        Called with 0..1 at least every half second; may raise `Cancelled`.

    Raises
    ------
    ToolError
        When ffmpeg fails, breaks a limit or takes longer than ``limits.wall_s``.
    """
    limits = limits or Limits()
    command = [
        *(ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats"),
        *("-progress", "pipe:1", "-stats_period", "0.25"),
        *("-filter_threads", "1", "-filter_complex_threads", str(threads or thread_budget())),
        *args,
    ]
    log.debug("%s", shlex.join(command))
    with _start(command, limits) as process:
        try:
            watch = _Watch(process, duration_s)
            _follow(process, watch, progress, limits.wall_s)
        finally:
            kill(process)
    text = watch.text()
    if process.returncode != 0:
        log.warning("ffmpeg ended with %s: %s", process.returncode, text)
        raise ToolError(text)
    return text


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started as the head of its own group, and all that it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:  # Windows
                process.kill()
    process.wait()


def _start(command: list[str], limits: Limits) -> subprocess.Popen[bytes]:
    """Start under resource limits. A shell sets them, since code between fork and exec is unsafe
    in a process with threads; what a system does not know (macOS: -v) is left out."""
    if os.name == "posix":
        kib, blocks = limits.memory_bytes // 1024, limits.file_bytes // 512
        asked = (("c", 0), ("t", limits.cpu_s), ("v", kib), ("f", blocks))
        ulimit = "".join(f"ulimit -{letter} {value} 2>/dev/null; " for letter, value in asked)
        command = ["/bin/sh", "-c", ulimit + 'exec "$@"', "sh", *command]
    environment = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "TMPDIR") if key in os.environ}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,  # FFREPORT and the like must not reach it
        process_group=0 if os.name == "posix" else None,
    )


class _Watch:
    """Reads both pipes in threads of their own: how far the run is, and the end of its log."""

    def __init__(self, process: subprocess.Popen[bytes], duration_s: float | None) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.done = 0.0
        self._duration_s = duration_s
        self._log: deque[str] = deque(maxlen=60)
        self._threads = [
            threading.Thread(target=self._read_progress, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_log, args=(process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def text(self) -> str:
        for thread in self._threads:
            thread.join(timeout=5.0)
        return "\n".join(self._log)

    def _read_progress(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            key, _, value = line.decode("utf-8", "replace").strip().partition("=")
            if key == "out_time_us" and self._duration_s and value.lstrip("-").isdigit():
                self.done = max(self.done, min(int(value) / 1e6 / self._duration_s, 1.0))

    def _read_log(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._log.append(line.decode("utf-8", "replace").rstrip()[:500])


def _follow(
    process: subprocess.Popen[bytes], watch: _Watch, progress: Progress | None, wall_s: float
) -> None:
    """Wait for the end, telling ``progress`` all the while; an exception out of it ends the run."""
    deadline = time.monotonic() + wall_s if math.isfinite(wall_s) else math.inf
    while True:
        try:
            process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            if progress is not None:
                progress(watch.done)
            if time.monotonic() > deadline:
                kill(process)
                log.warning("ffmpeg took longer than %.0f s: %s", wall_s, watch.text())
                raise ToolError(watch.text(), timed_out=True) from None
        else:
            if progress is not None and process.returncode == 0:
                progress(1.0)
            return
