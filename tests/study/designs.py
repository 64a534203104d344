"""Small designs for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mrcmv.study import Design


def plain(**changes: Any) -> dict[str, Any]:
    """A design of two methods on four clips, as a plain dict."""
    return {
        "study": "pilot-7",
        "title": "Music for game clips",
        "seed": 7,
        "clips": [
            {"id": f"clip-{n}", "file": f"clips/boss-{n}.mp4", "sha256": f"{n:064d}", "tags": ["calm"]}
            for n in range(4)
        ],
        "methods": [{"name": "network", "kind": "checkpoint"}, {"name": "chance", "kind": "random"}],
        "comparison": {"kind": "pairs"},
        "questions": [{"kind": "preference", "text": "Which music fits better?"}],
        "consent": {"version": "1", "text": "I take part of my own will."},
        "instructions": "Watch both videos.",
        "session": {"trials": 4},
        "assignments_per_cell": 40,
        **changes,
    }


def small(**changes: Any) -> Design:
    return Design.from_json(plain(**changes))


YAML = """\
study: three
title: Music for game clips
seed: 7
clips:
  - {id: one, file: one.mp4, tags: [calm]}
  - {id: two, file: two.mp4, tags: [happy]}
  - three.mp4
methods:
  - {name: network, kind: checkpoint}
  - {name: chance, kind: random}
comparison: {kind: pairs}
questions:
  - {kind: preference, text: "Which music fits better?", tie: true}
  - {kind: text, text: "Why?"}
consent: {version: "1", text: I take part.}
instructions: Watch both videos.
session: {trials: 3}
assignments_per_cell: 20
"""


def written(folder: Path, text: str = YAML) -> Path:
    """The YAML of a design with three (pretended) clips beside it."""
    for name in ("one", "two", "three"):
        (folder / f"{name}.mp4").write_bytes(name.encode())
    path = folder / "design.yaml"
    path.write_text(text, encoding="utf-8")
    return path
