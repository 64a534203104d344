"""Clips whose features are given, so that nothing is decoded or measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.baselines import ClipSet
from mrcmv.training.baselines.features import Row
from mrcmv.training.batches import Clips
from mrcmv.training.manifest import Item

Matrix = NDArray[np.floating]


class Given(ClipSet):
    """``tables`` maps kinds (picture, voice, music, rest, frame, cbvmr music ...) to [n, k]."""

    def __init__(
        self,
        folder: Path,
        tables: dict[str, Matrix],
        labels: list[Any] | None = None,
        names: dict[str, list[str]] | None = None,
    ) -> None:
        count = len(next(iter(tables.values()))) if tables else len(labels or [])
        folder.mkdir(parents=True, exist_ok=True)
        items = []
        for number in range(count):
            path = folder / f"{number}.json"
            if labels is not None:
                path.write_text(json.dumps(labels[number]), encoding="utf-8")
            items.append(
                Item(
                    id=f"{folder.name}-{number}",
                    split=folder.name,
                    clip=folder / f"{number}.mp4",
                    music=None,
                    labels=path if labels is not None else None,
                    track=f"track-{number}",
                    speaker="",
                    engine="",
                    duration_s=40.0,
                )
            )
        super().__init__(Clips(tuple(items), folder), folder)
        self.tables, self.names = tables, names or {}

    def _load(self, file: str) -> list[dict[str, Row]]:
        rows: list[dict[str, Row]] = [{} for _ in range(len(self))]
        for kind, table in self.tables.items():
            of, name = kind.split(" ") if " " in kind else ("classic", kind)
            if of == file:
                names = self.names.get(kind) or list(map(str, range(table.shape[1])))
                for number, values in enumerate(table):
                    rows[number][name] = Row(tuple(names), values.astype(np.float32))
        return rows


def linear_pairs(
    folder: Path, count: int, seed: int, noise: float = 0.3, tables: tuple[str, ...] = ()
) -> Given:
    """Picture, voice and music that are each a fixed linear view of hidden scores, plus noise.

    The picture sees hidden 0..2, the voice 2..4, the music all five; further columns are noise.
    """
    views = np.random.default_rng(99)
    maps = {
        "picture": views.standard_normal((3, 12)),
        "voice": views.standard_normal((3, 12)),
        "music": views.standard_normal((5, 15)),
    }
    own = np.random.default_rng([seed, 7])
    hidden = own.standard_normal((count, 5))
    seen = {"picture": hidden[:, :3], "voice": hidden[:, 2:], "music": hidden}
    found: dict[str, Matrix] = {
        name: seen[name] @ maps[name] + noise * own.standard_normal((count, maps[name].shape[1]))
        for name in maps
    }
    found["rest"] = found["music"] + 0.3 * own.standard_normal(found["music"].shape)
    for name in tables:
        found[name] = found["music" if "music" in name else "picture"]
    return Given(folder, found)
