"""The doctor names what is broken, in plain words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mrcmv import doctor
from mrcmv.model import ModelConfig, build, load_model, save_checkpoint
from tests.faults.bench import CannotHere
from tests.faults.machine import disk, freeze


def found(findings, what: str):  # type: ignore[no-untyped-def]
    return next(finding for finding in findings if finding.what == what)


def test_a_full_and_a_frozen_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with disk(tmp_path / "disk", 4) as small:
            monkeypatch.setenv("MRCMV_HOME", str(small / "home"))
            full = found(doctor._system(), "own tracks and embeddings")
            assert not full.good
            assert full.says.startswith("the disk is nearly full, 4 MB free")
            freeze(small)
            frozen = found(doctor._system(), "own tracks and embeddings")
            assert not frozen.good
            assert frozen.says == "cannot be written; set MRCMV_HOME to a folder of yours"
    except CannotHere as error:
        pytest.skip(str(error))
    assert found(doctor._system(), "temporary files").what == "temporary files"


def test_a_broken_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MRCMV_HOME", str(tmp_path))
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "catalog.sqlite").write_bytes(b"no database" * 100)
    finding = doctor._try("library", doctor._library)
    assert not finding.good
    assert "damaged" in finding.says


def test_a_broken_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_checkpoint(tmp_path, build(ModelConfig.debug(), seed=0), "compact", {})
    os.truncate(folder / "model.safetensors", 1000)
    monkeypatch.setattr("mrcmv.model.load_model", lambda name, device: load_model(tmp_path / name, device))
    finding = doctor._try("checkpoint", doctor._checkpoint)
    assert not finding.good
    assert "damaged" in finding.says
