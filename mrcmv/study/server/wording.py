"""What a design says, as the page may show it: Markdown with every piece of HTML escaped."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mrcmv.study.design import Design
from mrcmv.study.parts import BestOf, Confidence, FreeText, Instructed, Preference, Rating

if TYPE_CHECKING:
    from mrcmv.study.store import Shown

LETTERS = "ABCDEFGHIJKL"


@lru_cache(maxsize=32)
def to_html(markdown: str) -> str:
    """CommonMark without raw HTML and without images."""
    from markdown_it import MarkdownIt

    html: str = MarkdownIt("commonmark", {"html": False}).disable("image").render(markdown)
    return html


def study_facts(design: Design, status: str) -> dict[str, Any]:
    """All that the page knows before somebody takes part. No method, no track, no file."""
    return {
        "title": design.title,
        "status": status,
        "consent": {"version": design.consent.version, "html": to_html(design.consent.text)},
        "instructions": to_html(design.instructions),
        "thanks": to_html(design.thanks),
        "headphones": design.session.headphones,
        "watch_share": design.session.watch_share,
        "trials": design.session.trials,
        "videos": len(design.methods) if isinstance(design.comparison, BestOf) else 2,
        "questions": [_question(question) for question in design.questions],
    }


def _question(question: Preference | Rating | Confidence | FreeText) -> dict[str, Any]:
    plain = {"kind": question.kind, "id": question.id, "text": question.text}
    if isinstance(question, Preference):
        return {**plain, "tie": question.tie_label if question.tie else None}
    if isinstance(question, FreeText):
        return {**plain, "required": question.required}
    return {
        **plain,
        "points": question.points,
        "low": question.low,
        "high": question.high,
        "required": question.required,
    }


def check_text(design: Design, shown: Shown) -> str | None:
    """What an attention item says; None for those that look like any other trial."""
    if shown.item is None:
        return None
    item = design.attention[shown.item]
    if not isinstance(item, Instructed):
        return None
    letter = LETTERS[0] if item.answer == "left" else LETTERS[1]
    return item.text.replace("{answer}", letter)
