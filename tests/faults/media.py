"""Faults while files are read and written."""

from __future__ import annotations

import dataclasses
import os
import shutil
import stat
from pathlib import Path
from unittest import mock

import numpy as np

from mrcmv.media import encode_sound, ffmpeg_exe, mux, open_clip, probe, work_folder, write_sound
from tests.faults.bench import Outcome, fault, sentence
from tests.faults.machine import ROOT, Killer, disk, file_limit, fill, freeze, python, thaw

CLIP = ROOT / "assets" / "examples" / "calm.mp4"
PROBE = ROOT / "mrcmv" / "media" / "probe_child.py"


def folder(place: Path, name: str = "work") -> Path:
    made = place / name
    made.mkdir()
    return made


def noise(path: Path, seconds: float) -> Path:
    sound = np.random.default_rng(0).uniform(-0.2, 0.2, (round(44_100 * seconds), 2))
    write_sound(path, sound.astype(np.float32))
    return path


def reads(place: Path) -> str:
    """Whether a clip is read as always, now that the fault is over."""
    clip = open_clip(CLIP, folder(place, "again"))
    assert clip.read_frames().shape == (64, 224, 224, 3)
    return "the same clip is read once more, at once"


@fault("ffmpeg killed", "while a clip is read")
def _(place: Path) -> Outcome:
    work, killer = folder(place), Killer("ffmpeg")
    said = sentence(lambda: open_clip(CLIP, work, progress=killer))
    assert killer.killed >= 1
    assert "ended from outside" in said
    assert not list(work.iterdir())
    return Outcome(said, reads(place))


@fault("probe killed", "while an upload is looked at")
def _(place: Path) -> Outcome:
    work, killer = folder(place), Killer("probe_child")
    sleepy = place / "probe_child.py"  # else it may be through before it is seen
    sleepy.write_text(
        f"import runpy, time\ntime.sleep(2)\nrunpy.run_path({str(PROBE)!r}, run_name='__main__')"
    )
    with mock.patch("mrcmv.media.probe._CHILD", sleepy):
        said = sentence(lambda: open_clip(CLIP, work, progress=killer))
    assert killer.killed >= 1
    assert "ended from outside" in said
    return Outcome(said, reads(place))


@fault("ffmpeg killed", "while a mix is encoded")
def _(place: Path) -> Outcome:
    sound, killer = noise(place / "mix.wav", 240), Killer("ffmpeg")
    made = place / "mix.m4a"
    said = sentence(lambda: encode_sound(sound, made, duration_s=240, progress=killer))
    assert killer.killed >= 1
    assert "ended from outside" in said
    assert not made.exists()
    encode_sound(sound, made, duration_s=5)
    assert probe(made).sound is not None
    return Outcome(said, "the mix is made once more, at once")


@fault("ffmpeg killed", "while the finished video is written")
def _(place: Path) -> Outcome:
    clip = open_clip(CLIP, folder(place))
    sound = encode_sound(noise(place / "mix.wav", 3), place / "mix.m4a", duration_s=3)
    dying = place / "ffmpeg"
    dying.write_text(f'#!/bin/sh\n"{ffmpeg_exe()}" "$@" -t 1\nkill -KILL $$\n')
    dying.chmod(dying.stat().st_mode | stat.S_IXUSR)
    made = place / "made.mp4"
    with mock.patch("mrcmv.media.ffmpeg.ffmpeg_exe", return_value=str(dying)):
        said = sentence(lambda: mux(clip.picture, sound, made, duration_s=3))
    assert "ended from outside" in said
    assert not made.exists()
    mux(clip.picture, sound, made, duration_s=3)
    assert probe(made).picture is not None
    return Outcome(said, "the video is written once more, at once; clip and mix are as they were")


@fault("program killed", "while ffmpeg reads a clip for it")
def _(place: Path) -> Outcome:
    code = (
        "import sys; from pathlib import Path; from mrcmv.media import open_clip\n"
        "open_clip(Path(sys.argv[1]), Path(sys.argv[2]),"
        " progress=lambda done: print(done, flush=True))"
    )
    import psutil

    work = folder(place)
    process = python(code, str(CLIP), str(work))
    assert process.stdout is not None
    children: list[psutil.Process] = []
    for _line in process.stdout:
        children = psutil.Process(process.pid).children(recursive=True)
        if any("ffmpeg" in child.name() for child in children):
            break
    process.kill()
    process.communicate()
    if shutil.which("setpriv"):
        psutil.wait_procs(children, timeout=5)
        assert not any(child.is_running() for child in children)
    left = [path.name for path in work.iterdir()]
    assert left
    open_clip(CLIP, work)
    assert not [path for path in work.iterdir() if path.name.startswith("intake-")]
    return Outcome(
        "(the program is gone)",
        "its ffmpeg ends with it; the next who works in that folder deletes what it left",
    )


@fault("disk full", "while a clip is read (file system of 8 MB)")
def _(place: Path) -> Outcome:
    with disk(place / "disk", 8) as small:
        work = folder(small)
        said = sentence(lambda: open_clip(CLIP, work))
        assert "disk is full" in said
        assert not list(work.iterdir())
    return Outcome(said, reads(place))


@fault("disk full", "while a clip is read (limit on files)")
def _(place: Path) -> Outcome:
    work = folder(place)
    with file_limit(1 << 20):
        said = sentence(lambda: open_clip(CLIP, work))
    assert "disk is full" in said
    assert not list(work.iterdir())
    return Outcome(said, reads(place))


@fault("disk full", "while a voice is separated (limit on files)")
def _(place: Path) -> Outcome:
    with file_limit(1 << 20):
        said = sentence(lambda: noise(place / "voice.wav", 60))
    assert "disk is full" in said
    assert not (place / "voice.wav").exists()
    noise(place / "voice.wav", 1)
    return Outcome(said, "nothing half lies there; it is written once there is room")


@fault("disk full", "while the finished video is written (file system of 4 MB)")
def _(place: Path) -> Outcome:
    clip = open_clip(CLIP, folder(place))
    sound = encode_sound(noise(place / "mix.wav", 10), place / "mix.m4a", duration_s=10)
    with disk(place / "disk", 4) as small:
        ballast = fill(small, leave=200_000)
        said = sentence(lambda: mux(clip.picture, sound, small / "made.mp4", duration_s=10))
        assert "disk is full" in said
        assert [path.name for path in small.iterdir()] == ["ballast"]
        ballast.unlink()
        mux(clip.picture, sound, small / "made.mp4", duration_s=1)
        assert probe(small / "made.mp4").picture is not None
    return Outcome(said, "written once there is room; clip and mix are as they were")


@fault("disk read-only", "while a clip is read")
def _(place: Path) -> Outcome:
    with disk(place / "disk", 64) as frozen:
        work = folder(frozen)
        freeze(frozen)
        said = sentence(lambda: open_clip(CLIP, work))
        assert "read-only" in said
        thaw(frozen)
        open_clip(CLIP, work)
    return Outcome(said, "read as always once the folder can be written")


@fault("temporary folder read-only", "while a track is compared")
def _(place: Path) -> Outcome:
    import tempfile

    from mrcmv.media import fingerprint

    sound = noise(place / "track.wav", 8)
    with disk(place / "disk", 8) as frozen:
        freeze(frozen)
        with mock.patch.object(tempfile, "tempdir", str(frozen)):
            said = sentence(lambda: fingerprint(sound))
    assert "TMPDIR" in said
    assert len(fingerprint(sound))
    return Outcome(said, "the track is compared once TMPDIR can be written; it cannot come in uncompared")


@fault("out of memory", "ffmpeg, while a clip is read (450 MB of address space)")
def _(place: Path) -> Outcome:
    from mrcmv.media import intake

    def tight(**limits: float) -> object:
        return dataclasses.replace(real(**limits), memory_bytes=450 << 20)

    real, work = intake.Limits, folder(place)
    with mock.patch.object(intake, "Limits", tight):
        said = sentence(lambda: open_clip(CLIP, work))
    assert "memory" in said
    return Outcome(said, reads(place))


@fault("program killed", "with a work folder of its own")
def _(place: Path) -> Outcome:
    code = (
        "import sys, time; from pathlib import Path; from mrcmv.media import work_folder\n"
        "with work_folder('.mix-', Path(sys.argv[1])) as made:\n"
        "    (made / 'half.wav').write_bytes(b'x'); print(made, flush=True); time.sleep(60)"
    )
    work = folder(place)
    process = python(code, str(work))
    assert process.stdout is not None
    made = Path(process.stdout.readline().strip())
    with work_folder(".mix-", work):
        assert made.is_dir()  # its maker lives
    process.kill()
    process.communicate()
    assert made.is_dir()
    os.utime(made, (0, 2e9))  # the clock has no say
    with work_folder(".mix-", work):
        assert not made.exists()
    return Outcome("(the program is gone)", "the next who works there deletes it, whatever the clock says")
