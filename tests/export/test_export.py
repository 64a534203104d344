"""The package for an editor: read back with the libraries that an editor would use."""

import json
import zipfile

import opentimelineio as otio
import pytest

from mrcmv.export import (
    Credit,
    Cut,
    Package,
    credits_text,
    make_timeline,
    read_settings,
    settings_document,
    write_package,
)
from mrcmv.media import Cancelled, UserError

STEMS = {name: f"stems/{name}.wav" for name in ("voice", "music", "music_ducked", "mix")}
SETTINGS = {"level_lu": 13.0, "keep": "voice"}
CREDIT = Credit(
    "Quiet “Cave”", "山下 & Co", "Music: “Quiet “Cave”” by 山下 & Co", "CC-BY-SA-4.0",
    "https://creativecommons.org/licenses/by-sa/4.0/", "https://example.org/cave", "cut and mixed",
    ("Put the credit line into the video.", "Your video must carry the same licence."),
)  # fmt: skip


@pytest.fixture
def cut():
    """Ten seconds at 29.97 frames a second, of which the track fills six, then begins anew."""
    ducking = ((0.0, -2.0), (1.0, -2.0), (1.2, -11.0), (4.0, -11.5), (4.5, -2.0), (8.0, -9.0), (10.0, -9.0))
    return Cut(
        name="clip", duration_s=10.0, fps=29.97, width=1280, height=720, video="video.mp4", stems=STEMS,
        start_s=20.0, seams_s=(6.0,), beats_s=(0.5, 1.0), ducking=ducking,
        track={"id": "quiet-cave", "title": "Quiet Cave"}, settings=SETTINGS,
    )  # fmt: skip


@pytest.fixture
def package(cut, tmp_path):
    files = {"video.mp4": tmp_path / "made.mp4"}
    files["video.mp4"].write_bytes(b"picture" * 400_000)
    for name, place in STEMS.items():
        files[place] = tmp_path / f"{name}.wav"
        files[place].write_bytes(name.encode() * 1000)
    document = settings_document(SETTINGS, track={"id": "quiet-cave"}, measured={"integrated_lufs": -14.0})
    return Package(cut, document, credits_text("clip", CREDIT), files)


def test_an_editor_finds_picture_voice_and_music_on_their_tracks(package, tmp_path):
    write_package(package, tmp_path / "out")
    read = otio.adapters.read_from_file(str(tmp_path / "out" / "timeline.otio"))
    assert [(t.name, t.kind, t.enabled) for t in read.tracks] == [
        ("Picture", "Video", True),
        ("Voice", "Audio", True),
        ("Music, lowered under the voice", "Audio", True),
        ("Music, level unchanged", "Audio", False),
        ("Finished mix", "Audio", False),
    ]
    rate = 30000 / 1001
    for track in read.tracks:
        assert track.duration() == otio.opentime.RationalTime(300, rate)
        for clip in track.find_clips():
            assert (tmp_path / "out" / clip.media_reference.target_url).is_file()
            available = clip.media_reference.available_range
            assert clip.source_range.end_time_exclusive() <= available.end_time_exclusive()
    assert read.metadata["mrcmv"]["settings"]["level_lu"] == 13.0


def test_the_music_is_cut_where_it_begins_anew(cut):
    first, second = make_timeline(cut).tracks[2]
    assert [clip.source_range.start_time.to_seconds() for clip in (first, second)] == pytest.approx(
        [0, 6], abs=1 / 30
    )
    assert [clip.name for clip in (first, second)] == ["Quiet Cave (1)", "Quiet Cave (2)"]
    assert first.duration() + second.duration() == otio.opentime.RationalTime(300, 30000 / 1001)


def test_where_the_music_is_lowered_there_are_markers(cut):
    track = make_timeline(cut).tracks[2]
    assert [m.name for m in track.markers] == ["Music -10 dB", "Music -7 dB"]
    spans = [
        (m.marked_range.start_time.to_seconds(), m.marked_range.duration.to_seconds()) for m in track.markers
    ]
    assert spans[0] == pytest.approx((1.2, 3.3), abs=0.05)
    assert spans[1] == pytest.approx((8.0, 2.0), abs=0.05)
    assert len(track.metadata["mrcmv"]["ducking"]) == len(cut.ducking)
    assert list(track.metadata["mrcmv"]["beats_s"]) == [0.5, 1.0]
    assert track.metadata["mrcmv"]["start_s"] == 20.0


def test_a_cut_without_music_or_voice(cut):
    bare = Cut("clip", 3.0, 0.0, 10, 10, "video.mp4", {})
    timeline = make_timeline(bare)
    assert [t.name for t in timeline.tracks] == ["Picture"]
    assert timeline.duration().to_seconds() == pytest.approx(3.0)


def test_the_zip_holds_everything_under_relative_names(package, tmp_path):
    told = []
    names = write_package(package, tmp_path / "for-the-editor.zip", told.append)
    with zipfile.ZipFile(tmp_path / "for-the-editor.zip") as box:
        assert box.testzip() is None
        assert sorted(box.namelist()) == names
        assert set(names) == {"video.mp4", "timeline.otio", "settings.json", "credits.txt", *STEMS.values()}
        assert box.read("video.mp4") == package.files["video.mp4"].read_bytes()
        assert box.read("credits.txt").decode() == package.credits
        timeline = otio.adapters.read_from_string(box.read("timeline.otio").decode(), "otio_json")
    assert {c.media_reference.target_url for c in timeline.find_clips()} <= set(names)
    assert str(tmp_path) not in timeline.to_json_string()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_stopped_export_leaves_nothing(package, tmp_path):
    out = tmp_path / "out"
    out.mkdir()

    def stop(done):
        raise Cancelled

    with pytest.raises(Cancelled):
        write_package(package, out / "x.zip", stop)
    assert list(out.iterdir()) == []


def test_a_folder_with_other_things_is_left_alone(package, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "my.txt").write_text("mine")
    with pytest.raises(UserError, match="something else"):
        write_package(package, out)
    assert [p.name for p in out.iterdir()] == ["my.txt"]


def test_an_earlier_package_is_replaced(package, tmp_path):
    write_package(package, tmp_path / "out")
    again = Package(package.cut, package.settings, "other\n", package.files)
    write_package(again, tmp_path / "out")
    assert (tmp_path / "out" / "credits.txt").read_text() == "other\n"


def test_settings_can_be_read_again(package, tmp_path):
    write_package(package, tmp_path / "out")
    assert read_settings(tmp_path / "out" / "settings.json") == ("quiet-cave", SETTINGS)
    (tmp_path / "bare.json").write_text(json.dumps(SETTINGS))
    assert read_settings(tmp_path / "bare.json") == (None, SETTINGS)


@pytest.mark.parametrize(
    "text", ["", "[]", "no", "[" * 99_999, '{"format": "x", "settings": {}}',
            '{"format": "mrcmv-mix", "version": 9, "settings": {}}', '{"format": "mrcmv-mix", "version": 1}'],
)  # fmt: skip
def test_what_is_no_settings_file_is_said_in_a_sentence(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UserError, match="settings file"):
        read_settings(path)
    with pytest.raises(UserError, match="no such"):
        read_settings(tmp_path / "none.json")


def test_credits_are_word_for_word():
    text = credits_text("clip.mp4", CREDIT)
    assert CREDIT.line in text.splitlines()
    for piece in (CREDIT.licence_url, CREDIT.changes, CREDIT.source, *CREDIT.duties):
        assert piece in text
    assert "no music" in credits_text("clip.mp4", None)
    free = Credit("a", "b", "a by b", "CC0-1.0", "", "x", "cut", (), required=False)
    assert "asks for no credit" in credits_text("clip.mp4", free)
