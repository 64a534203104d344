"""The same promises from FAISS and from Milvus: nearest tracks, added, replaced, taken out, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mrcmv.index import Entry, TrackIndex, TrackIndexError, faiss_ivf, open_index

DIMENSION = 32
Open = Callable[[], TrackIndex]


def track(number: int, windows: int = 3, seed: int = 0) -> Entry:
    """A track whose windows lie near each other, in a direction of its own."""
    rng = np.random.default_rng(1000 * seed + number)
    middle = rng.normal(size=DIMENSION)
    vectors = middle + 0.1 * rng.normal(size=(windows, DIMENSION))
    return Entry(f"track-{number}", vectors.astype(np.float32), 8.0 * np.arange(windows, dtype=np.float32))


@pytest.fixture(params=["faiss", "milvus"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    if request.param == "milvus":
        pytest.importorskip("pymilvus", reason="requirements-scale.txt is not installed")
    address = str(tmp_path / ("index.db" if request.param == "milvus" else "index"))
    made: list[TrackIndex] = []

    def open_again() -> TrackIndex:
        while made:
            made.pop().close()
        made.append(open_index(address, DIMENSION))
        return made[0]

    yield open_again
    for index in made:
        index.close()


def test_the_nearest_track_comes_first_with_its_best_window(opened: Open) -> None:
    index = opened()
    entries = [track(number) for number in range(40)]
    assert index.add(entries) == 120
    assert len(index) == 120
    for number in (0, 17, 39):
        for window in range(3):
            hits = index.search(2.5 * entries[number].vectors[window], 5)
            assert [hits[0].track_id, hits[0].start_s] == [f"track-{number}", 8.0 * window]
            assert hits[0].similarity == pytest.approx(1.0, abs=1e-3)
            assert len({hit.track_id for hit in hits}) == 5
            assert [hit.similarity for hit in hits] == sorted((h.similarity for h in hits), reverse=True)


def test_taken_out_and_replaced(opened: Open) -> None:
    index = opened()
    index.add(track(number) for number in range(10))
    assert index.remove(["track-3", "track-4", "nobody"]) == 2
    assert "track-3" not in index
    assert "track-5" in index
    assert len(index) == 24
    assert "track-3" not in {hit.track_id for hit in index.search(track(3).vectors[0], 10)}
    index.add([track(5, windows=2, seed=7)])
    assert len(index) == 23
    assert index.search(track(5, seed=7, windows=2).vectors[1], 1)[0].track_id == "track-5"
    assert index.search(track(5).vectors[0], 1)[0].similarity < 0.9


def test_only_among_some(opened: Open) -> None:
    index = opened()
    index.add(track(number) for number in range(20))
    hits = index.search(track(2).vectors[0], 9, among=["track-7", "track-11"])
    assert {hit.track_id for hit in hits} == {"track-7", "track-11"}
    assert index.search(track(2).vectors[0], 9, among=[]) == []


def test_it_is_there_again(opened: Open) -> None:
    index = opened()
    index.add(track(number) for number in range(6))
    index.save()
    again = opened()
    assert len(again) == 18
    assert again.search(track(4).vectors[0], 1)[0].track_id == "track-4"
    again.add([track(6)])
    assert len(again) == 21


def test_vectors_of_another_length(opened: Open, tmp_path: Path) -> None:
    index = opened()
    with pytest.raises(TrackIndexError, match="length 32"):
        index.add([Entry("other", np.ones((1, 8), np.float32), np.zeros(1, np.float32))])


def test_cells_find_what_all_windows_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_ivf, "EXACT_UP_TO", 5000)
    exact, cells = (open_index(str(tmp_path / name), DIMENSION) for name in ("exact", "cells"))
    entries = [track(number, windows=6) for number in range(1500)]
    monkeypatch.setattr(faiss_ivf, "EXACT_UP_TO", 50_000)
    exact.add(entries)
    monkeypatch.setattr(faiss_ivf, "EXACT_UP_TO", 5000)
    cells.add(entries[:1400])
    cells.add(entries[1400:])
    assert isinstance(cells, faiss_ivf.FaissIndex)
    assert not cells._is_exact()
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(50):
        query = (entries[rng.integers(1500)].vectors[0] + 0.3 * rng.normal(size=DIMENSION)).astype(np.float32)
        wanted = {hit.track_id for hit in exact.search(query, 10)}
        shares.append(len(wanted & {hit.track_id for hit in cells.search(query, 10)}) / 10)
    assert np.mean(shares) > 0.9
    cells.save()
    again = open_index(str(tmp_path / "cells"), DIMENSION)  # mapped from the disk
    assert again.search(entries[77].vectors[0], 1)[0].track_id == "track-77"
    assert again.remove(["track-77"]) == 1
    again.add([track(1500, windows=6)])
    assert len(again) == 9000
    assert again.search(track(1500, windows=6).vectors[2], 1)[0].track_id == "track-1500"
    assert "track-77" not in {hit.track_id for hit in again.search(entries[77].vectors[0], 20)}


def test_killed_before_saving_it_is_as_it_was(tmp_path: Path) -> None:
    index = open_index(str(tmp_path / "index"), DIMENSION)
    index.add(track(number) for number in range(4))
    index.save()
    index.add([track(9)])
    index.close()  # without saving
    again = open_index(str(tmp_path / "index"), DIMENSION)
    assert len(again) == 12
    assert "track-9" not in again
    assert again.search(track(9).vectors[0], 1)[0].track_id != "track-9"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "windows.faiss").write_bytes(b"IxFI" + bytes(100))
    (tmp_path / "file").write_text("no folder")
    for address in (str(tmp_path / "damaged"), str(tmp_path / "file"), "ftp://somewhere"):
        with pytest.raises(TrackIndexError) as error:
            open_index(address, DIMENSION)
        assert str(tmp_path) not in str(error.value)
    pytest.importorskip("pymilvus", reason="requirements-scale.txt is not installed")
    with pytest.raises(TrackIndexError, match="does not answer"):
        open_index("http://127.0.0.1:9", DIMENSION)


def test_cells_are_learned_anew_when_outgrown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_ivf, "EXACT_UP_TO", 2000)
    monkeypatch.setattr(faiss_ivf, "LEARNED_FROM", 3000)
    index = open_index(str(tmp_path / "index"), DIMENSION)
    assert isinstance(index, faiss_ivf.FaissIndex)
    entries = [track(number, windows=6) for number in range(4000)]
    index.add(entries[:600])
    assert faiss_ivf.inner_lists(index._windows).nlist == 16
    index.save()
    index.close()
    index = open_index(str(tmp_path / "index"), DIMENSION)
    assert isinstance(index, faiss_ivf.FaissIndex)
    index.remove(["track-5"])
    index.add(entries[600:])
    assert faiss_ivf.inner_lists(index._windows).nlist == 95
    assert len(index) == 6 * 3999
    for number in (0, 599, 3999):
        assert index.search(entries[number].vectors[4], 1)[0].track_id == f"track-{number}"
    assert "track-5" not in {hit.track_id for hit in index.search(entries[5].vectors[0], 20)}
