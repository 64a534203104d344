"""The finished video: picture untouched, sound at its time, nothing of the upload in it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mrcmv.media import Cancelled, MuxError, encode_sound, mux, open_clip, read_sound, write_sound
from mrcmv.media.mp4 import presented_tracks
from tests.media.clips import first_time, shown, tone_span
from tests.media.odd import OddClips


def packets(path: Path) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.size]


@pytest.mark.parametrize(
    "name",
    ["plain.mp4", "left.mov", "vp9.webm", "av1.mp4", "variable.mkv", "trimmed.mov", "one.mp4", "mpeg4.avi"],
)
def test_picture_is_copied_and_sound_stays_in_sync(clips: OddClips, tmp_path: Path, name: str) -> None:
    clip = open_clip(clips(name), tmp_path)
    assert clip.sound is not None
    done = tmp_path / "done.mp4"
    told: list[float] = []
    sound = encode_sound(clip.sound, tmp_path / "sound.m4a", duration_s=clip.duration_s)
    assert mux(clip.picture, sound, done, duration_s=clip.duration_s, progress=told.append) == done
    assert np.array_equal(read_sound(done), read_sound(sound))
    assert [data for _, data in packets(done)] == [data for _, data in packets(clip.picture)]
    assert shown(done) == shown(clip.picture)
    picture, sound = presented_tracks(done)
    assert (picture.handler, sound.handler) == ("vide", "soun")
    for track in (picture, sound):
        assert track.start_s == 0.0
        assert track.duration_s == pytest.approx(clip.duration_s, abs=0.04)
    begin, _ = tone_span(read_sound(done))
    assert begin == pytest.approx(first_time(done, "lime"), abs=0.04)
    assert told[-1] == 1.0
    data = done.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # plays while it loads


def test_rotation_is_kept(clips: OddClips, tmp_path: Path) -> None:
    clip = open_clip(clips("left.mov"), tmp_path)
    assert clip.sound is not None
    sound = encode_sound(clip.sound, tmp_path / "sound.m4a", duration_s=clip.duration_s)
    mux(clip.picture, sound, tmp_path / "done.mp4", duration_s=clip.duration_s)
    for path in (clip.picture, tmp_path / "done.mp4"):
        with av.open(str(path)) as container:
            assert next(container.decode(video=0)).rotation == 90


def test_sound_is_aac_and_metadata_is_ours_alone(clips: OddClips, tmp_path: Path) -> None:
    clip = open_clip(clips("streams.mkv"), tmp_path)
    assert clip.sound is not None
    done = tmp_path / "done.mp4"
    credit = 'Music: "Late = Night; 夜" by A. N. Other, CC BY 4.0'
    noise = np.random.default_rng(0).normal(0, 0.2, (3 * 44_100, 2)).astype(np.float32)
    write_sound(tmp_path / "noise.wav", noise)
    sound = encode_sound(tmp_path / "noise.wav", tmp_path / "sound.m4a", duration_s=3.0)
    mux(clip.picture, sound, done, duration_s=3.0, title="A clip", comment=credit)
    with av.open(str(done)) as container:
        assert container.metadata["title"] == "A clip"
        assert container.metadata["comment"] == credit
        assert set(container.metadata) <= {
            "title",
            "comment",
            "major_brand",
            "minor_version",
            "compatible_brands",
        }
        assert [s.type for s in container.streams] == ["video", "audio"]
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert (stream.codec_context.rate, stream.codec_context.channels) == (44_100, 2)
        rate = sum(p.size for p in container.demux(stream)) * 8 / 3.0
    assert rate == pytest.approx(256_000, rel=0.25)
    assert b"Secret" not in done.read_bytes()


def test_longer_sound_is_cut_at_the_clips_end(clips: OddClips, tmp_path: Path) -> None:
    clip = open_clip(clips("silent.mp4"), tmp_path)
    write_sound(tmp_path / "long.wav", np.zeros((10 * 44_100, 2), np.float32))
    sound = encode_sound(tmp_path / "long.wav", tmp_path / "sound.m4a", duration_s=clip.duration_s)
    mux(clip.picture, sound, tmp_path / "done.mp4", duration_s=clip.duration_s)
    assert [round(t.duration_s, 1) for t in presented_tracks(tmp_path / "done.mp4")] == [3.0, 3.0]


def test_nothing_half_written(clips: OddClips, tmp_path: Path) -> None:
    clip = open_clip(clips("silent.mp4"), tmp_path)
    write_sound(tmp_path / "long.wav", np.zeros((200 * 44_100, 2), np.float32))
    before = {p.name for p in tmp_path.iterdir()}

    def stop(done: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        encode_sound(tmp_path / "long.wav", tmp_path / "sound.m4a", duration_s=200.0, progress=stop)
    with pytest.raises(MuxError) as error:
        mux(clip.poster, tmp_path / "long.wav", tmp_path / "done.mp4", duration_s=3.0)
    assert str(tmp_path) not in str(error.value)
    assert {p.name for p in tmp_path.iterdir()} == before
