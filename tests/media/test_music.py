"""Music files of every kind become canonical sound; tags and fingerprint are reported."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mrcmv.media import SAMPLE_RATE, Cancelled, TooBigError, open_sound, probe, read_sound
from mrcmv.media.ffmpeg import SOUND_FORMATS
from tests.media.clips import ffmpeg, tone, tone_span
from tests.media.odd import OddClips

TAGS = ["-metadata", "title=Night Drive", "-metadata", "artist=A. N. Other", "-metadata", "album=Roads"]
KINDS = {
    "a.mp3": ["-c:a", "libmp3lame"],
    "a.m4a": ["-c:a", "aac"],
    "a.ogg": ["-c:a", "libvorbis"],
    "a.opus": ["-c:a", "libopus"],
    "a.flac": ["-c:a", "flac", "-sample_fmt", "s16"],
    "a.wav": ["-c:a", "pcm_s16le"],
    "a.aiff": ["-c:a", "pcm_s16be", "-write_id3v2", "1"],
    "a.mka": ["-c:a", "flac", "-sample_fmt", "s16"],
}


@pytest.mark.parametrize("name", KINDS)
def test_kind(name: str, tmp_path: Path) -> None:
    source = tmp_path / name
    ffmpeg(*tone("0.5*sin(2000*PI*t)*between(t,1,2)|0"), *TAGS, *KINDS[name], source)
    facts = open_sound(source, tmp_path / "made.flac")
    assert facts.path == tmp_path / "made.flac"
    assert facts.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert (facts.title, facts.artist) == ("Night Drive", "A. N. Other")
    if name != "a.aiff":
        assert facts.album == "Roads"
    info = soundfile.info(facts.path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", SAMPLE_RATE, 2)
    assert facts.duration_s == pytest.approx(3.0, abs=0.06)
    samples = read_sound(facts.path)
    assert tone_span(samples[:, 0]) == pytest.approx((1.0, 2.0), abs=0.01)
    assert np.abs(samples[:, 1]).max() < 0.05  # left stays left
    assert {p.name for p in tmp_path.iterdir()} == {name, "made.flac"}


def test_lossless_sound_is_kept_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for subtype, name in (("PCM_16", "a.wav"), ("PCM_24", "b.flac")):
        soundfile.write(tmp_path / name, rng.uniform(-0.9, 0.9, (30_000, 2)), SAMPLE_RATE, subtype)
        open_sound(tmp_path / name, tmp_path / "made.flac")
        assert soundfile.info(tmp_path / "made.flac").subtype == subtype
        assert np.array_equal(
            soundfile.read(tmp_path / "made.flac", dtype="int32")[0],
            soundfile.read(tmp_path / name, dtype="int32")[0],
        )


def test_mono_keeps_its_level_on_both_sides(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(44_100, 0.5), SAMPLE_RATE)
    facts = open_sound(tmp_path / "a.wav", tmp_path / "made.wav")
    assert soundfile.info(facts.path).subtype == "FLOAT"
    samples = read_sound(facts.path)
    assert samples.shape == (44_100, 2)
    assert np.allclose(samples, 0.5, atol=1e-3)


def test_cover_art_is_left_out(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=white:s=64x64", "-frames:v", "1", tmp_path / "cover.jpg")
    inputs = ("-i", tmp_path / "cover.jpg", *tone(), "-map", "1", "-map", "0", "-c:v", "copy")
    ffmpeg(*inputs, "-disposition:v", "attached_pic", *TAGS, tmp_path / "a.mp3")
    facts = open_sound(tmp_path / "a.mp3", tmp_path / "made.flac")
    assert facts.title == "Night Drive"
    assert facts.duration_s == pytest.approx(3.0, abs=0.06)
    assert probe(tmp_path / "a.mp3", formats=SOUND_FORMATS).picture is None


def test_the_sound_of_a_clip(clips: OddClips, tmp_path: Path) -> None:
    facts = open_sound(clips("plain.mp4"), tmp_path / "made.wav")
    assert tone_span(read_sound(facts.path)) == pytest.approx((1.0, 2.0), abs=0.01)
    assert facts.title is None


def test_licence_tags(tmp_path: Path) -> None:
    words = ["-metadata", "LICENSE=CC BY 4.0", "-metadata", "comment=from a friend"]
    ffmpeg(*tone(), *words, "-c:a", "flac", tmp_path / "a.flac")
    facts = open_sound(tmp_path / "a.flac", tmp_path / "made.flac")
    assert (facts.licence, facts.comment) == ("CC BY 4.0", "from a friend")


def test_longer_than_allowed(tmp_path: Path) -> None:
    ffmpeg(*tone(seconds=8), "-c:a", "flac", tmp_path / "honest.flac")
    ffmpeg(*tone(seconds=8), "-c:a", "libopus", "-f", "webm", "-live", "1", tmp_path / "silent_header.webm")
    for name in ("honest.flac", "silent_header.webm"):
        with pytest.raises(TooBigError, match="longer than 3 seconds"):
            open_sound(tmp_path / name, tmp_path / "made.flac", max_s=3.0)
    assert not (tmp_path / "made.flac").exists()


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    ffmpeg(*tone(), "-c:a", "flac", tmp_path / "a.flac")

    def stop(done: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        open_sound(tmp_path / "a.flac", tmp_path / "made.flac", progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["a.flac"]
