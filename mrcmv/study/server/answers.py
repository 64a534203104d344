"""What a browser sends is checked against the design; what was not asked is not kept."""

from __future__ import annotations

import math
import re
from typing import Any

from mrcmv.study.design import Design
from mrcmv.study.parts import Confidence, FreeText, Preference, Rating
from mrcmv.study.store import Answer, Refused

MAX_TEXT = 4000
_REQUEST = re.compile(r"[A-Za-z0-9-]{8,64}")
_OPAQUE = re.compile(r"[0-9a-f]{32}")


def is_opaque(name: str) -> bool:
    """Whether this can be the id of a trial or a video at all; no database is asked about others."""
    return _OPAQUE.fullmatch(name) is not None


def clean(text: str) -> str:
    """A text that every database takes: no halves of characters, no control signs but line ends."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(sign for sign in whole if sign in "\n\t" or sign >= " ").strip()


def read_answer(design: Design, videos: int, body: Any) -> Answer:
    """An `Answer` for a trial of so many videos.

    Raises
    ------
    Refused
        Something that must be answered is missing or out of range.
    """
    if not isinstance(body, dict):
        raise _bad()
    request = body.get("request")
    if not isinstance(request, str) or not _REQUEST.fullmatch(request):
        raise _bad()
    choice = body.get("choice")
    if choice is None:
        if not design.preference.tie or "choice" not in body:
            raise _bad()
    elif not _whole(choice, 0, videos - 1):
        raise _bad()
    given = body.get("answers")
    return Answer(
        request=request,
        choice=choice,
        answers=_answers(design, videos, given if isinstance(given, dict) else {}),
        watched_s=read_watched(body.get("watched_s")),
        plays=_plays(body.get("plays")),
    )


def _answers(design: Design, videos: int, given: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for question in design.questions:
        value = given.get(question.id)
        if isinstance(question, Preference):
            continue
        if value is None or value == "" or value == []:
            if question.required:
                raise _bad()
        elif isinstance(question, FreeText):
            if not isinstance(value, str):
                raise _bad()
            kept[question.id] = clean(value)[:MAX_TEXT]
        elif isinstance(question, Confidence):
            if not _whole(value, 1, question.points):
                raise _bad()
            kept[question.id] = value
        elif isinstance(question, Rating):
            if not isinstance(value, list) or len(value) != videos:
                raise _bad()
            rated = [each for each in value if each is not None]
            if not all(_whole(each, 1, question.points) for each in rated):
                raise _bad()
            if question.required and len(rated) < videos:
                raise _bad()
            kept[question.id] = value
    return kept


def read_watched(value: Any) -> tuple[float, ...]:
    """Seconds watched of every video, as far as they are numbers that can be."""
    if not isinstance(value, list) or len(value) > 12:
        return ()
    seconds = [float(each) if isinstance(each, int | float) and abs(each) < 1e9 else 0.0 for each in value]
    return tuple(each if math.isfinite(each) and each > 0 else 0.0 for each in seconds)


def _plays(value: Any) -> int:
    return value if _whole(value, 0, 1000) else 0


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _bad() -> Refused:
    return Refused("Please answer every question.", "answer", 422)
