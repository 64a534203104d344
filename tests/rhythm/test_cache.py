from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mrcmv.library.starter import load_starter
from mrcmv.media import Beats
from mrcmv.rhythm import BeatCache, cache, find_beats

HASH = "ab" * 32
HEARD = Beats((0.5, 1.0, 1.5), (0.5,), 0.9, 0.8)
NOWHERE = Path("no such file")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, float | None]]:
    """The sounds that were listened to, without listening."""
    calls: list[tuple[Path, float | None]] = []

    def listen(path: Path, tempo_bpm: float | None = None) -> Beats:
        calls.append((path, tempo_bpm))
        return HEARD

    monkeypatch.setattr(cache, "find_beats", listen)
    return calls


def test_beats_are_heard_once_and_kept(tmp_path: Path, asked: list[tuple[Path, float | None]]) -> None:
    for _ in range(2):
        for kept in (BeatCache(tmp_path / "rhythm", NOWHERE), BeatCache(tmp_path / "rhythm", NOWHERE)):
            assert kept.of(HASH, Path("song.flac"), 120.0) == HEARD
    assert asked == [(Path("song.flac"), 120.0)]
    assert BeatCache(tmp_path / "rhythm", NOWHERE).of("cd" * 32, Path("other.flac")) == HEARD
    assert len(asked) == 2


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"times_s": ["x"]}', '{"times_s": [1.0], "downbeats_s": []}', "\x00\xff"],
)
def test_damaged_beats_are_heard_again(
    damage: str, tmp_path: Path, asked: list[tuple[Path, float | None]]
) -> None:
    kept = BeatCache(tmp_path, NOWHERE)
    kept.of(HASH, Path("song.flac"))
    [file] = tmp_path.iterdir()
    file.write_text(damage, encoding="latin-1")
    assert kept.of(HASH, Path("song.flac")) == HEARD
    assert len(asked) == 2
    assert kept.of(HASH, Path("song.flac")) == HEARD
    assert len(asked) == 2


def test_a_folder_that_cannot_be_written_is_no_failure(
    tmp_path: Path, asked: list[tuple[Path, float | None]]
) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = BeatCache(tmp_path / "file" / "rhythm", NOWHERE)
    assert kept.of(HASH, Path("song.flac")) == HEARD


def test_shipped_beats_are_not_heard(tmp_path: Path, asked: list[tuple[Path, float | None]]) -> None:
    shipped = tmp_path / "beats.json"
    shipped.write_text(json.dumps({"rule": cache.RULE, "beats": {HASH: dataclasses.asdict(HEARD)}}))
    assert BeatCache(tmp_path / "rhythm", shipped).of(HASH, NOWHERE) == HEARD
    assert not asked
    assert not (tmp_path / "rhythm").exists()
    for stale in ({"rule": cache.RULE - 1, "beats": {HASH: {}}}, {"beats": {}}, []):
        shipped.write_text(json.dumps(stale))
        assert BeatCache(tmp_path / "rhythm", shipped).of(HASH, Path("song.flac")) == HEARD
    assert len(asked) == 1


_MANY = """
import sys
from pathlib import Path
from mrcmv.media import Beats
from mrcmv.rhythm import cache
cache.find_beats = lambda path, tempo_bpm=None: Beats(tuple(k / 2 for k in range(2000)), (0.0,), 0.9, 1.0)
for turn in range(40):
    for number in range(5):
        kept = cache.BeatCache(Path(sys.argv[1]), Path("none"))
        assert len(kept.of(f"{number:064d}", Path("song"))  .times_s) == 2000
        if turn % 3 == 0:
            kept._path(f"{number:064d}").unlink(missing_ok=True)
"""


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", _MANY, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [each.communicate(timeout=120)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], told
    assert not any("damaged" in text for text in told)
    assert not list(tmp_path.glob("*.partial"))


def test_the_shipped_beats_are_those_that_would_be_heard() -> None:
    pack = load_starter()
    shipped = json.loads(cache.SHIPPED.read_text(encoding="utf-8"))
    assert shipped["rule"] == cache.RULE
    assert set(shipped["beats"]) == {track.sha256 for track in pack.tracks}
    for track in pack.tracks:
        times = np.array(shipped["beats"][track.sha256]["times_s"])
        ratio = 60 / float(np.median(np.diff(times))) / float(track.tempo_bpm or 1)
        assert any(abs(ratio / multiple - 1) < 0.05 for multiple in (0.5, 1, 2)), track.id
    track = pack.tracks[0]
    heard, kept = find_beats(pack.paths[track.id], track.tempo_bpm), shipped["beats"][track.sha256]
    assert np.allclose(heard.times_s, kept["times_s"], atol=0.01)
    assert np.allclose(heard.downbeats_s, kept["downbeats_s"], atol=0.01)
    assert heard.confidence == pytest.approx(kept["confidence"], abs=0.02)
