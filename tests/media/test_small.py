from __future__ import annotations

import os
import stat
from pathlib import Path
from unittest import mock

import pytest

from mrcmv.media import write_whole


def test_a_file_is_written_whole_or_stays(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    write_whole(file, "曲")
    assert file.read_bytes() == "曲".encode()
    with mock.patch("os.replace", side_effect=OSError), pytest.raises(OSError):
        write_whole(file, b"\x00")
    assert file.read_text(encoding="utf-8") == "曲"
    write_whole(file, b"\x00" * 3)
    assert file.read_bytes() == b"\x00" * 3
    assert os.listdir(tmp_path) == ["list.json"]


def test_a_secret_is_its_owners_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", "s", mode=0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
