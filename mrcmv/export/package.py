"""Everything for an editor in one folder or one ZIP, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mrcmv.export.timeline import Cut, write_timeline
from mrcmv.media import Progress, UserError, work_folder

_BLOCK = 1 << 20
VIDEO, TIMELINE, SETTINGS, CREDITS = "video.mp4", "timeline.otio", "settings.json", "credits.txt"


@dataclass(frozen=True)
class Package:
    """What goes in. Names are relative paths with "/", as in the timeline.

    Attributes
    ----------
    cut
        Becomes timeline.otio.
    settings
        Becomes settings.json.
    credits
        Becomes credits.txt.
    files
        Finished files by the name they get.
    """

    cut: Cut
    settings: dict[str, Any]
    credits: str
    files: dict[str, Path] = field(default_factory=dict)


def write_package(package: Package, destination: Path, progress: Progress | None = None) -> list[str]:
    """Write a ZIP when ``destination`` ends in .zip, else a folder; returns the names inside.

    A folder that exists must be empty or an earlier package, whose files are replaced.

    Raises
    ------
    UserError
        When the destination cannot be written.
    """
    destination = Path(destination)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with work_folder(".export-", destination.parent) as work:
            texts = _texts(package, Path(work))
            sources = {**texts, **package.files}
            if destination.suffix.lower() == ".zip":
                partial = Path(work) / "package.zip"
                _zip(sources, partial, progress)
                os.replace(partial, destination)
            else:
                _folder(sources, destination, progress)
    except OSError as error:
        raise UserError("The export cannot be written there. Name a folder of yours with room.") from error
    return sorted(sources)


def _texts(package: Package, work: Path) -> dict[str, Path]:
    write_timeline(package.cut, work / TIMELINE)
    settings = json.dumps(package.settings, ensure_ascii=False, indent=2, allow_nan=False)
    (work / SETTINGS).write_text(settings + "\n", encoding="utf-8")
    (work / CREDITS).write_text(package.credits, encoding="utf-8")
    return {name: work / name for name in (TIMELINE, SETTINGS, CREDITS)}


def _zip(sources: dict[str, Path], destination: Path, progress: Progress | None) -> None:
    """Sound and picture are stored as they are: packing them costs much and saves little."""
    tell = _Told(sources, progress)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as box:
        for name, path in sorted(sources.items()):
            entry = zipfile.ZipInfo.from_file(path, name)
            small = path.suffix in (".txt", ".json", ".otio")
            entry.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16  # not the private rights of the folder it came from
            with path.open("rb") as source, box.open(entry, "w", force_zip64=True) as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    tell(len(block))


def _folder(sources: dict[str, Path], destination: Path, progress: Progress | None) -> None:
    known = {TIMELINE, SETTINGS, CREDITS}
    if destination.exists():
        inside = {path.name for path in destination.iterdir()}
        if inside and not known <= inside:
            raise UserError("This folder holds something else. Name a new one, or a file that ends in .zip.")
    tell = _Told(sources, progress)
    for name, path in sorted(sources.items()):
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        shutil.copyfile(path, partial)
        os.replace(partial, target)
        tell(path.stat().st_size)


class _Told:
    """Progress by bytes."""

    def __init__(self, sources: dict[str, Path], progress: Progress | None) -> None:
        self.total = sum(path.stat().st_size for path in sources.values()) or 1
        self.done, self.progress = 0, progress

    def __call__(self, count: int) -> None:
        self.done += count
        if self.progress is not None:
            self.progress(min(1.0, self.done / self.total))
