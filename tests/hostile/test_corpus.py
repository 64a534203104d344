"""Every hostile file of the corpus: taken or refused with one plain sentence, at a bounded price."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hostile.__main__ import try_case
from tests.hostile.corpus import CASES, Bases, Case
from tests.hostile.fuzz import fuzz
from tests.hostile.trial import Outcome, try_here

COSTLY = ("8192", "64 streams", "2 h", "boxes inside", "megabyte")
"""Their memory is measured in a process of its own, where nothing else has been before them."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return Bases(tmp_path_factory.mktemp("bases"))


def _try(case: Case, bases: Bases, folder: Path) -> Outcome:
    if any(words in case.title for words in COSTLY):
        return try_case(case, bases, folder / "case")
    private, place = folder / "private", folder / "upload"
    private.mkdir()
    place.mkdir()
    case.make(place / case.name, bases)
    return try_here(case.kind, place / case.name, private)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.title}")
def test_a_hostile_file(case: Case, bases: Bases, tmp_path: Path) -> None:
    found = _try(case, bases, tmp_path)
    wrong = [words for words in found.wrongs(case.must, (str(tmp_path),)) if " MB" not in words]
    if any(words in case.title for words in COSTLY):
        wrong = found.wrongs(case.must, (str(tmp_path),))
    assert wrong == []


def test_what_is_called_wrong() -> None:
    assert Outcome("refused", "This file is empty. Drop another.", 0.1, 1, ()).wrongs("refused") == []
    for bad in (
        Outcome("crashed", "Traceback", 0.1, 1, ()),
        Outcome("taken", "3.0 s", 0.1, 1, ()),
        Outcome("refused", "This file is empty. Drop another.", 21.0, 1, ()),
        Outcome("refused", "This file is empty. Drop another.", 0.1, 2_000_000_000, ()),
        Outcome("refused", "This file is empty. Drop another.", 0.1, 1, ("upload",)),
        Outcome("refused", "moov atom not found in clip.mp4.", 0.1, 1, ()),
        Outcome("refused", "See /etc/passwd for that.", 0.1, 1, ()),
    ):
        assert len(bad.wrongs("refused")) == 1, bad
    quotes = Outcome("refused", "There is no key “a/b”: take it out.", 0.1, 1, ())
    assert quotes.wrongs("refused", (), b"a/b: 3") == []
    assert len(quotes.wrongs("refused", (), b"a: 3")) == 1


def test_random_changes(tmp_path: Path) -> None:
    """MRCMV_FUZZ_SECONDS makes it longer; a fixed seed keeps what is found repeatable."""
    seconds = float(os.environ.get("MRCMV_FUZZ_SECONDS", "10"))
    outcomes, wrongs = fuzz(tmp_path, seconds, seed=20, least=40)
    assert [words for words in wrongs if " MB" not in words] == []
    for sort in ("media", "plain"):
        assert outcomes[f"{sort} refused"] > 0
        assert outcomes[f"{sort} taken"] > 0


@pytest.mark.parametrize("words", ["JPEG pictures in Matroska", "in 200 kB"])
def test_a_picture_too_large_is_told_to_be_that(words: str, bases: Bases, tmp_path: Path) -> None:
    """Also where ffmpeg forgets the size, which it does when the picture is above its limit of pixels."""
    case = next(case for case in CASES if case.title.startswith("8192") and words in case.title)
    assert "larger than 5K" in try_case(case, bases, tmp_path / "case").said
