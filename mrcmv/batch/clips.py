"""What a batch does with one clip: the recommender's verbs, and what the report shows of them."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.recommender import Recommender, Suggestions

THUMBNAIL = (320, 240)
POINTS = 200
"""Points of an outline in the report."""
ALL = 100_000
"""As a number of suggestions: the whole library, so that any track's best moment is known."""


def suggest_one(
    recommender: Recommender, clip: Path, folder: Path, destination: Path, *, top_k: int = 5, **options: Any
) -> dict[str, Any]:
    """Rank the library for a clip; the JSON of ``suggest --json`` goes to ``destination``."""
    found = recommender.suggest(clip, folder, top_k=top_k, **options)
    result = found.to_json()
    partial = destination.with_name(destination.name + ".partial")
    partial.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, destination)
    first = found.matches[0] if found.matches else None
    return {
        **_seen(found),
        "suggestions": result["suggestions"],
        "track": _track(first.track) if first else None,
        "start_s": round(first.start_s, 2) if first else None,
        "drawing": {"music": _outline(first.track.peaks)} if first else {},
    }


def render_one(
    recommender: Recommender,
    clip: Path,
    folder: Path,
    destination: Path,
    *,
    track_id: str | None = None,
    render: Callable[[Suggestions, str, Path], Any],
    **options: Any,
) -> dict[str, Any]:
    """Mix the best track, or ``track_id``, under a clip; ``render`` is the recommender's verb with
    its settings filled in."""
    from mrcmv.media import UserError

    found = recommender.suggest(clip, folder, top_k=ALL if track_id else 1, **options)
    if track_id is None and not found.matches:
        raise UserError("The library has no tracks yet. Add some with `library add`.")
    track = recommender.library.get(track_id or found.matches[0].track.id)
    made = render(found, track.id, destination)
    match = found.match(track.id)
    start_s = getattr(made, "start_s", match.start_s if match else 0.0)
    loudest = max(float(np.max(peaks, initial=0.0)) for peaks in (made.voice_peaks, made.music_peaks))
    return {
        **_seen(found),
        "track": _track(track),
        "start_s": round(start_s, 2),
        "measured": {
            "integrated_lufs": _rounded(made.integrated_lufs),
            "true_peak_db": _rounded(made.true_peak_db),
            "voice_to_music_lu": _rounded(made.voice_to_music_lu),
        },
        "note": made.note,
        "drawing": {
            "voice": _outline(made.voice_peaks, loudest),
            "music": _outline(made.music_peaks, loudest),
            "ducking": [[round(at, 2), round(db, 1)] for at, db in _some(made.ducking)],
        },
    }


def _seen(found: Suggestions) -> dict[str, Any]:
    return {
        "duration_s": round(found.clip.duration_s, 2),
        "size": [found.clip.width, found.clip.height],
        "has_voice": bool(found.speech),
        "shares": [round(found.picture_share, 3), round(found.voice_share, 3)],
        "thumbnail": _thumbnail(found.clip.poster),
    }


def _track(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "title": track.title,
        "artist": track.artist,
        "licence": track.licence,
        "licence_url": track.rights.licence_url,
        "badge": str(track.badge),
        "credit": track.credit_line(),
        "duties": track.rights.duties(),
    }


def _thumbnail(poster: Path) -> str:
    """The clip's poster, small, as a data address; empty when there is none."""
    from PIL import Image

    try:
        with Image.open(poster) as picture:
            picture.thumbnail(THUMBNAIL)
            small = io.BytesIO()
            picture.convert("RGB").save(small, "JPEG", quality=75)
    except OSError:
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode()


def _outline(peaks: Sequence[float] | Any, loudest: float | None = None) -> list[float]:
    """At most `POINTS` values in 0..1: the highest of each part, ``loudest`` (else their own) at 1."""
    values = np.nan_to_num(np.abs(np.asarray(peaks, np.float64)))
    if not values.size or not values.max():
        return []
    top = loudest or values.max()
    parts = np.array_split(values, min(POINTS, values.size))
    return [round(float(part.max() / top), 3) for part in parts]


def _some(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    step = max(1, -(-len(points) // (2 * POINTS)))
    return points[::step]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
