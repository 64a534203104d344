"""What the tests of fetching share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mrcmv.media import ffmpeg_exe, read_sound, write_sound
from mrcmv.training.fetch.clips import Separate
from tests.training.fetch.site import STALL_AFTER, Site


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for all of training, but without torch, which most of these tests never need."""
    monkeypatch.setenv("MRCMV_THREADS", "1")


@pytest.fixture
def site(clip_bytes: bytes) -> Iterator[Site]:
    """A site with ``/one.mp4``; the tests add to it."""
    site = Site()
    site.files["/one.mp4"] = clip_bytes
    yield site
    site.close()


def film(path: Path, tone_hz: int, *, sound: bool = True, seconds: float = 2.0) -> Path:
    """A clip of a few kilobytes with a tone."""
    tone = ["-f", "lavfi", "-i", f"sine=f={tone_hz}:r=44100:d={seconds}", "-c:a", "aac"] if sound else []
    picture = ["-f", "lavfi", "-i", f"testsrc=s=96x64:r=10:d={seconds}"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg_exe(), "-v", "error", *picture, *tone, *encode], check=True)
    return path


def padded(data: bytes) -> bytes:
    """The same clip, larger by a box that every reader skips."""
    return data + (3 * STALL_AFTER).to_bytes(4, "big") + b"free" + bytes(3 * STALL_AFTER - 8)


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("clip") / "one.mp4", 440)


@pytest.fixture(scope="session")
def clip_bytes(clip_file: Path) -> bytes:
    return clip_file.read_bytes()


@pytest.fixture
def half() -> Callable[[], Separate]:
    """In place of Spleeter: the voice is a third of the sound, the rest is the accompaniment."""

    def separate(sound: Path, folder: Path) -> SimpleNamespace:
        folder.mkdir(parents=True)
        samples = read_sound(sound)
        files = SimpleNamespace(voice=folder / "voice.wav", accompaniment=folder / "accompaniment.wav")
        write_sound(files.voice, samples / np.float32(3))
        write_sound(files.accompaniment, samples * np.float32(2 / 3))
        return files

    return lambda: separate


@pytest.fixture
def write_lists(tmp_path: Path) -> Callable[[list[str], list[str]], str]:
    """Write the two lists of hok400 with these lines; gives their folder."""

    def write(train: list[str], test: list[str]) -> str:
        folder = tmp_path / "lists"
        folder.mkdir(exist_ok=True)
        (folder / "training_part_HoK400.txt").write_text("".join(f"{line}\n" for line in train))
        (folder / "test_part_HoK400.txt").write_text("".join(f"{line}\n" for line in test))
        return str(folder)

    return write
