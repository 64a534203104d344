"""Which clips of a data set are looked at: spread over the splits and over how aroused the music is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mrcmv.media import UserError, quoted
from mrcmv.training.manifest import SPLITS, Item, read_manifest

AROUSAL = "arousal"


@dataclass(frozen=True)
class Seen:
    """A clip with what is written about it.

    ``scores``: the numbers that drove it, standard normal scores, by name (see
    `mrcmv.training.freedoom400.rule`); empty where the data set has no plan. ``levels``: what its
    maker measured. ``rendition``: 0, or the number of this further clip to its track. ``voice``: the
    file of the commentary alone, where there is one.
    """

    item: Item
    voice: Path | None = None
    title: str = ""
    author: str = ""
    licence: str = ""
    place: str = ""
    rendition: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)

    @property
    def arousal(self) -> float:
        """Arousal of the music as a score; 0 where it is not known."""
        return self.scores.get(AROUSAL, 0.0)


def read_seen(data: Path) -> list[Seen]:
    """All clips of a data set that are there, in the manifest's order."""
    rows: dict[str, dict[str, Any]] = {}
    items = read_manifest(data)
    for line in (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            rows[row["id"]] = row
        except (ValueError, KeyError, TypeError):  # the manifest's reader has complained, or it is unfinished
            continue
    found = [_seen(data, item, rows[item.id]) for item in items if item.clip.is_file()]
    if not found:
        raise UserError("There is no finished clip in this data set: build some first.")
    return found


def _seen(data: Path, item: Item, row: dict[str, Any]) -> Seen:
    labels: dict[str, Any] = {}
    if item.labels is not None and item.labels.is_file():
        labels = json.loads(item.labels.read_text(encoding="utf-8"))
    track = row.get("track") or {}
    plan = labels.get("plan") or {}
    scores = {name: value for name, value in plan.items() if isinstance(value, int | float)}
    return Seen(
        item=item,
        voice=data / row["voice"] if row.get("voice") else None,
        title=str(track.get("title") or ""),
        author=str(track.get("author") or ""),
        licence=str(track.get("licence") or ""),
        place=str(row.get("map") or ""),
        rendition=int(row.get("rendition") or 0),
        scores={name: float(value) for name, value in {**(plan.get("factors") or {}), **scores}.items()},
        levels={name: float(value) for name, value in (labels.get("levels") or {}).items()},
    )


def sample(clips: Sequence[Seen], count: int) -> list[Seen]:
    """``count`` clips, each split with its share and one at least, from the calmest music to the most
    aroused within each. Always the same ones for the same clips; in the order of arousal. Renditions
    are left out: their tracks have a clip already."""
    clips = [each for each in clips if not each.rendition]
    chosen: list[Seen] = []
    for split, share in _shares(clips, min(count, len(clips))).items():
        ordered = sorted((each for each in clips if each.item.split == split), key=_order)
        chosen += [ordered[int((place + 0.5) * len(ordered) / share)] for place in range(share)]
    return sorted(chosen, key=_order)


def pick(data: Path, ids: Sequence[str] = (), count: int = 3) -> list[Seen]:
    """The clips named, or ``count`` of them from `sample`. Raises `UserError` for an id that is not there."""
    clips = read_seen(data)
    if not ids:
        return sample(clips, count)
    by_id = {each.item.id: each for each in clips}
    for name in ids:
        if name.strip() not in by_id:
            raise UserError(f"There is no clip {quoted(name.strip())} in this data set.")
    return [by_id[name.strip()] for name in ids]


def _order(seen: Seen) -> tuple[float, str]:
    return seen.arousal, seen.item.id


def _shares(clips: Sequence[Seen], count: int) -> dict[str, int]:
    """How many clips of each split: in proportion, largest remainders first, none left without."""
    sizes = {split: sum(each.item.split == split for each in clips) for split in SPLITS}
    sizes = {split: size for split, size in sizes.items() if size}
    exact = {split: count * size / len(clips) for split, size in sizes.items()}
    shares = {split: max(1, int(value)) for split, value in exact.items()}
    while sum(shares.values()) < count:
        shares[max(sizes, key=lambda split: (exact[split] - shares[split], split))] += 1
    while sum(shares.values()) > count:
        largest = max(shares, key=lambda split: (shares[split], split))
        shares[largest] -= 1
    return {split: share for split, share in shares.items() if share}
