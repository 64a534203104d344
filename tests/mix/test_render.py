from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyloudnorm
import pytest
import soxr

from mrcmv.media import (
    SAMPLE_RATE,
    Cancelled,
    Clip,
    Progress,
    Samples,
    Speech,
    read_sound,
    write_sound,
)
from mrcmv.mix import Keep, Mix, MixSettings, MusicError, SettingsError, Source
from mrcmv.mix import render_preview as render
from tests.mix import sounds

MakeClip = Callable[..., Clip]
CALM, ENERGETIC = "calm/calm_acoustic_1", "energetic/energetic_electronic_2"
SILENT = Speech(())


def render_preview(
    clip: Clip,
    music: Path,
    destination: Path,
    *,
    music_start_s: float = 0.0,
    voice: Path | None = None,
    speech: Speech,
    credit: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Mix:
    """A finished video in one call."""
    source = Source(clip, speech, voice, music=music, best_s=music_start_s)
    return render(source, destination, MixSettings(**settings), credit=credit, progress=progress)


def save(folder: Path, name: str, samples: Samples) -> Path:
    path = folder / f"{name}.wav"
    write_sound(path, samples)
    return path


def streams(path: Path) -> dict[str, float]:
    """Length in seconds of the file and of each of its streams."""
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]
        lengths = {stream.type: float(stream.duration * stream.time_base) for stream in file.streams}
        return {**lengths, "file": file.duration / 1e6}


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]


def test_the_level_in_the_file_is_the_one_asked_for(make_clip: MakeClip, tmp_path: Path) -> None:
    spoken, speech = sounds.commentary(10)
    spoken = np.tanh(spoken * 12) / 3  # as evenly loud as a streamer's: nothing is left for the limiter
    clip, voice = make_clip(10.0, spoken), save(tmp_path, "voice", spoken)
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    for level_lu, track in ((10.0, ENERGETIC), (13.0, CALM), (20.0, ENERGETIC)):
        preview = render_preview(
            clip,
            sounds.starter_track(track),
            tmp_path / "preview.mp4",
            music_start_s=4.0,
            level_lu=level_lu,
            voice=voice,
            speech=speech,
        )
        assert preview.voice_to_music_lu == pytest.approx(level_lu, abs=0.3)
        heard = sounds.active(read_sound(preview.path)[: len(spoken)], speech)
        said = sounds.active(spoken, speech)
        said = said * float((heard * said).sum() / (said * said).sum())  # the voice's share of the mix
        rest = heard - said
        loudness = [meter.integrated_loudness(each.astype(np.float64)) for each in (said, rest)]
        assert loudness[0] - loudness[1] == pytest.approx(level_lu, abs=1.5)
        assert preview.integrated_lufs == pytest.approx(-14.0, abs=1.0)


def test_what_a_preview_tells_about_itself(make_clip: MakeClip, tmp_path: Path) -> None:
    spoken, speech = sounds.commentary(12)
    clip = make_clip(12.0, spoken)
    told: list[float] = []
    preview = render_preview(
        clip,
        sounds.starter_track(CALM),
        tmp_path / "preview.mp4",
        voice=save(tmp_path, "voice", spoken),
        speech=speech,
        credit="Song by Somebody (CC BY 4.0)",
        progress=told.append,
    )
    assert all(abs(length - 12.0) <= 0.04 for length in streams(preview.path).values())
    assert abs(preview.duration_s - 12.0) <= 0.04
    assert packets(preview.path) == packets(clip.picture)
    with av.open(str(preview.path)) as file:
        assert file.metadata["comment"] == "Song by Somebody (CC BY 4.0)"

    samples = read_sound(preview.path)
    loudness = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(samples.astype(np.float64))
    assert preview.integrated_lufs == pytest.approx(loudness, abs=0.2)
    assert loudness == pytest.approx(-14.0, abs=1.0)
    assert preview.loudness_reached
    assert preview.note is None
    assert true_peak(samples) <= -0.99
    assert preview.true_peak_db == pytest.approx(true_peak(samples), abs=0.1)

    times, drops = np.array(preview.ducking).T
    assert times[0] == 0
    assert times[-1] == pytest.approx(12.0)
    for start, end in speech.segments:
        assert np.interp((start + end) / 2, times, drops) == pytest.approx(-0.6 * 13)
    assert np.interp(speech.segments[0][1] + 1.5, times, drops) == pytest.approx(0, abs=0.5)
    for outline in (preview.voice_peaks, preview.music_peaks):
        assert outline.shape == (600,)
        assert 0.02 < outline.max() <= 1
    quiet = round((speech.segments[0][1] + 1.0) / 12 * 600)
    assert preview.voice_peaks[quiet] < 0.01 < preview.music_peaks[quiet]
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip", "preview.mp4", "voice.wav"]


def true_peak(samples: Samples) -> float:
    """By another interpolation than the renderer's own."""
    dense = soxr.resample(samples, SAMPLE_RATE, 8 * SAMPLE_RATE, quality="VHQ")
    return float(20 * np.log10(np.abs(dense).max() + 1e-9))


def nasty(kind: str) -> Samples:
    """Five seconds of music that limiters and encoders do not like."""
    if kind == "square":
        return np.sign(sounds.tone(5, 1234.5)) * np.float32(0.99)
    if kind == "clipped noise":
        return np.clip(sounds.noise(5, level=3), -1, 1)
    if kind == "kicks":
        decay = np.exp(-(np.arange(5 * SAMPLE_RATE) % 22_050) / 4_000)[:, None].astype(np.float32)
        return np.sign(sounds.tone(5, 55.0)) * decay + sounds.noise(5, level=0.02)
    clicks = sounds.noise(5, level=0.02)
    clicks[::9_000], clicks[1::9_000] = 0.9, -0.9
    return clicks


@pytest.mark.parametrize("kind", ["square", "clipped noise", "kicks", "clicks"])
def test_no_peak_of_the_file_is_over_the_limit(kind: str, make_clip: MakeClip, tmp_path: Path) -> None:
    music = save(tmp_path, "music", nasty(kind))
    preview = render_preview(make_clip(4.0), music, tmp_path / "preview.mp4", keep="none", speech=SILENT)
    assert preview.true_peak_db <= -1.0
    assert true_peak(read_sound(preview.path)) <= -0.95
    if kind == "clicks":  # pressing these to -14 LUFS would leave nothing of them
        assert preview.note is not None
        assert "peaks are too high" in preview.note
        assert 2 < preview.limited_lu <= 3
        assert preview.integrated_lufs < -18
    else:
        assert preview.loudness_reached
        assert preview.integrated_lufs == pytest.approx(-14.0, abs=1.0)
    if kind == "kicks":
        assert preview.limited_lu > 0.3
        assert preview.true_peak_db > -3


def test_without_voice_the_music_is_alone_and_full(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(4.0, sounds.noise(4))
    preview = render_preview(
        clip, sounds.starter_track(ENERGETIC), tmp_path / "preview.mp4", keep="voice", speech=SILENT
    )
    assert preview.voice_to_music_lu is None
    assert {db for _, db in preview.ducking} == {0.0}
    assert not preview.voice_peaks.any()
    assert preview.integrated_lufs == pytest.approx(-14.0, abs=1.0)
    heard = read_sound(preview.path)[SAMPLE_RATE : 2 * SAMPLE_RATE, 0]
    track = read_sound(sounds.starter_track(ENERGETIC))[SAMPLE_RATE : 2 * SAMPLE_RATE, 0]
    assert np.corrcoef(heard, track)[0, 1] > 0.97


def test_the_clips_own_sound_stays_when_asked(make_clip: MakeClip, tmp_path: Path) -> None:
    spoken, speech = sounds.commentary(6)
    game = sounds.noise(6, level=0.02)
    clip = make_clip(6.0, spoken + game)
    track = sounds.starter_track(CALM)
    for voice in (save(tmp_path, "voice", spoken), None):
        preview = render_preview(
            clip, track, tmp_path / "preview.mp4", keep="original", voice=voice, speech=speech
        )
        assert preview.voice_to_music_lu == pytest.approx(13.0, abs=0.5)
        heard = read_sound(preview.path)[: len(game), 0]
        assert np.corrcoef(heard, (spoken + game)[:, 0])[0, 1] > 0.9
        assert np.corrcoef(heard[:40_000], game[:40_000, 0])[0, 1] > 0.3, "the game's sound before the voice"
    beside = render_preview(clip, track, tmp_path / "beside.mp4", keep="original", speech=SILENT)
    assert beside.voice_to_music_lu is None
    assert beside.voice_peaks.max() > 0.1


def test_a_clip_without_sound_gets_the_music_alone(make_clip: MakeClip, tmp_path: Path) -> None:
    clip, track = make_clip(1.5), sounds.starter_track(CALM)
    kept: tuple[Keep, ...] = ("voice", "original", "none")
    for keep in kept:
        preview = render_preview(clip, track, tmp_path / f"{keep}.mp4", keep=keep, speech=SILENT)
        assert preview.integrated_lufs == pytest.approx(-14.0, abs=1.0)
        assert abs(streams(preview.path)["file"] - 1.5) <= 0.04


def test_silence_stays_silence_and_is_told(make_clip: MakeClip, tmp_path: Path) -> None:
    music = save(tmp_path, "music", np.zeros((2 * SAMPLE_RATE, 2), np.float32))
    clip = make_clip(3.0, np.zeros((3 * SAMPLE_RATE, 2), np.float32))
    preview = render_preview(
        clip, music, tmp_path / "preview.mp4", voice=clip.sound, speech=Speech(((0.5, 1.5),))
    )
    assert preview.integrated_lufs == -70
    assert preview.voice_to_music_lu is None
    assert not preview.loudness_reached
    assert preview.note is not None
    assert "silent" in preview.note
    assert np.abs(read_sound(preview.path)).max() < 1e-3


def test_a_whisper_of_music_is_not_blown_up(make_clip: MakeClip, tmp_path: Path) -> None:
    music = save(tmp_path, "music", sounds.noise(3, level=0.0005))
    preview = render_preview(make_clip(2.0), music, tmp_path / "preview.mp4", keep="none", speech=SILENT)
    assert -50 < preview.integrated_lufs < -40
    assert preview.note is not None
    assert "too quiet" in preview.note


def test_a_clip_shorter_than_a_block_of_loudness(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(0.28, sounds.tone(0.28))
    preview = render_preview(
        clip,
        sounds.starter_track(CALM),
        tmp_path / "preview.mp4",
        voice=clip.sound,
        speech=Speech(((0.0, 0.28),)),
    )
    assert abs(streams(preview.path)["file"] - 0.28) <= 0.04
    assert preview.true_peak_db <= -1


@pytest.mark.parametrize("when", [0.0, 0.2, 0.4, 0.55, 0.7, 0.95])
def test_a_cancelled_preview_leaves_nothing(when: float, make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(3.0, sounds.noise(3))

    def stop(done: float) -> None:
        if done >= when:
            raise Cancelled

    with pytest.raises(Cancelled):
        render_preview(
            clip,
            sounds.starter_track(CALM),
            tmp_path / "preview.mp4",
            keep="original",
            speech=SILENT,
            progress=stop,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


def test_a_preview_that_fails_leaves_the_one_before(make_clip: MakeClip, tmp_path: Path) -> None:
    destination = tmp_path / "preview.mp4"
    destination.write_bytes(b"the one before")
    music = save(tmp_path, "music", sounds.noise(0.5))
    with pytest.raises(MusicError, match="longer one"):
        render_preview(make_clip(2.0), music, destination, keep="none", speech=SILENT)
    assert destination.read_bytes() == b"the one before"


def test_arguments_that_make_no_sense(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(2.0, sounds.noise(2))
    track = sounds.starter_track(CALM)

    def tried(**settings: Any) -> Mix:
        return render_preview(clip, track, tmp_path / "preview.mp4", **settings)

    with pytest.raises(SettingsError, match="keep is one of"):
        tried(keep="all", speech=SILENT)
    with pytest.raises(SettingsError, match="level_lu must be a number"):
        tried(level_lu=float("nan"), speech=SILENT)
    with pytest.raises(ValueError, match="separated voice"):
        tried(speech=Speech(((0.0, 1.0),)))
