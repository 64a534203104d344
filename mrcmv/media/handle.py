"""A clip's card, clip.json: what is known about a clip survives a restart of the program."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from mrcmv.media.errors import IntakeError
from mrcmv.media.small import write_whole
from mrcmv.media.types import Clip

NAME = "clip.json"
_FILES = ("picture", "sound", "frames", "poster")
_GONE = "This clip is not there any more. Drop it once more."


def remember(clip: Clip) -> Path:
    """Write ``clip.json`` into the clip's folder, with bare file names; gives its path."""
    card: dict[str, Any] = {
        name: None if (path := getattr(clip, name)) is None else path.relative_to(clip.folder).name
        for name in _FILES
    }
    card |= {name: getattr(clip, name) for name in ("picture_copied", "duration_s", "width", "height", "fps")}
    card["window_s"] = list(clip.window_s)
    path = clip.folder / NAME
    write_whole(path, json.dumps(card, indent=1))
    return path


def recall(folder: Path) -> Clip:
    """The clip that `remember` wrote into ``folder``, its files checked to lie right there.

    Raises
    ------
    IntakeError
        When the card or a file is missing, points elsewhere or makes no sense.
    """
    try:
        card = json.loads(_inside(folder, NAME).read_text(encoding="utf-8"))
        start, end = (_number(value) for value in card["window_s"])
        clip = Clip(
            folder=folder,
            picture=_inside(folder, card["picture"]),
            picture_copied=bool(card["picture_copied"]),
            sound=None if card["sound"] is None else _inside(folder, card["sound"]),
            frames=_inside(folder, card["frames"]),
            poster=_inside(folder, card["poster"]),
            duration_s=_number(card["duration_s"]),
            width=int(_number(card["width"])),
            height=int(_number(card["height"])),
            fps=_number(card["fps"]),
            window_s=(start, end),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntakeError(_GONE) from error
    if not 0 <= start < end <= clip.duration_s + 0.1:
        raise IntakeError(_GONE)
    return clip


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if Path(name).name != name or path.is_symlink() or not path.is_file():
        raise ValueError("not a file of this folder")
    return path


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError("not a number")
    return float(value)
