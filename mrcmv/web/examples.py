"""The clips that a visitor can try without an own one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "examples"


@dataclass(frozen=True)
class Example:
    """``name`` is the file's name without its ending; ``label_key`` names a sentence of the page.

    ``poster`` is a JPEG beside the clip, if there is one.
    """

    name: str
    path: Path
    label_key: str | None
    poster: Path | None = None


def find_examples(folder: Path = EXAMPLES) -> list[Example]:
    """The first three clips of a folder; excited before calm before no voice."""
    found = []
    for path in sorted(folder.glob("*.mp4")):
        name = path.stem.lower()
        if "excit" in name:
            order, key = 0, "example_excited"
        elif "calm" in name:
            order, key = 1, "example_calm"
        elif "no" in name or "silent" in name or "mute" in name:
            order, key = 2, "example_novoice"
        else:
            order, key = 3, None
        poster = path.with_suffix(".jpg")
        example = Example(path.stem, path, key, poster if poster.exists() else None)
        found.append((order, path.stem, example))
    return [example for _, _, example in sorted(found, key=lambda row: row[:2])][:3]
