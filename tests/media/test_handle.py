"""clip.json: what was known before a restart is known after it, and nothing outside is reached."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mrcmv.media import Clip, IntakeError, open_clip, recall, remember
from tests.media.odd import OddClips


@pytest.fixture(scope="module")
def clip(clips: OddClips, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(clips("plain.mp4"), tmp_path_factory.mktemp("clip"))


def test_there_and_back(clip: Clip) -> None:
    assert recall(clip.folder) == clip
    silent = dataclasses.replace(clip, sound=None)
    remember(silent)
    assert recall(clip.folder) == silent
    remember(clip)


def test_a_moved_folder_is_still_a_clip(clip: Clip, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip.folder, tmp_path / "moved"))
    found = recall(folder)
    assert found.picture == folder / "picture.mp4"
    assert (found.read_frames() == clip.read_frames()).all()
    assert str(clip.folder) not in (folder / "clip.json").read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"picture": "../secret.mp4"},
        {"picture": "/etc/passwd"},
        {"poster": "nothing.jpg"},
        {"frames": None},
        {"sound": "."},
        {"duration_s": float("nan")},
        {"duration_s": "3"},
        {"window_s": [5, 4]},
        {"window_s": [0]},
        {"width": True},
    ],
    ids=str,
)
def test_a_forged_card(clip: Clip, tmp_path: Path, change: dict[str, Any]) -> None:
    folder = Path(shutil.copytree(clip.folder, tmp_path / "clip"))
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    card = json.loads((folder / "clip.json").read_text()) | change
    (folder / "clip.json").write_text(json.dumps(card))
    with pytest.raises(IntakeError, match="not there any more"):
        recall(folder)


def test_links_out_of_the_folder(clip: Clip, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip.folder, tmp_path / "clip"))
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "poster.jpg").unlink()
    (folder / "poster.jpg").symlink_to(tmp_path / "secret")
    with pytest.raises(IntakeError):
        recall(folder)


def test_no_card(tmp_path: Path) -> None:
    with pytest.raises(IntakeError):
        recall(tmp_path)
    (tmp_path / "clip.json").write_text("[1, 2")
    with pytest.raises(IntakeError):
        recall(tmp_path)
