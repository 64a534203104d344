import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import UserError, ffmpeg_exe, write_sound
from mrcmv.training.folder import list_folder, split_of
from mrcmv.training.manifest import read_manifest


def film(path: Path, tone_hz: int, sound: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = ["-f", "lavfi", "-i", f"sine=f={tone_hz}:r=44100:d=1.5", "-c:a", "aac"] if sound else []
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=1.5"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg_exe(), "-v", "error", *picture, *tone, *encode], check=True)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips (one twice, one without sound), one text and a track."""
    folder = tmp_path_factory.mktemp("clips")
    film(folder / "day 1" / "a.mp4", 300)
    film(folder / "b.mp4", 400)
    (folder / "twin.mp4").write_bytes((folder / "b.mp4").read_bytes())
    film(folder / "mute.mp4", 1, sound=False)
    (folder / "text.mp4").write_text("no video")
    (folder / ".hidden.mp4").write_text("not looked at")
    tone = 0.1 * np.sin(np.arange(44_100) / 10).astype(np.float32)
    write_sound(folder / "song.wav", np.stack([tone, tone], axis=1))
    return folder


def test_every_good_clip_stands_once_and_its_split_is_its_contents(folder: Path, tmp_path: Path) -> None:
    report = list_folder(folder, tmp_path)
    items = read_manifest(tmp_path)
    assert [(item.clip, item.music) for item in items] == [
        (folder / "b.mp4", None),
        (folder / "day 1" / "a.mp4", None),
    ]
    assert items[1].id.startswith("day-1-a-")
    assert items[0].duration_s == pytest.approx(1.5, abs=0.1)
    assert sorted(name for name, _ in report.refused) == ["mute.mp4", "text.mp4"]
    assert report.clips == sum(report.splits.values()) == 2
    first = (tmp_path / "manifest.jsonl").read_text()
    list_folder(folder, tmp_path)
    assert (tmp_path / "manifest.jsonl").read_text() == first


def test_shares_of_the_splits() -> None:
    splits = [split_of(f"{n * 2654435761 % 2**32:08x}" + "0" * 56) for n in range(3000)]
    shares = [splits.count(split) / 3000 for split in ("train", "validation", "test")]
    assert shares == pytest.approx([0.60, 0.07, 0.33], abs=0.01)


def test_a_table_names_splits_and_music(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("clip,split,music\nmute.mp4,validation,song.wav\nday 1/a.mp4,test,\n")
    report = list_folder(folder, folder / "set", table=table)
    assert report.splits == {"train": 0, "validation": 1, "test": 1}
    assert "No clip fell into train" in str(report)
    (mute, other) = read_manifest(folder / "set")
    assert (mute.split, mute.music, other.split) == ("validation", folder / "song.wav", "test")
    assert mute.track != other.track
    row = json.loads((folder / "set" / "manifest.jsonl").read_text().splitlines()[0])
    assert row["track"]["title"] == "song"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,split\nb.mp4,train\n", "must name the columns"),
        ("clip,split\nb.mp4,exam\n", "“exam” is none of train"),
        ("clip\nc.mp4\n", "Line 2 of table.csv: there is no file “c.mp4”"),
        ("clip,split,music\nb.mp4,train,song.wav\nday 1/a.mp4,test,song.wav\n", "“song” stands in train"),
        ("clip\ntext.mp4\n", "None of the 1 files is a clip"),
        ("clip\n", "holds no clips"),
    ],
)
def test_a_table_of_no_use_is_told_in_a_sentence(
    folder: Path, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(UserError, match=sentence):
        list_folder(folder, tmp_path / "out", table=tmp_path / "table.csv")
    assert not (tmp_path / "out").exists()


def test_no_folder() -> None:
    with pytest.raises(UserError, match="no folder nowhere"):
        list_folder(Path("nowhere"), Path("out"))
