import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import ffmpeg_exe, write_sound
from mrcmv.training import prepare
from mrcmv.training.prepared import Prepared, load_prepared


def film(path: Path, seconds: float, sound: str | None = None) -> None:
    """A clip that gets brighter by the half second, tiny, with or without a tone."""
    picture = f"color=black:s=64x64:r=10:d={seconds},geq=lum='16+3*floor(T*2)':cb=128:cr=128"
    tone = ["-f", "lavfi", "-i", f"{sound}:d={seconds}", "-c:a", "aac"] if sound else []
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture, *tone, *encode], check=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    film(folder / "long.mp4", 33.5)
    film(folder / "short.mp4", 3.0, "sine=frequency=440:sample_rate=44100")
    time = np.arange(3 * 44_100) / 44_100
    music = 0.25 * np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    write_sound(folder / "music.wav", np.stack([music, music], axis=1))
    rows = [
        {"id": "long", "split": "train", "clip": "long.mp4"},
        {"id": "short", "split": "train", "clip": "short.mp4", "music": "music.wav"},
        {"id": "other", "split": "test", "clip": "not-there.mp4"},
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def clips(data: Path) -> dict[str, Prepared]:
    folder = prepare(data, 32, splits=("train",), workers=2)
    assert sorted(path.name for path in folder.iterdir()) == ["long.npz", "short.npz"]
    return {name: load_prepared(folder / f"{name}.npz") for name in ("long", "short")}


def test_a_clip_of_more_than_one_window_has_every_half_second_once(clips: dict[str, Prepared]) -> None:
    long = clips["long"]
    assert long.duration_s == pytest.approx(33.5, abs=0.05)
    assert long.frames.shape == (67, 32, 32, 3)
    light = long.frames.mean(axis=(1, 2, 3))
    assert np.diff(light) == pytest.approx(np.full(66, 3 * 255 / 219), abs=1.5)
    assert (long.crop(1.5).frames == long.frames[3:67]).all()
    assert long.crop(0.0).voice is None
    assert long.crop(0.0).music is None


def test_clean_music_is_taken_and_a_tone_is_nobody_speaking(clips: dict[str, Prepared]) -> None:
    short = clips["short"]
    assert short.frames.shape == (6, 32, 32, 3)
    assert not short.speech
    assert len(short.voice) == len(short.music) == len(short.rest) == pytest.approx(48_000, abs=200)
    spectrum = np.abs(np.fft.rfft(short.music[:16_000].astype(float)))
    assert spectrum.argmax() == 1000
    assert np.abs(short.music).max() / 32768 == pytest.approx(0.25, abs=0.01)


def test_only_what_is_missing_or_out_of_date_is_made_again(data: Path, clips: dict[str, Prepared]) -> None:
    folder = data / "prepared-32"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    prepare(data, 32, splits=("train",))
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    later = before["long.npz"] + 1_000_000_000
    os.utime(data / "long.mp4", ns=(later, later))
    (folder / "short.npz").write_bytes(b"half")
    said: list[float] = []
    prepare(data, 32, splits=("train",), progress=said.append)
    assert (folder / "long.npz").stat().st_mtime_ns != before["long.npz"]
    assert np.array_equal(load_prepared(folder / "short.npz").frames, clips["short"].frames)
    assert said == [0.0, 0.5, 1.0]
