"""Cells: vectors are turned into the dimensions they lie in, without loss, and given back as they were."""

from __future__ import annotations

import numpy as np
import pytest

from mrcmv.index import cells
from mrcmv.index.types import Vectors, unit


def narrow(count: int, *, inside: int, outside: float = 0.0) -> Vectors:
    """Vectors [count, 64] in ``inside`` dimensions, and a little outside."""
    rng = np.random.default_rng(inside)
    axes = np.linalg.qr(rng.normal(size=(64, inside)))[0].T
    vectors = rng.normal(size=(count, inside)) @ axes + outside * rng.normal(size=(count, 64))
    return unit(vectors.astype(np.float32))


def test_the_dimensions_that_vectors_lie_in() -> None:
    vectors = narrow(500, inside=9)
    axes = cells.spanned(vectors)
    assert axes is not None
    assert axes.shape == (9, 64)
    query = np.random.default_rng(0).normal(size=64).astype(np.float32)  # not among them
    np.testing.assert_allclose((axes @ query) @ (axes @ vectors.T), query @ vectors.T, atol=1e-5)


@pytest.mark.parametrize("vectors", [narrow(500, inside=40), narrow(500, inside=9, outside=0.01)])
def test_nothing_is_cut_off(vectors: Vectors) -> None:
    assert cells.spanned(vectors) is None


@pytest.mark.parametrize(("inside", "off"), [(9, 2e-3), (64, 2e-2)])
def test_what_goes_in_comes_out(inside: int, off: float) -> None:
    vectors, ids = narrow(6000, inside=inside), 7 + np.arange(6000)
    made = cells.learn(vectors, len(vectors))
    made.add_with_ids(vectors, ids)
    assert cells.inner_lists(made).d == inside
    found = list(cells.contents(made))
    assert sorted(np.concatenate([each for _, each in found]).tolist()) == ids.tolist()
    for kept, each in found:
        np.testing.assert_allclose(kept, vectors[each - 7], atol=off)


def test_as_many_cells_as_the_windows_need() -> None:
    assert [cells.cells_for(n) for n in (100, 25_000, 10**6, 10**8)] == [16, 100, 4000, 4096]
