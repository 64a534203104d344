import json
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import Speech, UserError
from mrcmv.training.labels import Scale, Targets, at_times, targets_of
from mrcmv.training.manifest import Item
from mrcmv.training.prepared import Prepared


def item(path: Path | None, speaker: str = "ann") -> Item:
    return Item("a", "train", Path("a.mp4"), None, path, "t", speaker, "e", 10.0)


def silent(seconds: float = 10.0) -> Prepared:
    empty = np.zeros(0, np.int16)
    return Prepared(np.zeros((20, 4, 4, 3), np.uint8), empty, empty, Speech(()), seconds)


def test_delivery_is_unknown_while_nobody_speaks(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    voice = {"speaking": [1.0] * 4 + [0.0] * 4 + [1.0] * 4, "rate": [3.0] * 4 + [0.0] * 4 + [5.0] * 4}
    voice["pitch"] = [1.0, 0.0] * 6
    path.write_text(json.dumps({"step_s": 0.5, "voice": voice, "game": {"light": [0.1] * 12, "map": "E1M1"}}))
    heard = targets_of("voice", item(path), silent())
    assert heard is not None
    assert np.isnan(heard.curves["rate"]).tolist() == [False] * 4 + [True] * 4 + [False] * 4
    assert np.isfinite(heard.curves["pitch"]).sum() == 4
    assert heard.scalars["rate"] == pytest.approx(4.0)
    assert heard.scalars["speaking"] == pytest.approx(8 / 12)
    seen = targets_of("picture", item(path), silent())
    assert seen is not None
    assert list(seen.curves) == ["light"]


def test_no_labels_no_targets(tmp_path: Path) -> None:
    assert targets_of("voice", item(None), silent()) is None
    assert targets_of("music", item(None), silent()) is None
    path = tmp_path / "labels.json"
    path.write_text('{"step_s": 1.0}')
    with pytest.raises(UserError, match=r"one value per 0\.5 s"):
        targets_of("voice", item(path), silent())


def test_music_is_described_from_its_sound() -> None:
    time = np.arange(16_000 * 6) / 16_000

    def told(hertz: float) -> Targets:
        music = (8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
        empty = np.zeros(0, np.int16)
        clip = Prepared(np.zeros((12, 4, 4, 3), np.uint8), empty, music, Speech(()), 6.0)
        found = targets_of("music", item(None), clip)
        assert found is not None
        return found

    deep, high = told(110.0), told(3000.0)
    assert high.scalars["centroid"] - deep.scalars["centroid"] > 2
    assert deep.scalars["low"] > high.scalars["low"]
    assert len(deep.curves["centroid"]) == 12


def test_the_scale_measures_delivery_against_the_speaker() -> None:
    def target(rate: float, group: str) -> Targets:
        curves = {"rate": np.full(10, rate, np.float32), "still": np.zeros(10, np.float32)}
        return Targets(curves, {"rate": rate}, group)

    targets = [target(1.0, "ann"), target(3.0, "ann"), target(11.0, "bob"), target(13.0, "bob")]
    scale = Scale.fit(targets)
    assert list(scale.curves) == ["rate"]
    curves, scalars = zip(*(scale.standardise(t) for t in targets), strict=True)
    assert [float(c[0, 0]) for c in curves] == pytest.approx([-1, 1, -1, 1])
    assert [float(s[0]) for s in scalars] == pytest.approx([-1, 1, -1, 1])


def test_what_is_unknown_stays_unknown() -> None:
    known = Targets({"rate": np.arange(10, dtype=np.float32)}, {"rate": 4.5})
    other = Targets({"pitch": np.arange(10, dtype=np.float32)}, {"pitch": 4.5})
    curves, scalars = Scale.fit([known, other, Targets(known.curves, {"rate": 9.0})]).standardise(known)
    assert np.isfinite(curves[:, 0]).all()
    assert np.isnan(curves[:, 1]).all()
    assert scalars.shape == (1,)


def test_curves_at_moments_of_a_crop() -> None:
    curves = np.arange(20, dtype=np.float32)[:, None]
    assert at_times(curves, 3.0, np.array([0.0, 0.49, 0.5, 2.2]))[:, 0].tolist() == [6, 6, 7, 10]
    # a clip of 10 s repeats
    assert at_times(curves, 0.0, np.array([9.9, 10.0, 20.6]))[:, 0].tolist() == [19, 0, 1]
