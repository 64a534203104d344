"""The clip that the benchmarks share, made from an example that the project ships."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "assets" / "examples" / "excited.mp4"


def full_hd_clip(folder: Path, seconds: float = 32.0) -> Path:
    """The excited example as 1920 x 1080, 30 fps H.264 (about 8 Mbit/s) with its own sound.

    Grain is added so that the picture costs as much to decode as a real recording.
    """
    out = folder / "full-hd.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    command += ["-stream_loop", "-1", "-i", str(EXAMPLE), "-t", str(seconds)]
    command += ["-vf", "scale=1920:1080,fps=30,noise=alls=6:allf=t", "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "8M", "-maxrate", "8M", "-bufsize", "16M"]
    subprocess.run([*command, "-c:a", "aac", "-b:a", "192k", str(out)], check=True)
    return out
