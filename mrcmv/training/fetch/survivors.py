"""How many of the listed videos are left, and why the others are not."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mrcmv.training.fetch.lists import EXPECTED, NAMES, Listing
from mrcmv.training.fetch.rows import is_done
from mrcmv.training.fetch.status import Book
from mrcmv.training.manifest import SPLITS

_SHOWN_REASONS = 12


@dataclass(frozen=True)
class Survivors:
    """The report of a run.

    Attributes
    ----------
    splits
        Per split: ``listed`` videos, those in the ``manifest``, and how the others stand (``same file``:
        fetched, but the file of another video; ``not asked``: still to come).
    reasons
        (state, reason, how many), the most frequent first.
    notes
        Sentences about what else should be known.
    broke_off
        Whether the run ended with nothing but failures, which says more of the connection than of the videos.
    """

    name: str
    date: str
    splits: dict[str, dict[str, int]]
    reasons: list[tuple[str, str, int]]
    notes: list[str]
    lists_sha256: dict[str, str]
    broke_off: bool

    @property
    def survived(self) -> int:
        return sum(split["manifest"] for split in self.splits.values())

    @property
    def listed(self) -> int:
        return sum(split["listed"] for split in self.splits.values())

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "survived": self.survived, "listed": self.listed}

    def __str__(self) -> str:
        lines = [f"{NAMES[self.name]}, {self.date}: {self.survived} of {self.listed} videos survive."]
        for split, counts in self.splits.items():
            others = [f"{n} {what}" for what, n in counts.items() if n and what not in ("listed", "manifest")]
            left = f" ({', '.join(others)})" if others else ""
            lines.append(f"  {split:<11}{counts['manifest']:>4} of {counts['listed']}{left}")
        if self.reasons:
            lines.append("Why the others are not there:")
            lines += [f"  {n:>4} {state}: {reason}" for state, reason, n in self.reasons[:_SHOWN_REASONS]]
        if more := self.reasons[_SHOWN_REASONS:]:
            lines.append(f"  {sum(row[2] for row in more):>4} for {len(more)} other reasons")
        return "\n".join([*lines, *self.notes])


def count(
    out: Path,
    listing: Listing,
    book: Book,
    manifest: list[dict[str, Any]],
    date: str,
    notes: list[str],
    broke_off: bool,
) -> Survivors:
    """The report of a folder as it stands."""
    kept = {row["id"] for row in manifest}
    splits = {split: Counter[str](listed=0, manifest=0) for split in SPLITS}
    reasons: Counter[tuple[str, str]] = Counter()
    for video in listing.videos:
        status = book.get(video.id)
        if video.id in kept:
            what = "manifest"
        elif is_done(out, video, book):
            what = "same file"
        elif status is None or status.state == "done":
            what = "not asked"
        else:
            what = status.state
            reasons[status.state, status.reason] += 1
        splits[video.split].update(("listed", what))
    return Survivors(
        name=listing.name,
        date=date,
        splits={split: dict(counts) for split, counts in splits.items()},
        reasons=[(*pair, n) for pair, n in reasons.most_common()],
        notes=[*notes, *_about_lists(listing), *_about_uploaders(manifest)],
        lists_sha256=listing.sha256,
        broke_off=broke_off,
    )


def _about_lists(listing: Listing) -> list[str]:
    notes = [
        f"The {part} list names {n} videos; the authors' had {EXPECTED[listing.name][part]}."
        for part, n in listing.counts.items()
        if n != EXPECTED[listing.name][part]
    ]
    if listing.twice:
        notes.append(f"{listing.twice} lines name a video once more; one in both lists stays in test.")
    return notes


def _about_uploaders(manifest: list[dict[str, Any]]) -> list[str]:
    """The authors' split is by video: the same channel may stand on both sides."""
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for row in manifest:
        sides[row["split"] == "test"].add(row["source"]["uploader"])
    both = len((sides[True] & sides[False]) - {""})
    return [f"{both} uploaders have videos both in test and in train or validation."] if both else []
