"""What one run of one row found: ranks of every test clip, kept so that any table can be made of them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError, write_whole
from mrcmv.training.metrics import ranks

FILE = "outcome.json"
HEADLINE = "clean/both"
"""Pool of clean tracks, query by picture and voice."""


@dataclass(frozen=True)
class Judged:
    """One similarity matrix judged: for every clip the rank of its track (1 the best), for every track
    the rank of its clip, and which track came first (by its place in ``ids``)."""

    ranks: tuple[int, ...]
    reverse: tuple[int, ...]
    first: tuple[int, ...]

    @classmethod
    def of(cls, similarity: NDArray[np.floating]) -> Judged:
        """From [n, n]: rows are queries, columns tracks, the truth on the diagonal."""
        return cls(
            ranks=tuple(ranks(similarity).tolist()),
            reverse=tuple(ranks(similarity.T).tolist()),
            first=tuple(similarity.argmax(axis=1).tolist()),
        )

    def found(self) -> NDArray[np.int64]:
        return np.asarray(self.ranks, dtype=np.int64)


@dataclass(frozen=True)
class Outcome:
    """One row with one seed.

    Attributes
    ----------
    judged
        By "<pool>/<use>": pool ``clean`` or ``separated`` (the accompaniment that Spleeter left, the
        paper's condition), use ``both``, ``picture``, ``voice`` or ``other`` (another clip's voice).
    ids
        Test clips, in the order of the ranks.
    about
        Seconds it took, threads, machine, versions, what was chosen on the way.
    """

    row: str
    seed: int
    ids: tuple[str, ...]
    judged: dict[str, Judged]
    about: dict[str, Any]

    @classmethod
    def of(
        cls,
        row: str,
        seed: int,
        ids: Sequence[str],
        similarity: Mapping[str, NDArray[np.floating]],
        about: dict[str, Any],
    ) -> Outcome:
        judged = {name: Judged.of(matrix) for name, matrix in similarity.items()}
        return cls(row, seed, tuple(ids), judged, {**about, **machine()})

    def save(self, folder: Path) -> None:
        """Write ``folder/outcome.json``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / FILE, json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Outcome:
        judged = {
            name: Judged(*(tuple(each[key]) for key in ("ranks", "reverse", "first")))
            for name, each in values["judged"].items()
        }
        return cls(values["row"], values["seed"], tuple(values["ids"]), judged, values["about"])

    @classmethod
    def load(cls, path: Path) -> Outcome:
        """Raises `UserError` when the file is not an outcome."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"The result {path.parent.name}/{path.name} cannot be read: run its row again."
            ) from error


def load_outcomes(runs: Path) -> list[Outcome]:
    """All results under a folder (``<row>/seed<k>/outcome.json``) or in one file of them.

    Raises `UserError` when there are none.
    """
    if runs.is_file():
        return [Outcome.from_dict(each) for each in json.loads(runs.read_text(encoding="utf-8"))["outcomes"]]
    found = [Outcome.load(path) for path in sorted(runs.glob(f"*/seed*/{FILE}"))]
    found.sort(key=lambda each: (each.row, each.seed))
    if not found:
        raise UserError("There are no results in this folder: run rows with mrcmv results run first.")
    return found


def machine() -> dict[str, Any]:
    """What a result was measured on."""
    import torch

    model = ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        pass
    return {
        "machine": f"{os.cpu_count()} threads of {model or platform.processor() or platform.machine()}",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
