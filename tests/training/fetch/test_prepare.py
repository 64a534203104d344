"""From the site to what training reads, with Spleeter itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mrcmv.media import read_sound
from mrcmv.training import prepare
from mrcmv.training.fetch import Manners, fetch
from mrcmv.training.manifest import read_manifest
from mrcmv.training.prepared import load_prepared

from .site import Site


def loudest_hz(samples: np.ndarray, rate: int) -> int:
    return int(np.abs(np.fft.rfft(samples[:rate].astype(float))).argmax())


def test_a_fetched_clip_is_prepared_with_the_separated_music(
    site: Site, write_lists: Callable[[list[str], list[str]], str], tmp_path: Path
) -> None:
    lists = write_lists([f"{site.url}/one.mp4"], [])
    assert fetch("hok400", tmp_path, lists=lists, manners=Manners(pause_s=0.0, local=True)).survived == 1
    (item,) = read_manifest(tmp_path, ("train",))
    left = read_sound(tmp_path / "stems" / item.id / "accompaniment.flac")
    assert loudest_hz(left[:, 0], 44_100) == 440
    prepared = load_prepared(prepare(tmp_path, 32, splits=("train",)) / f"{item.id}.npz")
    assert prepared.frames.shape == (4, 32, 32, 3)
    assert loudest_hz(prepared.music, 16_000) == 440
    assert len(prepared.music) == len(prepared.voice) == 32_000
