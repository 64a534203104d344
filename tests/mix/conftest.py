from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mrcmv.media import Clip, Samples, run_ffmpeg, write_sound


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Clip]:
    """A canonical clip of a small moving picture and the given sound."""

    def make(duration_s: float, sound: Samples | None = None) -> Clip:
        folder = tmp_path / "clip"
        folder.mkdir()
        source = f"testsrc2=size=128x96:rate=25:duration={duration_s}"
        encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
        run_ffmpeg(["-f", "lavfi", "-i", source, *encode, str(folder / "picture.mp4")])
        path = None
        if sound is not None:
            path = folder / "sound.wav"
            write_sound(path, sound)
        return Clip(
            folder=folder,
            picture=folder / "picture.mp4",
            picture_copied=True,
            sound=path,
            frames=folder / "frames.npy",
            poster=folder / "poster.jpg",
            duration_s=duration_s,
            width=128,
            height=96,
            fps=25.0,
            window_s=(0.0, min(32.0, duration_s)),
        )

    return make
