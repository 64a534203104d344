"""Sound first, video by copying it; the stems; no music."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from mrcmv.media import SAMPLE_RATE, Beats, Clip, Samples, Speech, read_sound, write_sound
from mrcmv.mix import MixSettings, Source, deliver, mix_sound, write_stems
from tests.mix import sounds

MakeClip = Callable[..., Clip]
CALM, ENERGETIC = "calm/calm_acoustic_1", "energetic/energetic_electronic_2"
PACKET_S = 1024 / SAMPLE_RATE
BIT = 2.0**-23


def spoken_source(make_clip: MakeClip, folder: Path, duration_s: float, *, level: float = 0.25) -> Source:
    said, speech = sounds.commentary(duration_s, level=level)
    game = sounds.noise(duration_s, level=0.02 * level / 0.25)
    clip = make_clip(duration_s, said + game)
    for name, sound in (("voice", said), ("accompaniment", game)):
        write_sound(folder / f"{name}.wav", sound)
    return Source(
        clip,
        speech,
        folder / "voice.wav",
        folder / "accompaniment.wav",
        music=sounds.starter_track(CALM),
        best_s=3.0,
    )


@pytest.fixture
def stems_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("duration_s", [5.0, 7.777, 0.52])
def test_the_video_carries_the_very_sound_that_was_heard(
    duration_s: float, make_clip: MakeClip, tmp_path: Path
) -> None:
    source = Source(make_clip(duration_s), Speech(()), music=sounds.starter_track(ENERGETIC))
    told: list[float] = []
    heard = mix_sound(source, tmp_path / "mix.m4a", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert heard.path == tmp_path / "mix.m4a"
    video = deliver(source.clip, heard, tmp_path / "out.mp4", credit="Song by Somebody (CC BY 4.0)")
    assert video.path == tmp_path / "out.mp4"
    assert video.integrated_lufs == heard.integrated_lufs
    one, other = read_sound(heard.path), read_sound(video.path)
    frames = min(len(one), len(other))
    assert np.array_equal(one[:frames], other[:frames])
    for length in (len(one), len(other)):
        assert abs(length / SAMPLE_RATE - duration_s) <= PACKET_S
    assert abs(heard.duration_s - duration_s) <= PACKET_S
    with av.open(str(video.path)) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]
        assert file.metadata["comment"] == "Song by Somebody (CC BY 4.0)"
    with av.open(str(heard.path)) as file:
        assert [stream.type for stream in file.streams] == ["audio"]
        assert "comment" not in file.metadata


def test_another_level_costs_no_work_on_the_picture(make_clip: MakeClip, tmp_path: Path) -> None:
    source = Source(make_clip(4.0), Speech(()), music=sounds.starter_track(CALM))
    (tmp_path / "clip" / "picture.mp4").unlink()
    assert mix_sound(source, tmp_path / "mix.m4a").integrated_lufs == pytest.approx(-14, abs=0.5)


def test_no_music_is_the_voice_alone_as_loud_as_with_music(make_clip: MakeClip, tmp_path: Path) -> None:
    spoken = spoken_source(make_clip, tmp_path, 6.0)
    source = Source(spoken.clip, spoken.speech, spoken.voice, spoken.rest)
    mix = mix_sound(source, tmp_path / "mix.m4a")
    assert mix.integrated_lufs == pytest.approx(-14.0, abs=0.5)
    assert mix.true_peak_db <= -1.0
    assert mix.start_s is None
    assert mix.voice_to_music_lu is None
    assert not mix.music_peaks.any()
    assert mix.seams_s == ()
    assert spoken.voice is not None
    said, heard = read_sound(spoken.voice), read_sound(mix.path)[: 6 * SAMPLE_RATE]
    assert np.corrcoef(said[: len(heard), 0], heard[:, 0])[0, 1] > 0.99


def stem_files(folder: Path) -> dict[str, Samples]:
    found = {}
    for name in ("voice", "music", "music_ducked", "mix"):
        with soundfile.SoundFile(folder / f"{name}.wav") as file:
            assert (file.subtype, file.samplerate, file.channels) == ("PCM_24", SAMPLE_RATE, 2)
            found[name] = file.read(dtype="float64", always_2d=True)
    return found


@pytest.mark.parametrize("level", [0.25, 3.0], ids=["usual", "clipping"])
def test_stems_add_up_to_the_mix(
    level: float, make_clip: MakeClip, tmp_path: Path, stems_folder: Path
) -> None:
    source = spoken_source(make_clip, tmp_path, 6.0, level=level)
    told: list[float] = []
    paths = write_stems(source, stems_folder, MixSettings(game_db=-12.0), progress=told.append)
    assert told == sorted(told)
    assert paths == {name: stems_folder / f"{name}.wav" for name in ("voice", "music", "music_ducked", "mix")}
    assert sorted(path.name for path in stems_folder.iterdir()) == sorted(
        path.name for path in paths.values()
    )
    stem = stem_files(stems_folder)
    assert {len(sound) for sound in stem.values()} == {6 * SAMPLE_RATE}
    assert np.abs(stem["voice"] + stem["music_ducked"] - stem["mix"]).max() <= 2 * BIT
    for sound in stem.values():
        assert 0.01 < np.abs(sound).max() < 1.0, "nothing clips, nothing is lost"
    start, end = source.speech.segments[0]
    during = slice(round((start + 0.2) * SAMPLE_RATE), round((end - 0.2) * SAMPLE_RATE))
    quieter = np.abs(stem["music_ducked"][during]).max() / np.abs(stem["music"][during]).max()
    assert 20 * np.log10(quieter) == pytest.approx(-0.6 * 13, abs=0.1)


def test_stems_of_a_quiet_mix_sound_as_loud_as_the_mix(
    make_clip: MakeClip, tmp_path: Path, stems_folder: Path
) -> None:
    source = spoken_source(make_clip, tmp_path, 6.0)
    heard = read_sound(mix_sound(source, tmp_path / "mix.m4a").path)[: 6 * SAMPLE_RATE]
    write_stems(source, stems_folder)
    stem = stem_files(stems_folder)["mix"][: len(heard)]
    likeness = float((heard * stem).sum() / np.sqrt((heard * heard).sum() * (stem * stem).sum()))
    assert likeness > 0.98
    assert np.abs(stem).max() <= 10 ** (-1 / 20)


def test_stems_of_no_music_are_the_voice_and_silence(
    make_clip: MakeClip, tmp_path: Path, stems_folder: Path
) -> None:
    spoken = spoken_source(make_clip, tmp_path, 4.0)
    write_stems(Source(spoken.clip, spoken.speech, spoken.voice, spoken.rest), stems_folder)
    stem = stem_files(stems_folder)
    assert not stem["music"].any()
    assert not stem["music_ducked"].any()
    assert np.array_equal(stem["mix"], stem["voice"])


def test_beats_that_nobody_heard_are_no_reason_to_fail(make_clip: MakeClip, tmp_path: Path) -> None:
    source = Source(make_clip(3.0), Speech(()), music=sounds.starter_track(CALM), beats=Beats())
    mix = mix_sound(source, tmp_path / "mix.m4a")
    assert mix.ends_on_beat_s is None
    assert mix.loops_on_bar is None
    assert mix.beats_s == ()
