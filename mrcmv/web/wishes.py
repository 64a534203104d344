"""What a browser sends, made into what the page works with. Nothing in it is believed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from mrcmv.media import MAX_CLIP_S, WINDOW_S
from mrcmv.web.errors import PageError
from mrcmv.web.player import LEAST_LU, MOST_LU
from mrcmv.web.sessions import Choice


def window(wish: Any, duration_s: float | None) -> tuple[float, float] | None:
    """The asked part as (start, end) in seconds, made to fit; None when none was asked for."""
    if not isinstance(wish, dict):
        return None
    try:
        start, end = float(wish["start"]), float(wish["end"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (math.isfinite(start) and math.isfinite(end)):
        return None
    length = min(duration_s or MAX_CLIP_S, MAX_CLIP_S)
    start = min(max(start, 0.0), max(0.0, length - 1.0))
    end = min(max(end, start + 1.0), length, start + WINDOW_S)
    return start, max(end, start)


def with_track(choice: Choice | None, wish: Any) -> Choice:
    track = wish.get("track") if isinstance(wish, dict) else None
    if not isinstance(track, str):
        raise PageError("bad_request")
    return Choice(track, choice.level_lu, choice.keep) if choice else Choice(track)


def with_shape(choice: Choice | None, wish: Any) -> Choice:
    if choice is None or not isinstance(wish, dict):
        raise PageError("bad_request")
    level, keep = wish.get("level", choice.level_lu), wish.get("keep", choice.keep)
    try:
        level = float(level)
    except (TypeError, ValueError):
        raise PageError("bad_request") from None
    if not LEAST_LU <= level <= MOST_LU or keep not in ("voice", "original", "none"):
        raise PageError("bad_request")
    return Choice(choice.track_id, float(round(level)), keep)


def look_at(source: Path) -> float | None:
    """The claimed duration in seconds, None when not told; refuses at once what surely is no video.

    Raises `PageError`. What passes here is not trusted: `mrcmv.media.open_clip` checks again.
    """
    from mrcmv.media import ToolError, probe

    if source.stat().st_size == 0:
        raise PageError("empty_file")
    try:
        facts = probe(source)
    except ToolError as error:
        if error.timed_out:  # a busy machine; the search looks again, and has more time
            return None
        raise PageError("no_video") from None
    if facts.picture is None:
        raise PageError("no_video")
    if facts.duration_s is not None and not 0 < facts.duration_s < 1e6:
        return None
    return facts.duration_s
