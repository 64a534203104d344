"""``python -m benchmarks.decoding``: the 64 pictures that the network sees, out of 32 s of 1080p.

Beside what demonstration code does: read every frame in Python and shrink it (PyAV; moviepy), and beside the
limit of whoever decodes every picture: ``ffmpeg -f null``. CPU seconds count, since machines differ in load.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.clips import full_hd_clip
from benchmarks.measure import Ratio, Run, machine, run, run_module, table

SIZE, COUNT = 224, 64


def ours(clip: Path) -> None:
    """Child: the whole intake; beside the pictures it leaves the sound, the copied picture and a poster."""
    from mrcmv.media import open_clip

    with tempfile.TemporaryDirectory() as folder:
        frames = open_clip(clip, Path(folder)).read_frames()
    print(json.dumps({"shape": frames.shape}))


def pyav(clip: Path) -> None:
    """Child: every frame in Python, each shrunk, one in fifteen kept."""
    import av

    with av.open(str(clip)) as container:
        container.streams.video[0].thread_type = "AUTO"
        shrunk = [
            frame.reformat(SIZE, SIZE, "rgb24", interpolation="AREA").to_ndarray()
            for frame in container.decode(video=0)
        ]
    print(json.dumps({"shape": np.stack(shrunk[:: max(1, len(shrunk) // COUNT)][:COUNT]).shape}))


def moviepy(clip: Path) -> None:
    """Child: two frames per second out of moviepy, shrunk by its own effect."""
    from moviepy import VideoFileClip

    with VideoFileClip(str(clip), audio=False) as video:
        frames = list(video.resized((SIZE, SIZE)).iter_frames(fps=2))
    print(json.dumps({"shape": np.stack(frames[:COUNT]).shape}))


def decode_alone(clip: Path) -> Run:
    """The limit: every picture decoded by ffmpeg and thrown away."""
    from mrcmv.media import ffmpeg_exe, thread_budget

    threads = ["-threads", str(thread_budget())]
    return run([ffmpeg_exe(), "-v", "error", *threads, "-i", str(clip), "-an", "-f", "null", "-"])


def main() -> list[Ratio]:
    if len(sys.argv) > 2:
        {"ours": ours, "pyav": pyav, "moviepy": moviepy}[sys.argv[1]](Path(sys.argv[2]))
        return []
    print(f"decoding, 64 pictures of 32 s of 1080p; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        clip = full_hd_clip(Path(name))
        children = ("ours", "pyav", "moviepy")
        runs = {each: run_module("benchmarks.decoding", each, str(clip)) for each in children}
        limit = decode_alone(clip)
    assert all(found.said["shape"] == [COUNT, SIZE, SIZE, 3] for found in runs.values())
    titles = {"ours": "intake, sound and copied picture included", "pyav": "PyAV, every frame in Python"}
    titles["moviepy"] = "moviepy, resized and iter_frames"
    rows = [("", "CPU s", "wall s", "peak MB")]
    for each, found in [*((titles[k], v) for k, v in runs.items()), ("ffmpeg -f null, nothing kept", limit)]:
        rows.append((each, f"{found.cpu_s:.2f}", f"{found.wall_s:.2f}", f"{found.peak_mb:.0f}"))
    print(table(rows))
    mine = runs["ours"].cpu_s
    return [
        Ratio("64 pictures: PyAV, frame by frame", mine, runs["pyav"].cpu_s, "CPU s"),
        Ratio("64 pictures: moviepy", mine, runs["moviepy"].cpu_s, "CPU s"),
        Ratio("64 pictures: the limit, decoding alone", mine, limit.cpu_s, "CPU s"),
    ]


if __name__ == "__main__":
    main()
