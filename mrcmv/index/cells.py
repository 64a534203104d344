"""Windows sorted into cells: what FAISS is asked for, and how it is learned from the windows themselves.

A network whose last layer is a product through few numbers (`compact`: 64) makes vectors that lie in few
of their dimensions. Turned into those, without loss, and kept at 16 bits a dimension they take a quarter
of the space of 8 bits in all 512, and much less time. Other vectors are kept at 8 bits a dimension.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.index.types import Vectors

WINDOWS_PER_CELL = 250
MOST_CELLS = 4096
TRAINED_ON = 40
"""Windows for each cell that the centres are learned from; FAISS asks for 39."""
LEAST_SAMPLE = 10_000
ROUNDS = 8
"""Of k-means; more finds nothing more (docs/scale.md)."""
PROBES, PROBES_SPANNED = 32, 20
"""Cells that a query looks at, the latter where vectors lie in few directions and neighbours in fewer
cells; see benchmarks/scale.py for what that finds and costs."""
MARGIN = 0.1
"""How far the range of 8 bits goes beyond what was seen in training, in widths of that."""
LOST = 1e-9
"""Share of the vectors' squared length that may lie outside the dimensions they are turned into."""
CHUNK = 50_000


def sample_for(windows: int) -> int:
    """How many windows are to be learned from."""
    return min(windows, max(LEAST_SAMPLE, TRAINED_ON * cells_for(windows)))


def cells_for(windows: int) -> int:
    return int(min(MOST_CELLS, max(16, windows // WINDOWS_PER_CELL)))


def learn(sample: Vectors, windows: int, seed: int = 0) -> Any:
    """An empty FAISS index for about so many windows, with cells learned from a sample [n, d]."""
    import faiss as untyped

    faiss: Any = untyped  # its stubs do not know what its Python side adds
    dimension, cells = sample.shape[1], cells_for(windows)
    axes = spanned(sample)
    turned = sample if axes is None else np.ascontiguousarray(sample @ axes.T)
    inner = turned.shape[1]
    kind = "SQ8" if axes is None else "SQfp16"
    sorted_in = faiss.index_factory(inner, f"IVF{cells},{kind}", faiss.METRIC_INNER_PRODUCT)
    sorted_in.cp.seed, sorted_in.cp.niter = seed, ROUNDS
    sorted_in.sq.rangestat_arg = MARGIN
    sorted_in.train(turned)
    if axes is None:
        return look_at_some(sorted_in)
    turn = faiss.LinearTransform(dimension, inner, False)
    faiss.copy_array_to_vector(axes.ravel(), turn.A)
    turn.is_trained = True
    turn.set_is_orthonormal()
    made = faiss.IndexPreTransform(turn, sorted_in)
    made.is_trained = True
    return look_at_some(made)


def look_at_some(index: Any) -> Any:
    """The index, whose queries look at so many cells as its kind needs; it may come from an older file."""
    cells = inner_lists(index)
    cells.nprobe = min(PROBES_SPANNED if hasattr(index, "chain") else PROBES, cells.nlist)
    return index


def spanned(sample: Vectors) -> Vectors | None:
    """The directions [r, d] in which the vectors [n, d] lie; None when these are more than half of all."""
    square = sample.T.astype(np.float64) @ sample.astype(np.float64)
    sizes, axes = np.linalg.eigh(square)
    left = np.cumsum(np.maximum(sizes, 0.0))  # of the smallest 1, 2, ... directions
    needed = int((left > LOST * left[-1]).sum())
    if needed > sample.shape[1] // 2:
        return None
    return np.ascontiguousarray(axes[:, -needed:].T, np.float32)


def inner_lists(index: Any) -> Any:
    """The part of an index that holds the cells."""
    import faiss

    return faiss.downcast_index(faiss.extract_index_ivf(index))


def contents(index: Any) -> Iterator[tuple[Vectors, NDArray[np.int64]]]:
    """All vectors [n, d] as they are kept, and their ids [n], some cells at a time."""
    import faiss

    held = inner_lists(index)
    turn = faiss.downcast_VectorTransform(index.chain.at(0)) if hasattr(index, "chain") else None
    parts: list[tuple[Vectors, NDArray[np.int64]]] = []
    for cell in range(held.nlist):
        size = held.invlists.list_size(cell)
        if not size:
            continue
        ids = faiss.rev_swig_ptr(held.invlists.get_ids(cell), size).copy()
        codes = faiss.rev_swig_ptr(held.invlists.get_codes(cell), size * held.code_size).copy()
        vectors = held.sq.decode(codes.reshape(size, held.code_size))
        if held.by_residual:
            vectors += held.quantizer.reconstruct(cell)
        parts.append((vectors if turn is None else turn.reverse_transform(vectors), ids))
        if sum(len(ids) for _, ids in parts) >= CHUNK:
            yield _joined(parts)
            parts = []
    if parts:
        yield _joined(parts)


def _joined(parts: list[tuple[Vectors, NDArray[np.int64]]]) -> tuple[Vectors, NDArray[np.int64]]:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
