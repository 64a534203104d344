"""Small clips made on the spot with PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def make_mp4(path: Path, *, seconds: float = 4.0, tone_hz: float = 330.0, sound: bool = True) -> Path:
    """An H.264 clip of 320 x 180 with a moving block and, if asked for, a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, fps = 44_100, 12
    with av.open(str(path), "w") as box:
        picture = box.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "30"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        tone = box.add_stream("aac", rate=rate) if sound else None
        for number in range(int(seconds * fps)):
            image = np.zeros((180, 320, 3), np.uint8)
            image[..., 2] = np.linspace(40, 110, 320, dtype=np.uint8)
            left = int(260 * number / (seconds * fps))
            image[60:120, left : left + 60] = (230, 150, 60)
            for packet in picture.encode(av.VideoFrame.from_ndarray(image, "rgb24")):
                box.mux(packet)
        for packet in picture.encode():
            box.mux(packet)
        if tone is not None:
            time_s = np.arange(int(seconds * rate)) / rate
            wave = (0.2 * np.sin(2 * np.pi * tone_hz * time_s)).astype(np.float32)
            for start in range(0, wave.size, 1024):
                block = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "fltp", "mono")
                block.rate, block.pts = rate, start
                for packet in tone.encode(block):
                    box.mux(packet)
            for packet in tone.encode():
                box.mux(packet)
    return path
