"""Every hostile manifest, design, checkpoint and settings file: taken or refused with one plain sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.__main__ import try_plain
from tests.hostile.makers import PlainCase
from tests.hostile.plain import PLAIN_CASES


@pytest.mark.parametrize("case", PLAIN_CASES, ids=lambda case: f"{case.kind}: {case.title}"[:90])
def test_a_hostile_file(case: PlainCase, tmp_path: Path) -> None:
    found = try_plain(case, tmp_path / "case")
    wrong = [words for words in found.wrongs(case.must, (str(tmp_path),)) if " MB" not in words]
    assert wrong == []
