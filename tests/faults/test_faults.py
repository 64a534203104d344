"""Every quick fault is made, and holds; ``python -m tests.faults`` makes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import FAULTS
from tests.faults.bench import CannotHere, Fault, run

QUICK = [fault for fault in FAULTS if fault.quick]


@pytest.mark.parametrize("one", QUICK, ids=[fault.name for fault in QUICK])
def test_it_holds(one: Fault, tmp_path: Path) -> None:
    try:
        seen = run(one, tmp_path)
    except CannotHere as error:
        pytest.skip(str(error))
    assert seen.outcome.said
    assert seen.outcome.lost == "nothing" or seen.outcome.lost.startswith("only ")
    assert seen.left == ()


def test_the_list_is_complete_and_names_are_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 30
