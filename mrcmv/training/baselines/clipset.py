"""What a baseline sees: clips of one split, their hand-crafted features and, for oracles, their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress, UserError
from mrcmv.training.baselines.features import CLASSIC, Row, feature_path, load_features, measure
from mrcmv.training.labels import read_labels
from mrcmv.training.manifest import Item

if TYPE_CHECKING:
    from mrcmv.training.batches import Clips

Pool = Literal["clean", "separated"]
POOLS: tuple[Pool, ...] = ("clean", "separated")
MUSIC_OF: dict[Pool, str] = {"clean": "music", "separated": "rest"}

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """Features of n clips: ``values`` float32 [n, k], NaN where unknown; ``names`` of the k columns."""

    names: tuple[str, ...]
    values: FloatArray


class ClipSet:
    """Clips of one split with their features, which are measured when first asked for and then kept.

    Parameters
    ----------
    clips
        The prepared clips.
    cache
        Folder of the feature files, shared by the splits of a data set.
    """

    def __init__(self, clips: Clips, cache: Path, workers: int = 1, progress: Progress | None = None) -> None:
        self.clips, self.cache, self.workers, self.progress = clips, cache, workers, progress
        self._rows: dict[str, list[dict[str, Row]]] = {}

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.clips.items

    @property
    def tracks(self) -> tuple[str, ...]:
        """The track of every clip; renditions share one."""
        return tuple(item.track for item in self.items)

    def table(self, kind: str, like: Sequence[str] | None = None) -> Table:
        """Features of one kind (picture, frame, voice, music, rest; cbvmr music, tags rest ...).

        ``like`` names the columns wanted (those of training); else every name that occurs.
        Raises `UserError` when no clip has any, as the rest of old prepared files.
        """
        file, kind = kind.split(" ") if " " in kind else (CLASSIC, kind)
        rows = [clip.get(kind) for clip in self._load(file)]
        if not any(row is not None for row in rows):
            raise UserError(f"No clip has features of its {kind}: prepare the data again.")
        names = tuple(like) if like is not None else _all_names(rows)
        place = {name: column for column, name in enumerate(names)}
        values = np.full((len(rows), len(names)), np.nan, dtype=np.float32)
        for number, row in enumerate(rows):
            if row is not None:
                known = [place[name] for name in row.names if name in place]
                values[number, known] = row.values[[name in place for name in row.names]]
        return Table(names, values)

    def music(self, pool: Pool = "clean", like: Sequence[str] | None = None) -> Table:
        """Features of the candidates: the clean tracks or what separation left of the clips."""
        return self.table(MUSIC_OF[pool], like)

    def labels(self) -> list[dict[str, Any]]:
        """What the builder wrote down about every clip. Of test clips only an oracle may ask."""
        found = [None if item.labels is None else read_labels(item.labels) for item in self.items]
        if any(each is None for each in found):
            raise UserError("This method needs clips with labels, such as those that `data build` makes.")
        return [each for each in found if each is not None]

    def _load(self, file: str) -> list[dict[str, Row]]:
        if file not in self._rows:
            names = [item.id for item in self.items]
            measure(
                names, self.clips.folder, self.cache, kind=file, workers=self.workers, progress=self.progress
            )
            self._rows[file] = [load_features(feature_path(self.cache, name, file)) for name in names]
        return self._rows[file]


def _all_names(rows: Sequence[Row | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows if row is not None for name in row.names))


class Fitted(Protocol):
    """What training a baseline leaves."""

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> FloatArray:
        """float32 [n, n]: rows are queries, columns tracks of the same clips; higher is nearer."""


class Fit(Protocol):
    """Learn from train clips; validation clips may choose settings; test clips are not at hand."""

    def __call__(self, train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted: ...


class Subset(ClipSet):
    """Some clips of another set (folds of a cross-validation); features are shared with it."""

    def __init__(self, whole: ClipSet | Sequence[ClipSet], index: Sequence[int]) -> None:
        parts = [whole] if isinstance(whole, ClipSet) else list(whole)
        items = [item for part in parts for item in part.items]
        clips = replace(parts[0].clips, items=tuple(items[i] for i in index))
        super().__init__(clips, parts[0].cache, parts[0].workers, parts[0].progress)
        self._parts, self._index = parts, list(index)

    def _load(self, file: str) -> list[dict[str, Row]]:
        if file not in self._rows:
            rows = [row for part in self._parts for row in part._load(file)]
            self._rows[file] = [rows[i] for i in self._index]
        return self._rows[file]
