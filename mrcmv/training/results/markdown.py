"""Figures and tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mrcmv.training.results.summary import Figure


def cell(figure: Figure, digits: int = 1) -> str:
    """``34.3 [25.7, 42.9]``."""
    return f"{figure.mean:.{digits}f} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def signed(figure: Figure) -> str:
    return f"{figure.mean:+.1f} [{figure.low:+.1f}, {figure.high:+.1f}]"


def grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *body))
