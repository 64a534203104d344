"""One row with one seed, from prepared clips to ranks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress, UserError
from mrcmv.training.judge import Use
from mrcmv.training.loop import clips_of
from mrcmv.training.manifest import read_manifest
from mrcmv.training.preparation import prepared_folder
from mrcmv.training.results.outcome import FILE, Outcome
from mrcmv.training.results.rows import Row

ENCODERS = "compact/seed0"
"""The run whose encoders the other networks share: the first row, trained whole."""
PICTURE_SIZE = 112
"""Which prepared clips the baselines read."""
TRANSFER = "transfer"
Judgement = tuple[list[str], dict[str, NDArray[np.float32]], dict[str, Any]]


def run_row(
    row: Row, seed: int, data: Path, runs: Path, *, again: bool = False, progress: Progress | None = None
) -> Outcome:
    """Train (or resume) and judge one row with one seed; kept in ``runs/<row>/seed<k>``.

    A result that is there already is returned as it is, unless ``again`` asks to judge anew.
    Raises `UserError` when the row needs the shared encoders and they are not there yet.
    """
    folder = runs / row.name / f"seed{seed}"
    if (folder / FILE).is_file() and not again:
        return Outcome.load(folder / FILE)
    started = time.monotonic()
    method: Callable[..., Judgement] = {"network": _network, "modern": _modern}.get(row.method, _baseline)
    ids, similarity, about = method(row, seed, data, runs, folder, progress)
    about = {**about, **_voices(data, ids), "seconds": round(time.monotonic() - started, 1)}
    outcome = Outcome.of(row.name, seed, ids, similarity, about)
    outcome.save(folder)
    return outcome


def _network(
    row: Row, seed: int, data: Path, runs: Path, folder: Path, progress: Progress | None
) -> Judgement:
    from mrcmv.training.results.network import judge_network, train_row

    own = (row.name, f"seed{seed}") == tuple(ENCODERS.split("/"))
    shared = None if own or row.encoders == "fresh" else runs / ENCODERS
    if shared is not None and not shared.is_dir():
        name = ENCODERS.split("/")[0]
        raise UserError(
            f"This row shares the encoders of the row {name}: run mrcmv results run {name} first."
        )
    checkpoint = train_row(row, seed, data, folder, shared, progress)
    cache = runs if row.stage == "heads" else None
    ids, similarity, about = judge_network(checkpoint, data, cache=cache)
    return ids, similarity, {**about, "config": row.train_config(seed).to_dict()}


def _modern(
    row: Row, seed: int, data: Path, runs: Path, folder: Path, progress: Progress | None
) -> Judgement:
    from mrcmv.training.modern import modern_similarity

    train, validation, test = (
        clips_of(data, prepared_folder(data, PICTURE_SIZE), split)
        for split in ("train", "validation", "test")
    )
    similarity: dict[str, NDArray[np.float32]] = {}
    uses: tuple[Use, ...] = ("both", "picture", "voice") if row.use == "both" else (row.use,)
    for use in uses:
        for pool, matrix in modern_similarity(data, train, validation, test, seed, use=use).items():
            similarity[f"{pool}/{use}"] = matrix
    return [item.id for item in test.items], similarity, {}


def _baseline(
    row: Row, seed: int, data: Path, runs: Path, folder: Path, progress: Progress | None
) -> Judgement:
    from mrcmv.training.baselines import BASELINES, POOLS, ClipSet

    if row.method not in BASELINES:
        raise UserError(f"The row {row.name} names an unknown method: {row.method}.")
    prepared = prepared_folder(data, PICTURE_SIZE)
    train, validation, test = (
        ClipSet(clips_of(data, prepared, split), data / "features-classic")
        for split in ("train", "validation", "test")
    )
    fitted = BASELINES[row.method](train, validation, seed)
    similarity: dict[str, NDArray[np.float32]] = {}
    for pool in POOLS:
        try:
            similarity[f"{pool}/{row.use}"] = fitted.similarity(test, pool)
        except UserError:
            if pool == "clean":
                raise
    return [item.id for item in test.items], similarity, {}


def _voices(data: Path, ids: list[str]) -> dict[str, list[str]]:
    """Whose voice is in every test clip, and which voices training heard."""
    items = {item.id: item for item in read_manifest(data)}
    heard = {item.engine for item in items.values() if item.split != "test"}
    return {"engines": [items[name].engine for name in ids], "engines_in_training": sorted(heard)}


def judge_elsewhere(row: Row, data: Path, runs: Path) -> list[Outcome]:
    """Judge every trained seed of a network's row on the test clips of another data set.

    Kept in ``runs/transfer/<row>/seed<k>``. Raises `UserError` when the row was not run.
    """
    from mrcmv.model.checkpoint import WEIGHTS
    from mrcmv.training.preparation import prepare
    from mrcmv.training.results.network import judge_network

    found = sorted((runs / row.name).glob(f"seed*/*/{WEIGHTS}"))
    if not found:
        raise UserError(f"The row {row.name} was not run here: run mrcmv results run {row.name} first.")
    prepare(data, PICTURE_SIZE, splits=("test",))
    outcomes = []
    for weights in found:
        seed = int(weights.parents[1].name.removeprefix("seed"))
        ids, similarity, about = judge_network(weights.parent, data)
        outcome = Outcome.of(row.name, seed, ids, similarity, about)
        outcome.save(runs / TRANSFER / row.name / f"seed{seed}")
        outcomes.append(outcome)
    return outcomes
