"""Reading music of any format, by the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np

from mrcmv.media import Samples

LIMIT_S = 120.0


def ffmpeg() -> str:
    """The path of ffmpeg."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def facts(path: Path) -> tuple[float, dict[str, str]]:
    """Length in seconds (0 when unknown) and the tags title, artist, album of a sound file."""
    command = [ffmpeg(), "-hide_banner", "-i", str(path)]
    told = subprocess.run(command, capture_output=True, timeout=LIMIT_S).stderr.decode("utf-8", "replace")
    found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", told)
    length = 0.0
    if found:
        length = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    tags = {}
    for name in ("title", "artist", "album"):
        tag = re.search(rf"^\s+{name}\s*:\s*(.+)$", told, re.IGNORECASE | re.MULTILINE)
        if tag:
            tags[name] = tag[1].strip()
    return length, tags


def decode(path: Path, *, start_s: float, length_s: float, rate: int, channels: int) -> Samples:
    """A part of a sound file: float32, [n] for one channel, else [n, channels]; empty when it fails."""
    command = [
        *(ffmpeg(), "-v", "error", "-threads", "1", "-ss", f"{start_s:.3f}", "-t", f"{length_s:.3f}"),
        *("-i", str(path), "-map", "0:a:0", "-ac", str(channels), "-ar", str(rate), "-f", "f32le", "-"),
    ]
    raw = subprocess.run(command, capture_output=True, timeout=LIMIT_S).stdout
    sound = np.frombuffer(raw[: len(raw) // (4 * channels) * 4 * channels], np.float32).copy()
    return sound if channels == 1 else sound.reshape(-1, channels)
