"""Files that are not what they say: each gets one plain sentence, nothing is opened, nothing is left."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import (
    IntakeError,
    NoPictureError,
    SoundError,
    TooBigError,
    ToolError,
    UserError,
    open_clip,
    open_sound,
    probe,
    sniff,
    write_sound,
)
from tests.media.clips import X264, ffmpeg, tone
from tests.media.odd import OddClips

NO_PICTURE = "This file has no picture. Drop a video: MP4, MOV, WebM, MKV or AVI."
AN_IMAGE = "This file is an image, not a video. Drop a video: MP4, MOV, WebM, MKV or AVI."
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


def _text(words: str) -> Callable[[Path, OddClips], None]:
    return lambda path, clips: path.write_text(words) and None


def _image(suffix: str) -> Callable[[Path, OddClips], None]:
    def made(path: Path, clips: OddClips) -> None:
        image = path.with_suffix(suffix)
        ffmpeg(
            "-f",
            "lavfi",
            "-i",
            "testsrc=s=64x48:d=1:r=5",
            "-frames:v",
            "5" if suffix == ".gif" else "1",
            image,
        )
        image.rename(path)

    return made


def _archive(path: Path, clips: OddClips) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(clips("plain.mp4"), "plain.mp4")


def _sound(*options: str) -> Callable[[Path, OddClips], None]:
    return lambda path, clips: ffmpeg(*tone(), *options, path)


def _cover_only(path: Path, clips: OddClips) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=white:s=64x64", "-frames:v", "1", path.with_suffix(".png"))
    inputs = ("-i", path.with_suffix(".png"), *tone(), "-map", "0", "-map", "1", "-c:v", "copy")
    ffmpeg(*inputs, "-disposition:v:0", "attached_pic", "-f", "mp4", path)
    path.with_suffix(".png").unlink()


def _without_index(path: Path, clips: OddClips) -> None:
    data = clips("plain.mp4").read_bytes()
    path.write_bytes(data[: len(data) // 2])  # the moov box at the end is lost


def _noise(path: Path, clips: OddClips) -> None:
    data = bytearray(clips("pieces.mp4").read_bytes())
    at = data.index(b"mdat")
    data[at + 4 :] = bytes(i * 7919 % 251 for i in range(len(data) - at - 4))
    path.write_bytes(data)


FILES: dict[str, tuple[Callable[[Path, OddClips], None], str]] = {
    "empty": (_text(""), "This file is empty."),
    "text": (_text("Dear reader, this is a letter.\n" * 50), NO_PICTURE),
    "playlist": (_text("#EXTM3U\n#EXTINF:10,\nfile:sibling.mp4\n#EXT-X-ENDLIST\n"), NO_PICTURE),
    "ffconcat": (_text("ffconcat version 1.0\nfile sibling.mp4\n"), NO_PICTURE),
    "svg": (_text(SVG), NO_PICTURE),
    "html": (_text("<!doctype html><script>alert(1)</script>"), NO_PICTURE),
    "zip": (_archive, NO_PICTURE),
    "gif": (_image(".gif"), AN_IMAGE),
    "png": (_image(".png"), AN_IMAGE),
    "jpeg": (_image(".jpg"), AN_IMAGE),
    "wav": (_sound("-f", "wav"), NO_PICTURE),
    "mp3": (_sound("-f", "mp3"), NO_PICTURE),
    "m4a": (_sound("-f", "ipod", "-c:a", "aac"), NO_PICTURE),
    "mka": (_sound("-f", "matroska", "-c:a", "flac"), NO_PICTURE),
    "cover only": (_cover_only, NO_PICTURE),
    "without index": (_without_index, "This video is damaged or cut off"),
    "noise": (_noise, "This video is damaged or cut off"),
}


@pytest.mark.parametrize("kind", FILES)
def test_no_clip(kind: str, clips: OddClips, tmp_path: Path) -> None:
    make, sentence = FILES[kind]
    upload = tmp_path / "clip.mp4"
    (tmp_path / "sibling.mp4").write_bytes(clips("plain.mp4").read_bytes())
    make(upload, clips)
    folder = tmp_path / "private"
    folder.mkdir()
    with pytest.raises(IntakeError) as error:
        open_clip(upload, folder)
    words = str(error.value)
    assert words.startswith(sentence)
    assert words.count("\n") == 0
    for leak in (str(tmp_path), "ffmpeg", "upload", "Errno", "Invalid data", "moov"):
        assert leak not in words
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "words", ["ffconcat version 1.0\nfile sibling.mp4\n", "#EXTM3U\n#EXTINF:1,\nsibling.mp4\n"]
)
def test_the_probe_itself_follows_no_names(words: str, clips: OddClips, tmp_path: Path) -> None:
    """Even past the first bytes: the whitelist of demuxers stops lists of files."""
    (tmp_path / "sibling.mp4").write_bytes(clips("plain.mp4").read_bytes())
    (tmp_path / "clip.mp4").write_text(words)
    with pytest.raises(ToolError):
        probe(tmp_path / "clip.mp4")


def test_a_picture_larger_than_5k_is_refused_before_it_costs_memory(tmp_path: Path) -> None:
    upload = tmp_path / "huge.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=5120x3840:r=1:d=1", *X264, "-g", "1", upload)
    folder = tmp_path / "private"
    folder.mkdir()
    with pytest.raises(UserError) as error:
        open_clip(upload, folder)
    assert isinstance(error.value, TooBigError | IntakeError)
    assert list(folder.iterdir()) == []


def test_too_many_bytes(clips: OddClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniff, "MAX_CLIP_BYTES", 10_000)
    with pytest.raises(TooBigError, match="larger than"):
        open_clip(clips("plain.mp4"), tmp_path)


def test_a_missing_upload(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="did not arrive"):
        open_clip(tmp_path / "nothing.mp4", tmp_path)


def test_no_music(clips: OddClips, tmp_path: Path) -> None:
    write_sound(tmp_path / "sibling.wav", np.zeros((4410, 2), np.float32))
    sources = {
        "list.mp3": "ffconcat version 1.0\nfile sibling.wav\n",
        "letter.wav": "Dear reader",
        "list.ogg": "#EXTM3U\nsibling.wav\n",
        "empty.flac": "",
        "broken.wav": "RIFF\0\0\0\0WAVEfmt ",
    }
    for name, words in sources.items():
        (tmp_path / name).write_text(words)
        with pytest.raises(SoundError) as error:
            open_sound(tmp_path / name, tmp_path / "made.flac")
        assert str(tmp_path) not in str(error.value)
        assert "Choose MP3" in str(error.value) or "empty" in str(error.value)
    with pytest.raises(SoundError):  # a video without sound is no music
        open_sound(clips("silent.mp4"), tmp_path / "made.flac")
    assert {p.name for p in tmp_path.iterdir()} == {"sibling.wav", *sources}


def test_first_bytes() -> None:
    heads = {
        b"\0\0\0\x18ftypmp42": "mov",
        b"\0\0\0\x18ftypavif": "image",
        b"\0\0\0\x08wide\0\0\0\0mdat": "mov",
        b"\x1aE\xdf\xa3": "matroska",
        b"RIFF\0\0\0\0AVI LIST": "avi",
        b"RIFF\0\0\0\0WEBPVP8X": "image",
        b"G" + b"\0" * 187 + b"G" + b"\0" * 187 + b"G" + b"\0": "mpegts",
        b"\xff\xfb\x90\x64": "mp3",
        b"\xff\xf1\x50\x80": "aac",
        b"PK\x03\x04": "other",
        b"": "other",
    }
    assert {head: sniff.sniff(head) for head in heads} == heads


def test_no_picture_is_an_intake_error() -> None:
    assert issubclass(NoPictureError, IntakeError)
    assert issubclass(IntakeError, UserError)
