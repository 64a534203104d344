"""What the network sees of a long clip, one decode, cancelling, names, and repaired or refused files."""

from __future__ import annotations

import importlib
import struct
from pathlib import Path

import numpy as np
import psutil
import pytest

from mrcmv.media import (
    Cancelled,
    IntakeError,
    Reading,
    TooBigError,
    child,
    input_args,
    open_clip,
    read_sound,
    recipe,
)
from mrcmv.media.frames import repeat_index
from tests.media.clips import AAC, TONE, X264, ffmpeg, shown, tone, tone_span
from tests.media.odd import MPEG4, VP8, OddClips
from tests.processes import alive, children

LEVELS = "color=black:s=64x48:r=8:d=46,format=gray,geq=lum='20+4.5*floor(T)'"
"""46 s whose brightness tells the second."""


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "My Holiday.mp4"
    ffmpeg("-f", "lavfi", "-i", LEVELS, *tone("0.1*sin(200*PI*t)", seconds=46), *X264, "-qp", "4", *AAC, path)
    return path


def seconds_seen(frames: np.ndarray) -> list[int]:
    return [round((level - 18) / 4.516) for level in frames.mean(axis=(1, 2, 3))]  # RGB out of the levels


@pytest.mark.parametrize(
    ("start_s", "end_s", "window_s"),
    [
        (0.0, None, (0.0, 32.0)),
        (9.0, None, (9.0, 41.0)),
        (30.0, None, (30.0, 46.0)),
        (12.25, 20.25, (12.25, 20.25)),
        (5.0, 44.0, (5.0, 37.0)),
    ],
)
def test_the_network_sees_the_chosen_part(
    long_clip: Path, tmp_path: Path, start_s: float, end_s: float | None, window_s: tuple[float, float]
) -> None:
    clip = open_clip(long_clip, tmp_path, start_s=start_s, end_s=end_s)
    assert clip.window_s == pytest.approx(window_s, abs=0.01)
    assert clip.duration_s == pytest.approx(46.0, abs=0.04)  # the preview covers the whole clip
    length_s = window_s[1] - window_s[0]
    wanted = [int(window_s[0] + (k / 2) % length_s + 1e-6) for k in range(64)]
    assert seconds_seen(clip.read_frames()) == wanted


def test_the_same_part_out_of_a_transcoded_clip(long_clip: Path, tmp_path: Path) -> None:
    ffmpeg("-i", long_clip, "-an", *MPEG4, "-q:v", "1", tmp_path / "a.avi")
    clip = open_clip(tmp_path / "a.avi", tmp_path, start_s=9.0, end_s=19.0)
    assert not clip.picture_copied
    assert seconds_seen(clip.read_frames()) == [int(9 + (k / 2) % 10) for k in range(64)]


@pytest.mark.parametrize("name", ["recorder.webm", "broadcast.ts", "trimmed.mov"])
def test_part_of_a_clip_without_an_index(clips: OddClips, tmp_path: Path, name: str) -> None:
    clip = open_clip(clips(name), tmp_path, start_s=1.2)
    times = shown(clip.picture)
    wanted = [[name for time, name in times if time <= at][-1] for at in (1.201, 1.701)]
    frames = clip.read_frames()
    seen = [["red", "lime", "blue"][int(np.argmax(frame[112, 112]))] for frame in frames[:2]]
    assert seen == wanted


def test_repeat_rule() -> None:
    assert repeat_index(32.0, 64).tolist() == list(range(64))
    assert repeat_index(3.0, 6).tolist() == [k % 6 for k in range(64)]
    # 1.7 s: times 0, .5, 1, 1.5 | 2 -> .3, .8, 1.3 | 1.8 -> .1 ... keep step with the repeated sound
    assert repeat_index(1.7, 4)[:11].tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1, 2, 3]
    assert repeat_index(31.97, 64).tolist() == list(range(64))
    assert repeat_index(10.0, 3).max() == 2  # fewer frames than promised: the last one stays


def test_one_decode_and_private_names(
    long_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[list[str]] = []
    real = child._start

    def spy(command: list[str], limits: child.Limits) -> object:
        runs.append(list(command))
        return real(command, limits)

    monkeypatch.setattr(child, "_start", spy)
    before = long_clip.stat()
    clip = open_clip(long_clip, tmp_path)
    decoders = [run for run in runs if "ffmpeg" in Path(run[0]).name]
    assert len(decoders) == 2
    assert sorted("-an" in run for run in decoders) == [False, True], "one copies packets, one decodes"
    assert sum("copy" in run for run in decoders) == 1
    assert sum("probe_child" in part for run in runs for part in run) == 1
    words = " ".join(part for run in runs for part in run)
    assert "Holiday" not in words
    assert words.count("-protocol_whitelist file") == words.count("-format_whitelist") == 2
    assert "Holiday" not in (tmp_path / "clip.json").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "clip.json",
        "frames.npy",
        "picture.mp4",
        "poster.jpg",
        "sound.wav",
    ]
    after = long_clip.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert clip.picture.read_bytes().find(b"Holiday") == -1


def test_progress_rises_and_cancel_kills_and_cleans(long_clip: Path, tmp_path: Path) -> None:
    ffmpeg("-stream_loop", "3", "-i", long_clip, "-an", "-vf", "scale=640:480", *MPEG4, tmp_path / "a.avi")
    folder = tmp_path / "clip"
    folder.mkdir()
    before, seen = children(), set[psutil.Process]()
    told: list[float] = []

    def progress(done: float) -> None:
        told.append(done)
        seen.update(children() - before)
        if done > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        open_clip(tmp_path / "a.avi", folder, progress=progress)
    assert told == sorted(told)
    assert any(0.1 < done < 0.9 for done in told)
    assert seen
    assert not [process for process in seen if alive(process)]
    assert list(folder.iterdir()) == []


def test_progress_ends_at_one(clips: OddClips, tmp_path: Path) -> None:
    told: list[float] = []
    open_clip(clips("plain.mp4"), tmp_path, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_too_slow_a_probe_is_ended(clips: OddClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("mrcmv.media.probe")  # the name in the package is the function
    endless = tmp_path / "endless.py"
    endless.write_text("import time; time.sleep(120)")
    folder = tmp_path / "clip"
    folder.mkdir()
    monkeypatch.setattr(module, "_CHILD", endless)
    monkeypatch.setattr(module, "PROBE_LIMITS", child.Limits(wall_s=0.3, cpu_s=10))
    with pytest.raises(IntakeError, match="takes too long"):
        open_clip(clips("plain.mp4"), folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, None), (2.0, 2.5), (float("nan"), None), (700, None)])
def test_a_part_that_makes_no_sense(
    clips: OddClips, tmp_path: Path, start_s: float, end_s: float | None
) -> None:
    with pytest.raises(IntakeError, match="at least one second"):
        open_clip(clips("plain.mp4"), tmp_path, start_s=start_s, end_s=end_s)


def test_a_part_behind_the_end(clips: OddClips, tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="behind the end"):
        open_clip(clips("plain.mp4"), tmp_path, start_s=20.0)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_whose_head_is_lost(clips: OddClips, tmp_path: Path) -> None:
    """Its packets begin between two key frames: the first whole frame stands until the next one."""
    packets = clips("broadcast.ts").read_bytes()
    first = len(packets) // 188 * 2 // 5
    (tmp_path / "lost.ts").write_bytes(packets[: 3 * 188] + packets[first * 188 :])
    folder = tmp_path / "clip"
    folder.mkdir()
    clip = open_clip(tmp_path / "lost.ts", folder)
    assert not clip.picture_copied
    times = shown(clip.picture)
    assert [name for _, name in times] == ["blue"] * len(times)
    assert times[0][0] == 0.0
    assert clip.duration_s == pytest.approx(times[-1][0] + 0.04, abs=0.02)
    assert clip.sound is not None
    _, end = tone_span(read_sound(clip.sound))
    assert end == pytest.approx(times[1][0] - 0.04, abs=0.04)  # the tone ends where blue begins


def test_ambisonic_sound(clips: OddClips, tmp_path: Path) -> None:
    sound = tone("|".join([TONE, "0", "0", "0"]))
    sound[-1] += ":c=ambisonic 1"
    source = tmp_path / "sphere.mkv"
    ffmpeg(
        "-i", clips("silent.mp4"), *sound, "-c:v", "copy", "-c:a", "libopus", "-mapping_family", "2", source
    )
    clip = open_clip(source, tmp_path)
    assert clip.sound is not None
    samples = read_sound(clip.sound)
    assert tone_span(samples) == pytest.approx((1.0, 2.0), abs=0.01)
    assert np.array_equal(samples[:, 0], samples[:, 1])


def test_sound_that_is_no_number_becomes_silence(clips: OddClips, tmp_path: Path) -> None:
    source = tmp_path / "nan.mkv"
    bad = tone("if(between(t,1,2),0/0,0.25)")
    ffmpeg("-i", clips("silent.mp4"), *bad, "-c:v", "copy", "-c:a", "pcm_f32le", source)
    clip = open_clip(source, tmp_path)
    assert clip.sound is not None
    samples = read_sound(clip.sound)
    assert np.isfinite(samples).all()
    assert samples[22_050] == pytest.approx([0.25, 0.25], abs=0.01)
    assert np.abs(samples[66_150]).max() == 0.0


def test_a_claim_of_one_hundred_hours(clips: OddClips, tmp_path: Path) -> None:
    """Three seconds whose header says 100 h, or whose last packet 10 h: refused without the work."""
    data = bytearray(clips("vp9.webm").read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # the element Duration, a double in milliseconds
    assert struct.unpack(">d", data[at : at + 8])[0] == pytest.approx(3000, abs=50)
    data[at : at + 8] = struct.pack(">d", 100 * 3600 * 1000.0)
    (tmp_path / "header").write_bytes(data)
    jump = "setts=ts=if(lt(N\\,70)\\,TS\\,TS+36000/TB)"
    ffmpeg("-i", clips("av1.mp4"), "-c", "copy", "-bsf:v", jump, "-f", "mp4", tmp_path / "packet")
    for name in ("header", "packet"):
        folder = tmp_path / f"{name}-clip"
        folder.mkdir()
        with pytest.raises(TooBigError, match="longer than 10 minutes"):
            open_clip(tmp_path / name, folder)
        assert list(folder.iterdir()) == []


def test_ten_minutes_are_the_limit_whatever_the_header_says(tmp_path: Path) -> None:
    still = ("-f", "lavfi", "-i", "color=red:s=32x32:r=1:d=640")
    ffmpeg(*still, *X264, tmp_path / "honest.mp4")
    ffmpeg(*still, *VP8, "-live", "1", tmp_path / "silent_header.webm")
    for name in ("honest.mp4", "silent_header.webm"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        with pytest.raises(TooBigError, match="longer than 10 minutes"):
            open_clip(tmp_path / name, folder)
        assert list(folder.iterdir()) == []


def test_two_hours_of_sound_behind_three_seconds_of_picture(clips: OddClips, tmp_path: Path) -> None:
    """Sound packets whose times run on for two hours are bounded, and cut to the picture."""
    source = tmp_path / "bomb.webm"
    stretch = "setts=ts=if(lt(N\\,60)\\,TS\\,TS*3000)"
    ffmpeg("-i", clips("vp9.webm"), "-c", "copy", "-bsf:a", stretch, "-live", "1", source)
    folder = tmp_path / "clip"
    folder.mkdir()
    clip = open_clip(source, folder)
    assert clip.duration_s == pytest.approx(3.0, abs=0.05)
    assert clip.sound is not None
    assert len(read_sound(clip.sound)) == round(clip.duration_s * 44_100)


def test_a_clip_under_one_second_is_refused(clips: OddClips, tmp_path: Path) -> None:
    ffmpeg("-i", clips("plain.mp4"), "-t", "0.5", *X264, *AAC, tmp_path / "short.mp4")
    folder = tmp_path / "clip"
    folder.mkdir()
    with pytest.raises(IntakeError, match="than a second"):
        open_clip(tmp_path / "short.mp4", folder)


def test_a_name_is_never_a_protocol() -> None:
    assert input_args(Path("concat:a|b"))[-1] == "file:concat:a|b"


SPARE = "testsrc2=s=160x120:r=30:d=12,noise=alls=20:allf=t:all_seed=5"
"""12 s in which every picture differs from the one before."""


@pytest.mark.parametrize("start_s", [0.0, 3.4])
@pytest.mark.parametrize(
    "coded", ["bframes=3:b-pyramid=normal", "bframes=2:b-pyramid=none:slices=3", "bframes=0", "interlaced=1"]
)
def test_pictures_that_nobody_sees_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coded: str, start_s: float
) -> None:
    source = tmp_path / "clip.mp4"
    ffmpeg("-f", "lavfi", "-i", SPARE, *X264, "-x264-params", f"keyint=60:{coded}", source)
    runs: list[list[str]] = []
    real = child._start

    def spy(command: list[str], limits: child.Limits) -> object:
        runs.append(list(command))
        return real(command, limits)

    monkeypatch.setattr(child, "_start", spy)
    (tmp_path / "few").mkdir()
    few = open_clip(source, tmp_path / "few", start_s=start_s)
    terms = sum(word.count("eq(pos") for run in runs for word in run)
    if "bframes=0" in coded or "interlaced" in coded:
        assert terms == 0
    else:
        assert terms > 0.2 * 30 * (12 - start_s)
    monkeypatch.setattr(recipe, "_one_of", lambda places: "0")
    (tmp_path / "all").mkdir()
    whole = open_clip(source, tmp_path / "all", start_s=start_s)
    assert few.frames.read_bytes() == whole.frames.read_bytes()
    assert few.poster.read_bytes() == whole.poster.read_bytes()


def test_what_is_shown_at_a_wanted_time_is_not_spare() -> None:
    from mrcmv.media.probe_child import serves_no_other, unshown

    shown = [k / 10 for k in range(41)]
    spare = {1000 + k: k / 10 for k in range(41) if k % 2}
    # 0.5, 1.5, 2.5 are shown; 0.4, 0.9 ... are shown where a time is rounded down; the end is kept
    assert [place - 1000 for place in unshown(shown, spare, 4.0)] == [1, 3, 7, 11, 13, 17, 21, 23, 27, 31, 33]
    assert unshown([], {}, 4.0) == []
    slice_of = {name: bytes([0, 0, 0, 2, head, 0]) for name, head in {"lone": 1, "needed": 0x21}.items()}
    assert serves_no_other(memoryview(slice_of["lone"] * 2), 4)
    assert not serves_no_other(memoryview(slice_of["lone"] + slice_of["needed"]), 4)
    assert not serves_no_other(memoryview(slice_of["lone"][:-1]), 4), "cut off"
    assert not serves_no_other(memoryview(b"\xff" * 64), 4)
    assert not serves_no_other(memoryview(b""), 4)


def test_the_sound_is_there_before_the_picture(clips: OddClips, tmp_path: Path) -> None:
    with Reading(clips("plain.mp4"), tmp_path) as reading:
        assert reading.sound is not None
        early = read_sound(reading.sound)
        clip = reading.finish()
    assert clip.window_s == reading.window_s
    assert clip.sound is not None
    assert np.array_equal(read_sound(clip.sound), early)


def test_reading_that_is_left_early_leaves_nothing(
    long_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = recipe.frames_arguments  # -re: no faster than the clip plays, so that it is there to be seen
    monkeypatch.setattr(recipe, "frames_arguments", lambda plan, work: ["-re", *arguments(plan, work)])
    before, seen = children(), set[psutil.Process]()

    def leave() -> None:
        with Reading(long_clip, tmp_path):
            seen.update(children() - before)
            raise Cancelled

    with pytest.raises(Cancelled):
        leave()
    assert list(tmp_path.iterdir()) == []
    assert seen
    assert not [process for process in seen if alive(process)]


def test_a_picture_that_fails_behind_the_sound_is_told(
    long_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "frames_arguments", lambda plan, work: ["-i", "file:/no/such"])
    with Reading(long_clip, tmp_path) as reading:
        assert reading.sound is not None
        with pytest.raises(IntakeError, match="damaged"):
            reading.finish()
    assert list(tmp_path.iterdir()) == []
