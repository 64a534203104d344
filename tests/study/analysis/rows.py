"""Rows by hand."""

from __future__ import annotations

from typing import Any


def row(
    participant: str, clip: str, choice: str, left: str = "a", right: str = "b", **more: Any
) -> dict[str, Any]:
    return {
        "participant": participant, "clip_id": clip, "method_left": left, "method_right": right,
        "choice": choice, "winner_method": {"left": left, "right": right}.get(choice, ""), **more,
    }  # fmt: skip


def votes(wins: int, losses: int, ties: int = 0, people: int = 10, clips: int = 7) -> list[dict[str, Any]]:
    """So many votes for a, for b and ties, dealt over people and clips; sides alternate."""
    rows = []
    for place, winner in enumerate(["a"] * wins + ["b"] * losses + ["tie"] * ties):
        left, right = ("a", "b") if place % 2 else ("b", "a")
        choice = "tie" if winner == "tie" else "left" if winner == left else "right"
        rows.append(row(f"p{place % people}", f"c{place % clips}", choice, left, right))
    return rows
