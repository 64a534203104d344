"""The one place where ffmpeg is started: whitelists, general options, progress.

The binary is the static one that ``imageio-ffmpeg`` ships; none on PATH is needed, and there is
no ffprobe. `run_child` holds it under limits and ends it when the caller cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mrcmv.media.child import Limits, run_child
from mrcmv.media.types import Progress, thread_budget

VIDEO_FORMATS = "mov,matroska,webm,avi,mpegts"
"""Demuxers that may open a clip. None of them follows a name inside the file to another file."""
SOUND_FORMATS = "mov,matroska,webm,mp3,aac,ogg,flac,wav,aiff"
"""Demuxers that may open a sound file (M4A, Opus, Vorbis and AIFF-C are among them)."""
ANY_FORMATS = f"{VIDEO_FORMATS},{SOUND_FORMATS}"
MAX_PIXELS = 4096 * 4096
"""Largest picture that is decoded: a little over 5K; refuses 8192 x 8192 before it costs memory."""


@cache
def ffmpeg_exe() -> str:
    """Path of the static ffmpeg of ``imageio-ffmpeg`` (or the one that IMAGEIO_FFMPEG_EXE names)."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_args(path: Path, *options: str, formats: str = VIDEO_FORMATS) -> list[str]:
    """``-i path`` behind the whitelists; ``options`` (``-ss``, ``-t`` ...) are of this input."""
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", formats, "-max_pixels", str(MAX_PIXELS)),
        *("-threads", str(thread_budget())),
        *options,
        *("-i", f"file:{path}"),  # the prefix: a name such as "concat:a" stays a name
    ]


def run_ffmpeg(
    args: Sequence[str],
    *,
    duration_s: float | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
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
    done = 0.0

    def on_line(line: str) -> None:
        nonlocal done
        key, _, value = line.partition("=")
        if key == "out_time_us" and duration_s and value.isdigit():
            done = max(done, min(int(value) / 1e6 / duration_s, 1.0))

    def tick() -> None:
        if progress is not None:
            progress(done)

    command = [
        *(ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats"),
        *("-progress", "pipe:1", "-stats_period", "0.2"),
        *("-filter_threads", "1", "-filter_complex_threads", str(thread_budget())),
        *args,
    ]
    text = run_child(command, limits or Limits(), on_line=on_line, tick=tick)
    if progress is not None:
        progress(1.0)
    return text
