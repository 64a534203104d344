"""A real clip, a real track, the real mix: what an editor would open."""

from __future__ import annotations

import json

import numpy as np
import opentimelineio as otio
import pytest

from mrcmv.export import read_settings
from mrcmv.media import open_clip, probe, read_sound
from mrcmv.mix import MixSettings
from mrcmv.recommender import Recommender


@pytest.fixture(scope="module")
def exported(tmp_path_factory, examples, debug_checkpoint, debug_home):  # type: ignore[no-untyped-def]
    """(folder, track, clip): an example with a voice under a track that is shorter than the clip's end."""
    recommender = Recommender(str(debug_checkpoint), device="cpu", home=debug_home)
    track = recommender.library.tracks()[0]
    folder, out = tmp_path_factory.mktemp("clip"), tmp_path_factory.mktemp("out") / "package"
    clip = open_clip(examples["calm"], folder)
    settings = MixSettings(level_lu=16.0, start_s=max(0.0, track.duration_s - 12.0))
    names = recommender.export(clip, track.id, out, settings, name="calm")
    return out, track, clip, names


def test_everything_is_there(exported):  # type: ignore[no-untyped-def]
    out, _, _, names = exported
    assert set(names) == {
        "video.mp4", "timeline.otio", "settings.json", "credits.txt",
        "stems/voice.wav", "stems/music.wav", "stems/music_ducked.wav", "stems/mix.wav",
    }  # fmt: skip
    assert all((out / name).stat().st_size > 0 for name in names)


def test_all_media_are_as_long_as_the_timeline_says(exported):  # type: ignore[no-untyped-def]
    out, _, clip, _ = exported
    timeline = otio.adapters.read_from_file(str(out / "timeline.otio"))
    length = timeline.duration().to_seconds()
    assert length == pytest.approx(clip.duration_s, abs=1 / clip.fps)
    for part in timeline.find_clips():
        media = out / part.media_reference.target_url
        if media.suffix == ".wav":
            assert len(read_sound(media)) / 44_100 == pytest.approx(clip.duration_s, abs=0.05)
        else:
            assert probe(media).duration_s == pytest.approx(clip.duration_s, abs=0.05)


def test_voice_and_lowered_music_add_up_to_the_mix(exported):  # type: ignore[no-untyped-def]
    out, _, _, _ = exported
    voice, ducked, mix = (
        read_sound(out / "stems" / f"{name}.wav") for name in ("voice", "music_ducked", "mix")
    )
    rest = np.sqrt(np.mean((voice + ducked - mix) ** 2)) / np.sqrt(np.mean(mix**2))
    assert rest < 0.02


def test_the_music_begins_anew_where_the_timeline_says(exported):  # type: ignore[no-untyped-def]
    out, track, clip, _ = exported
    timeline = otio.adapters.read_from_file(str(out / "timeline.otio"))
    music = next(t for t in timeline.tracks if t.name.startswith("Music, lowered"))
    assert len(music.find_clips()) >= 2  # 12 s of the track were left for a longer clip
    assert sum(c.duration().to_seconds() for c in music.find_clips()) == pytest.approx(
        clip.duration_s, abs=1 / clip.fps
    )
    assert music.markers, "somebody speaks, so the music is lowered somewhere"
    assert track.title in music.find_clips()[0].name


def test_the_same_mix_can_be_asked_for_again(exported):  # type: ignore[no-untyped-def]
    out, track, _, _ = exported
    ident, plain = read_settings(out / "settings.json")
    assert ident == track.id
    assert MixSettings.from_json(plain).level_lu == 16.0
    measured = json.loads((out / "settings.json").read_text())["measured"]
    assert measured["voice_to_music_lu"] == pytest.approx(16.0, abs=1.5)
    assert measured["true_peak_db"] <= -1.0


def test_credits_name_the_track(exported):  # type: ignore[no-untyped-def]
    out, track, _, _ = exported
    assert track.credit_line() in (out / "credits.txt").read_text()


def test_a_video_without_music_says_so(exported, debug_checkpoint, debug_home, tmp_path):  # type: ignore[no-untyped-def]
    _, _, clip, _ = exported
    names = Recommender(str(debug_checkpoint), device="cpu", home=debug_home).export(
        clip, None, tmp_path / "package", name="calm"
    )
    assert not [name for name in names if "music" in name]
    assert "no music" in (tmp_path / "package" / "credits.txt").read_text()
    assert read_settings(tmp_path / "package" / "settings.json")[0] is None
    timeline = otio.adapters.read_from_file(str(tmp_path / "package" / "timeline.otio"))
    assert [track.name for track in timeline.tracks] == ["Picture", "Voice", "Finished mix"]
