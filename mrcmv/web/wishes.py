"""What a browser sends, made into what the page works with. Nothing in it is believed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from mrcmv.media import MAX_CLIP_S, WINDOW_S, UserError
from mrcmv.mix import MixSettings
from mrcmv.web.errors import PageError

LATE_MS = 5000


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


def track_of(wish: Any) -> str | None:
    """The track that a wish names; None is no music."""
    track = wish.get("track", 0) if isinstance(wish, dict) else 0
    if track is not None and not (isinstance(track, str) and track):
        raise PageError("bad_request")
    return track


def turn_of(wish: Any) -> int:
    """The page's own count of its wishes, so that it knows which one is answered."""
    turn = wish.get("turn") if isinstance(wish, dict) else 0
    return turn if type(turn) is int and 0 <= turn < 2**53 else 0


def is_late(wish: Any, last: int) -> bool:
    """Whether a wish was overtaken on its way by a later one. Turns are milliseconds of the browser's clock;
    one that is far behind comes from a device whose clock differs."""
    turn = turn_of(wish)
    return 0 < turn < last < turn + LATE_MS


def shaped(shape: MixSettings, wish: Any) -> MixSettings:
    """Settings as a wish changes them; ``start_s`` belongs to one track and is taken by `start_of`."""
    changes = wish.get("settings") if isinstance(wish, dict) else None
    if not isinstance(changes, dict):
        raise PageError("bad_request")
    plain = {name: _plain(value) for name, value in changes.items() if name != "start_s"}
    try:
        return MixSettings.from_json({**shape.to_json(), **plain})
    except UserError:  # the page's own controls cannot send it
        raise PageError("bad_request") from None


def start_of(wish: Any, length_s: float) -> float | Literal["as it was"] | None:
    """Second of the track at which it shall set in, None for its best moment."""
    if "start_s" not in wish["settings"]:
        return "as it was"
    start = wish["settings"]["start_s"]
    if start is None:
        return None
    if isinstance(start, bool) or not isinstance(start, int | float) or not math.isfinite(start):
        raise PageError("bad_request")
    return round(min(max(float(start), 0.0), max(0.0, length_s - 1.0)), 2)


def _plain(value: Any) -> Any:
    """Numbers with few digits: one setting is one mix, not one for each rounding."""
    return round(float(value), 3) if isinstance(value, int | float) and type(value) is not bool else value


def look_at(source: Path, about: dict[str, Any]) -> float | None:
    """The claimed duration in seconds, None when not told; refuses at once what surely is no video.

    ``about`` is told what the log may know of the clip. Raises `PageError`. What passes here is not
    trusted: `mrcmv.media.open_clip` checks again.
    """
    from mrcmv.media import ToolError, probe, trouble

    if source.stat().st_size == 0:
        raise PageError("empty_file")
    try:
        facts = probe(source)
    except ToolError as error:
        if machine := trouble(error):
            raise machine from None
        if error.timed_out:  # a busy machine; the search looks again, and has more time
            return None
        raise PageError("no_video") from None
    if facts.picture is None:
        raise PageError("no_video")
    about.update(
        bytes=source.stat().st_size,
        codec=facts.picture.codec,
        sound=facts.sound.codec if facts.sound else None,
        width=facts.picture.width,
        height=facts.picture.height,
        seconds=None if facts.duration_s is None else round(facts.duration_s, 1),
    )
    if facts.duration_s is not None and not 0 < facts.duration_s < 1e6:
        return None
    return facts.duration_s
