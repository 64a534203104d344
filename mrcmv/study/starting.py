"""A new design out of a template, with the clips of a folder written into it."""

from __future__ import annotations

import os
from pathlib import Path

from mrcmv.media import UserError
from mrcmv.study.reading import VIDEO_ENDINGS, clip_name

TEMPLATES = Path(__file__).with_name("templates")
NAMES = ("table2", "table3")
CLIPS = 26
"""Clips of the second template where no folder is given: as many as in the paper's third table."""


def new_design(template: str, out: Path, folder: Path | None = None) -> int:
    """Write a design; returns how many clips it names (0: those of a data set).

    ``folder``: the clips (table3) or the data set (table2); relative to ``out`` in the design.

    Raises
    ------
    mrcmv.media.UserError
        There is no such template, the file is there already, or the folder holds no video.
    """
    if template not in NAMES:
        raise UserError(f"There is no template {template}: take one of {', '.join(NAMES)}.")
    if out.exists():
        raise UserError(f"The file {out.name} is there already: name another one.")
    text = (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8")
    if template == "table2":
        data = _from(out, folder) if folder else "data/freedoom400"
        out.write_text(text.replace("{data}", _quoted(data)), encoding="utf-8")
        return 0
    if folder is None:
        files = [f"clips/{number:02d}.mp4" for number in range(1, CLIPS + 1)]
    else:
        found = sorted(each for each in folder.glob("*") if each.suffix.lower() in VIDEO_ENDINGS)
        if not found:
            raise UserError(f"The folder {folder.name} holds no video.")
        files = [_from(out, each) for each in found]
    names = [clip_name(Path(file)) for file in files]
    lines = [
        f"  - {{id: {_quoted(name)}, file: {_quoted(file)}, tags: []}}"
        for name, file in zip(names, files, strict=True)
    ]
    text = text.replace("{clips}", "\n".join(lines)).replace("{first}", _quoted(names[0]))
    text = text.replace("{trials}", str(len(names))).replace("{minutes}", str(5 + round(1.4 * len(names))))
    out.write_text(text, encoding="utf-8")
    return len(names)


def _from(out: Path, target: Path) -> str:
    """A path as seen from the design's folder."""
    return Path(os.path.relpath(target, out.parent)).as_posix()


def _quoted(text: str) -> str:
    """A YAML text that no character of a file's name can break."""
    return "'" + text.replace("'", "''") + "'"
