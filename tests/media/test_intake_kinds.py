"""Every kind of clip that players write becomes the same canonical clip, in sync and upright."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mrcmv.media import SAMPLE_RATE, Clip, open_clip, read_sound, recall, sound_length_s
from mrcmv.media.mp4 import presented_tracks
from tests.media.clips import colour_name, shown, tone_span
from tests.media.odd import ODD, Odd, OddClips

FILES = {"picture.mp4", "frames.npy", "poster.jpg", "clip.json"}
FRAME_S = 0.04


@pytest.fixture(params=ODD, ids=lambda odd: odd.name)
def opened(request: pytest.FixtureRequest, clips: OddClips, tmp_path: Path) -> tuple[Odd, Clip]:
    odd: Odd = request.param
    return odd, open_clip(clips(odd.name), tmp_path)


def test_odd_clip(opened: tuple[Odd, Clip]) -> None:
    odd, clip = opened
    sounds = {"sound.wav"} if odd.tone_s is not None else set()
    assert {path.name for path in clip.folder.iterdir()} == FILES | sounds
    assert recall(clip.folder) == clip
    check_facts(odd, clip)
    times = check_picture(odd, clip)
    check_frames(odd, clip, times)
    check_poster(odd, clip)
    if odd.tone_s is None:
        assert not clip.has_audio
    else:
        check_sound(odd, clip, times)


def check_facts(odd: Odd, clip: Clip) -> None:
    assert clip.picture_copied == odd.copied
    assert (clip.width, clip.height) == odd.size
    assert clip.fps == pytest.approx(odd.fps, rel=0.03)
    assert clip.duration_s == pytest.approx(odd.duration_s, abs=0.1 if "cut" in odd.name else FRAME_S)
    assert clip.window_s == (0.0, clip.duration_s)


def check_picture(odd: Odd, clip: Clip) -> list[tuple[float, str]]:
    """One stream, without names, that starts at 0, shows the colours in order and ends on time."""
    (track,) = presented_tracks(clip.picture)
    assert track.handler == "vide"
    assert track.start_s == 0.0
    assert track.duration_s == pytest.approx(clip.duration_s, abs=1e-3)
    with av.open(str(clip.picture)) as container:
        assert len(container.streams) == 1
        stream = container.streams.video[0]
        assert stream.codec_context.name in {"h264", "vp9", "av1", "libdav1d"}
        assert stream.codec_context.pix_fmt in {"yuv420p", "yuvj420p"}
        words = " ".join([*container.metadata.values(), *stream.metadata.values()])
        assert "Secret" not in words
        assert "48.1" not in words
    times = shown(clip.picture)
    assert times[0] == (pytest.approx(0.0, abs=1e-3), "red")
    frame_s = 1.05 / clip.fps + 0.06 * ("variable" in odd.name)
    assert clip.duration_s - frame_s <= times[-1][0] < clip.duration_s
    names = [name for _, name in times]
    assert names == sorted(names, key=["red", "lime", "blue"].index)
    assert next(t for t, name in times if name == "lime") == pytest.approx(odd.lime_s, abs=0.01)
    if odd.blue_s is not None:
        assert next(t for t, name in times if name == "blue") == pytest.approx(odd.blue_s, abs=0.01)
    return times


def check_frames(odd: Odd, clip: Clip, times: list[tuple[float, str]]) -> None:
    """Place k shows what the player shows at k / 2 s, modulo the clip's length; upright."""
    frames = clip.read_frames()
    assert frames.shape == (64, 224, 224, 3)
    assert frames.dtype == np.uint8
    for k, frame in enumerate(frames):
        at = np.floor((k / 2 % clip.duration_s) * 2 + 1e-6) / 2
        wanted = [name for time, name in times if time <= at + 1e-4][-1]
        assert colour_name(frame[112, 112]) == wanted, f"place {k}"
    corners = [colour_name(frames[0][y, x]) for y, x in ((20, 20), (20, 203), (203, 203), (203, 20))]
    assert corners == ["white" if k == odd.corner else "red" for k in range(4)]


def check_poster(odd: Odd, clip: Clip) -> None:
    from PIL import Image

    with Image.open(clip.poster) as poster:
        assert poster.format == "JPEG"
        width, height = poster.size
        middle = colour_name(np.asarray(poster.convert("RGB"))[height // 2, width // 2])
    assert width <= 640
    assert width / height == pytest.approx(odd.size[0] / odd.size[1], rel=0.03)
    assert middle in {"red", "lime", "blue"}


def check_sound(odd: Odd, clip: Clip, times: list[tuple[float, str]]) -> None:
    assert clip.sound is not None
    assert sound_length_s(clip.sound) == pytest.approx(clip.duration_s, abs=1 / SAMPLE_RATE)
    samples = read_sound(clip.sound)
    begin, end = tone_span(samples)
    assert begin == pytest.approx(odd.tone_s, abs=0.04 if odd.name == "mpeg4.avi" else 0.005)
    assert begin == pytest.approx(next(t for t, name in times if name == "lime"), abs=0.04)
    if odd.duration_s > 2.5:
        assert end - begin == pytest.approx(1.0, abs=0.01)
    inside = samples[round((begin + 0.2) * SAMPLE_RATE) : round((begin + 0.5) * SAMPLE_RATE)]
    level = np.sqrt(2 * np.mean(np.square(inside), axis=0))  # amplitude of a sine
    assert level == pytest.approx([odd.level, odd.level], rel=0.08)
