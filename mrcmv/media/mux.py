"""The sound of a mix as AAC, and picture and sound into the finished MP4."""

from __future__ import annotations

import os
from pathlib import Path

from mrcmv.media.child import Limits
from mrcmv.media.errors import MuxError, ToolError
from mrcmv.media.ffmpeg import input_args, run_ffmpeg
from mrcmv.media.trouble import trouble
from mrcmv.media.types import Progress

AAC_BITRATE = "256k"
_BARE = ("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")


def encode_sound(
    sound: Path, destination: Path, *, duration_s: float, progress: Progress | None = None
) -> Path:
    """A canonical WAV or FLAC as AAC in an M4A without metadata, cut at ``duration_s``.

    Raises
    ------
    MuxError
        When it cannot be written.
    """
    args = [
        *input_args(sound, formats="wav,flac"),
        *("-map", "0:a:0", "-c:a", "aac", "-b:a", AAC_BITRATE, "-t", f"{duration_s:.6f}"),
        *_BARE,
        *("-movflags", "+faststart", "-f", "mp4"),
    ]
    return _write(args, destination, duration_s, progress)


def mux(
    picture: Path,
    sound: Path,
    destination: Path,
    *,
    duration_s: float,
    title: str | None = None,
    comment: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """The picture stream copied (rotation and all), the sound too, in an MP4 that streams.

    Parameters
    ----------
    picture
        Canonical picture of a clip.
    sound
        What `encode_sound` made; its AAC is copied.
    destination
        Appears whole or not at all.
    duration_s
        Length of the clip; longer sound is cut there.
    title, comment
        The file's only metadata (a credit line, say); nothing of the upload is in it.

    Raises
    ------
    MuxError
        When the video cannot be written.
    """
    # A frame's duration in MP4 is the time to the next frame in order of decoding; copied, the last
    # shown frame of a variable-rate picture could so outlast the clip.
    within = f"setts=pts=PTS:dts=DTS:duration=max(1\\,min(DURATION\\,{duration_s:.6f}/TB-PTS))"
    args = [
        *input_args(picture, formats="mov"),
        *input_args(sound, formats="mov"),
        *("-map", "0:v:0", "-c:v", "copy", "-bsf:v", within),
        *("-map", "1:a:0", "-c:a", "copy"),
        *_BARE,
        *("-metadata", f"title={title}") * bool(title),
        *("-metadata", f"comment={comment}") * bool(comment),
        *("-t", f"{duration_s:.6f}", "-movflags", "+faststart", "-f", "mp4"),
    ]
    return _write(args, destination, duration_s, progress)


def _write(args: list[str], destination: Path, duration_s: float, progress: Progress | None) -> Path:
    partial = destination.with_name(destination.name + ".partial")
    patience = 60 + duration_s
    limits = Limits(wall_s=patience, cpu_s=int(patience))
    try:
        run_ffmpeg([*args, f"file:{partial}"], duration_s=duration_s, progress=progress, limits=limits)
        os.replace(partial, destination)
    except (ToolError, OSError) as error:
        unwritten = MuxError("The finished video could not be written. Try once more.")
        raise trouble(error) or unwritten from error
    finally:
        partial.unlink(missing_ok=True)
    return destination
