"""What a handler gives back: new HTML for parts of the page."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class View:
    """New HTML for the parts of the page; None leaves a part as it is."""

    ticket: str | None = None
    empty: bool | None = None
    notice: str | None = None
    stage: str | None = None
    deck: str | None = None
    panel: str | None = None
    cards: str | None = None
    mix: str | None = None
    shape: str | None = None
    take: str | None = None
    foot: str | None = None
    exports: str | None = None
    steered: str | None = None
    why: str | None = None
    map: str | None = None


def cleared(message: str = "") -> View:
    """The page before there is a clip."""
    return View("", True, message, *[""] * (len(fields(View)) - 3))
