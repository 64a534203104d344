"""The list of clips that a data set consists of: one JSON object a line in ``manifest.jsonl``.

Only ``id``, ``split`` and ``clip`` are needed; ``music`` (the clean music of the clip) is needed
for training and for the pool of clean tracks; ``labels`` serve the pretraining of encoders.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrcmv.media import UserError, quoted, read_small

MOST_BYTES = 500_000_000
SPLITS = ("train", "validation", "test")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Item:
    """One clip of a data set. ``track`` is the same for two clips with the same music.

    ``original`` is the id of the clip that a rendition shares its excerpt of music with, else its own.
    """

    id: str
    split: str
    clip: Path
    music: Path | None
    labels: Path | None
    track: str
    speaker: str
    engine: str
    duration_s: float
    original: str = ""


def read_manifest(data: Path, splits: tuple[str, ...] = SPLITS) -> list[Item]:
    """Clips of the named splits, in the manifest's order.

    A last line without its newline is still being written by a builder and is left out.
    """
    path = data / "manifest.jsonl"
    try:
        text = read_small(path, MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"The folder {data.name} has no manifest.jsonl: build or list the data first."
        ) from None
    items: dict[str, Item] = {}
    for number, line in enumerate(text[: text.rfind("\n") + 1].splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = _item(data, json.loads(line))
        except _NoClip as error:
            raise UserError(f"Line {number} of manifest.jsonl is not a clip: {error}.") from None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise UserError(f"Line {number} of manifest.jsonl is not a clip: see docs/training.md.") from None
        if item.split in splits:
            items[item.id] = item
    return list(items.values())


class _NoClip(Exception):
    pass


def _item(data: Path, row: dict[str, Any]) -> Item:
    name, split = str(row["id"]), str(row["split"])
    if not _SAFE_ID.fullmatch(name):
        raise _NoClip(f"the id {quoted(name)} must be letters, digits, dots and dashes")
    if split not in SPLITS:
        raise _NoClip(f"the split {quoted(split)} is none of {', '.join(SPLITS)}")
    track, duration_s = row.get("track") or {}, float(row.get("duration_s") or 0.0)
    if not math.isfinite(duration_s):
        raise ValueError

    def file(key: str) -> Path | None:
        return data / row[key] if row.get(key) else None

    return Item(
        id=name,
        split=split,
        clip=data / row["clip"],
        music=file("music"),
        labels=file("labels"),
        track=str(track.get("id") or name),
        speaker=str(row.get("speaker") or ""),
        engine=str(row.get("engine") or ""),
        duration_s=duration_s,
        original=name.rsplit("r", 1)[0] if row.get("rendition") else name,
    )
