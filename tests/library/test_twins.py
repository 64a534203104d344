"""The same recording is known in another coding, level or trim; other music is not taken for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mrcmv.library import AlreadyThere, Library
from mrcmv.library.listening import Heard
from mrcmv.library.shipped import read_prints, write_prints
from mrcmv.library.twins import SAME_BITS, compare, find_twin
from mrcmv.media import ITEMS_PER_S, fingerprint
from tests.library.helpers import FREE, small_pack
from tests.library.music import melody_file, recoded


@pytest.fixture(autouse=True)
def quick_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mrcmv.library.facts.hear_file", lambda path, bpm=None: Heard(None, 0.0, ""))


@pytest.fixture(scope="module")
def melodies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("melodies")
    return [melody_file(folder / f"{seed}.flac", seed, 20.0) for seed in range(4)]


VARIANTS = [
    ("mp3", "-b:a", "64k"),
    ("ogg", "-af", "volume=0.2"),
    ("wav", "-ss", "3.3"),
    ("mp3", "-ss", "2", "-t", "14", "-af", "volume=0.6", "-b:a", "96k"),
    ("wav", "-ac", "1", "-ar", "22050"),
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: " ".join(variant))
def test_a_variant_is_the_same_recording(
    tmp_path: Path, melodies: list[Path], variant: tuple[str, ...]
) -> None:
    ending, *options = variant
    own = fingerprint(recoded(melodies[0], tmp_path / f"copy.{ending}", *options))
    others = [(path.stem, fingerprint(path)) for path in melodies]
    twin = find_twin(own, others)
    assert twin is not None
    assert twin.name == "0"
    assert twin.difference < SAME_BITS / 2
    assert all(compare(own, other) > 2 * SAME_BITS for _, other in others[1:])


def test_prints_have_a_rate_and_an_end(melodies: list[Path], tmp_path: Path) -> None:
    whole, half = fingerprint(melodies[0]), fingerprint(melodies[0], 10.0)
    assert len(whole) - len(half) == pytest.approx(10 * ITEMS_PER_S, abs=3)
    assert len(fingerprint(melody_file(tmp_path / "a.wav", 1, 1.0))) == 0
    assert compare(whole, half[:0]) == 1.0
    assert find_twin(half[:0], [("0", whole)]) is None
    silence = np.zeros(100, np.uint32)
    assert compare(silence, silence) == 1.0  # silence is no recording


def test_another_file_of_a_track_is_refused_by_name(tmp_path: Path, melodies: list[Path]) -> None:
    ours = Library(tmp_path / "home", small_pack(tmp_path / "pack"), tmp_path)
    kept = ours.add(melodies[0], FREE, title="First", artist="Ann")
    other = ours.add(melodies[1], FREE, title="Second", artist="Ann")
    copy = recoded(melodies[0], tmp_path / "copy.mp3", "-ss", "1", "-b:a", "96k")
    with pytest.raises(AlreadyThere, match=r"recording is in the library already.*“First” by Ann"):
        ours.add(copy, FREE, title="Third")
    assert ours.duplicates() == []
    ours.remove(kept.id)
    third = ours.add(copy, FREE, title="Third")
    assert [track.id for track in ours.tracks()[3:]] == [other.id, third.id]


def test_duplicates_that_are_there_are_found(
    tmp_path: Path, melodies: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Library(tmp_path / "home", small_pack(tmp_path / "pack"), tmp_path)
    copy = recoded(melodies[0], tmp_path / "copy.mp3", "-ss", "1", "-b:a", "96k")
    with monkeypatch.context() as patch:  # as if they came in before there were fingerprints
        patch.setattr("mrcmv.library.adding.fingerprint", lambda path: np.zeros(0, np.uint32))
        tracks = [ours.add(path, FREE) for path in (melodies[0], melodies[1], copy)]
    seen: list[float] = []
    ((first, second, difference),) = ours.duplicates(seen.append)
    assert (first.id, second.id) == (tracks[0].id, tracks[2].id)
    assert 0 < difference < SAME_BITS
    assert seen == sorted(seen)
    assert len(ours._catalog.prints()) == 3


def test_the_starter_pack_is_known_by_its_shipped_prints(tmp_path: Path, melodies: list[Path]) -> None:
    pack = small_pack(tmp_path / "pack")
    track = pack.tracks[0]
    pack.paths[track.id] = melodies[2]
    write_prints(tmp_path, pack)
    assert len(read_prints(tmp_path)[track.sha256]) == len(fingerprint(melodies[2]))
    ours = Library(tmp_path / "home", pack, tmp_path)
    with pytest.raises(AlreadyThere, match="“Note 220”"):
        ours.add(recoded(melodies[2], tmp_path / "copy.mp3"), FREE)
    (tmp_path / "prints.npz").write_bytes(b"damaged")
    assert read_prints(tmp_path) == {}
