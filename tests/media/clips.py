"""Tiny clips of every odd kind, made with the static ffmpeg, and eyes and ears to check them with.

Every clip shows red, lime and blue, one second each, with a white box in the upper left corner, and
sounds a 1 kHz tone during the lime second only: so order, orientation and sync can all be seen.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np

from mrcmv.media import SAMPLE_RATE, ffmpeg_exe

RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SIZE = "160x120"
TONE = "0.5*sin(2000*PI*t)*between(t,1,2)"


def ffmpeg(*args: str | Path) -> None:
    done = subprocess.run(
        [ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", "-loglevel", "error", *map(str, args)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]


def picture(fps: str = "25", size: str = SIZE, extra: str = "") -> list[str]:
    """Input arguments: the three colours."""
    colours = ";".join(f"color={c}:s={size}:r={fps}:d=1[{c}]" for c in ("red", "lime", "blue"))
    box = "drawbox=x=0:y=0:w=iw/4:h=ih/4:color=white:t=fill"
    return ["-f", "lavfi", "-i", f"{colours};[red][lime][blue]concat=n=3,{box}{extra}"]


def tone(expression: str = TONE, rate: int = 48_000, seconds: float = 3.0) -> list[str]:
    """Input arguments: the tone; expressions of several channels are divided by ``|``."""
    return ["-f", "lavfi", "-i", f"aevalsrc={expression.replace(',', chr(92) + ',')}:s={rate}:d={seconds}"]


X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "50"]
AAC = ["-c:a", "aac", "-b:a", "96k"]


def near(pixel: np.ndarray, colour: tuple[int, int, int], slack: int = 60) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= slack)


def colour_name(pixel: np.ndarray) -> str:
    names = {"red": RED, "lime": LIME, "blue": BLUE, "white": WHITE}
    return next((name for name, colour in names.items() if near(pixel, colour)), f"{pixel.tolist()}")


def shown(path: Path) -> list[tuple[float, str]]:
    """(time, colour of the middle) of every frame of a video, as a player would show it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [(float(f.time or 0.0), f.to_ndarray(format="rgb24")) for f in container.decode(stream)]
    return [(time, colour_name(rgb[rgb.shape[0] // 2, rgb.shape[1] // 2])) for time, rgb in frames]


def first_time(path: Path, colour: str) -> float:
    return next(time for time, name in shown(path) if name == colour)


def tone_span(samples: np.ndarray, rate: int = SAMPLE_RATE) -> tuple[float, float]:
    """Where the 1 kHz tone is, (start, end) in seconds, to about 2 ms."""
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    at = np.arange(len(mono)) / rate
    kernel = np.ones(round(0.002 * rate)) / round(0.002 * rate)
    beat = np.convolve(mono * np.exp(-2000j * np.pi * at), kernel, mode="same")
    loud = np.flatnonzero(np.abs(beat) > 0.35 * np.abs(beat).max())
    return loud[0] / rate, (loud[-1] + 1) / rate
