"""The separator against the original Spleeter, of which excerpts are kept (original/README.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.separation import si_sdr_db
from benchmarks.spleeter_excerpts import EXCERPT, STARTS, STEMS, cases, energies, excerpts
from mrcmv.separation import Separator
from mrcmv.separation.spectrum import LEAD, OVERLAP, SEGMENT

KEPT = Path(__file__).parent / "original" / "excerpts.npz"


@pytest.mark.parametrize("case", ["calm", "loud"])
def test_the_stems_are_the_originals(separator: Separator, case: str) -> None:
    made = separator.separate(cases()[case].sound)
    with np.load(KEPT) as kept:
        for stem in STEMS:
            ours = getattr(made, stem)
            theirs = kept[f"{case}-{stem}"].astype(np.float32) * np.float32(kept[f"{case}-{stem}-scale"])
            assert si_sdr_db(theirs, excerpts(ours)) > 60
            # Each excerpt too: across the segments' border and at the end a wrong overlap would show.
            for place, (their, our) in enumerate(zip(theirs, excerpts(ours), strict=True)):
                assert np.abs(their - our).max() < 2e-4, f"{stem}, excerpt {place}"
            np.testing.assert_allclose(energies(ours), kept[f"{case}-{stem}-energies"], rtol=1e-3, atol=1e-4)


def test_the_excerpts_lie_around_the_border() -> None:
    border = SEGMENT - LEAD
    assert any(start < border < start + EXCERPT for start in STARTS)
    assert any(border < start < border + OVERLAP for start in STARTS)
    assert max(STARTS) > border + OVERLAP
