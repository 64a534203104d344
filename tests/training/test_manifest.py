import json
from pathlib import Path

import pytest

from mrcmv.media import UserError
from mrcmv.training.manifest import read_manifest


def write(folder: Path, *lines: str, end: str = "\n") -> Path:
    (folder / "manifest.jsonl").write_text("\n".join(lines) + end, encoding="utf-8")
    return folder


def row(name: str, split: str = "train", **more: object) -> str:
    return json.dumps({"id": name, "split": split, "clip": f"clips/{name}/clip.mp4"} | more)


def test_the_splits_asked_for_in_order(tmp_path: Path) -> None:
    data = write(tmp_path, row("b"), row("a", "test"), row("c", "validation", music="c.flac"))
    assert [item.id for item in read_manifest(data)] == ["b", "a", "c"]
    item = read_manifest(data, ("validation",))[0]
    assert (item.music, item.labels, item.track) == (tmp_path / "c.flac", None, "c")


def test_a_line_that_is_still_being_written_waits(tmp_path: Path) -> None:
    data = write(tmp_path, row("a"), row("b")[:20], end="")
    assert [item.id for item in read_manifest(data)] == ["a"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Line 2"),
        (row("../x"), "letters, digits"),
        (row("x", "training"), "none of"),
        ('{"id": "x"}', "Line 2"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_manifest(write(tmp_path, row("a"), line))


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no manifest\.jsonl"):
        read_manifest(tmp_path)
