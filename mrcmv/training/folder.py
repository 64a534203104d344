"""Any folder of local clips -> a manifest that trains like the data sets made here."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrcmv.media import IntakeError, Progress, ToolError, UserError, probe, quoted, write_whole
from mrcmv.media.ffmpeg import VIDEO_FORMATS
from mrcmv.media.sniff import check_clip, check_sound
from mrcmv.training.manifest import SPLITS

SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".flv", ".mpg", ".mpeg", ".3gp")
)
TEST_SHARE, VALIDATION_SHARE = 0.33, 0.07
"""Of all clips, as in CFM400 (131 of 401) with a tenth of its training clips kept for validation."""
COLUMNS = ("clip", "split", "music")


@dataclass(frozen=True)
class FolderReport:
    """How many clips each split has, and which files were left out: (path within the folder, sentence)."""

    splits: dict[str, int]
    refused: list[tuple[str, str]]

    @property
    def clips(self) -> int:
        return sum(self.splits.values())

    def as_dict(self) -> dict[str, Any]:
        return {"clips": self.clips, "splits": self.splits, "refused": self.refused}

    def __str__(self) -> str:
        parts = ", ".join(f"{n} {split}" for split, n in self.splits.items())
        lines = [f"{self.clips} clips: {parts}."]
        if self.refused:
            lines += [
                f"{len(self.refused)} files left out:",
                *(f"  {name}: {why}" for name, why in self.refused),
            ]
        if empty := [split for split, n in self.splits.items() if not n]:
            lines.append(f"No clip fell into {' or '.join(empty)}: name the splits in a CSV file.")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Entry:
    clip: Path
    split: str
    music: Path | None


def list_folder(
    folder: Path, out: Path, *, table: Path | None = None, progress: Progress | None = None
) -> FolderReport:
    """Write ``out/manifest.jsonl`` for the clips of a folder and its subfolders.

    Nothing is copied: the manifest names the files where they lie. A clip's split follows from a hash
    of its content (of its music's, when that is named, so that no track lies in two splits): it is the same
    on every machine and stays when clips are added or renamed. The same file twice stands once.

    Parameters
    ----------
    table
        CSV with a header: ``clip`` (path within the folder), and where wanted ``split`` and ``music``
        (the clean track under the clip). Only its clips are taken then. Without music, training takes what
        Spleeter leaves when the voice is gone.

    Raises
    ------
    UserError
        When the folder, the table or all clips are of no use, or the table puts one track in two splits.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder.name}: name the one that holds the clips.")
    root = folder.resolve()
    entries = list(_from_table(root, table)) if table is not None else list(_from_files(root))
    if not entries:
        raise UserError(f"The folder {folder.name} holds no clips.")
    found: dict[str, dict[str, Any]] = {}
    refused: list[tuple[str, str]] = []
    for number, entry in enumerate(entries):
        if progress is not None:
            progress(number / len(entries))
        try:
            row = _row(root, out.resolve(), entry)
            found.setdefault(row.pop("sha256"), row)
        except UserError as error:
            refused.append((_name(root, entry.clip), str(error)))
    if not found:
        raise UserError(f"None of the {len(entries)} files is a clip that can be used: {refused[0][1]}")
    rows = list(found.values())
    _refuse_shared_tracks(rows)
    _write(out, rows)
    if progress is not None:
        progress(1.0)
    counts = Counter(row["split"] for row in rows)
    return FolderReport({split: counts[split] for split in SPLITS}, refused)


def split_of(sha256: str) -> str:
    """The split that a content's hash (hexadecimal) falls into."""
    place = int(sha256[:12], 16) / 16**12
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"


def _from_files(root: Path) -> Iterator[_Entry]:
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield _Entry(path, "", None)


def _from_table(root: Path, table: Path) -> Iterator[_Entry]:
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UserError(f"The table {table.name} cannot be read: it must be CSV in UTF-8.") from None
    reader = csv.DictReader(text.splitlines())
    if "clip" not in (reader.fieldnames or ()) or set(reader.fieldnames or ()) - set(COLUMNS):
        raise UserError(f"The first line of {table.name} must name the columns clip, split, music.")
    for row in reader:
        here = f"Line {reader.line_num} of {table.name}"
        split = (row.get("split") or "").strip()
        if split and split not in SPLITS:
            raise UserError(f"{here}: the split {quoted(split)} is none of {', '.join(SPLITS)}.")
        clip, music = (_file(root, row.get(key), here) for key in ("clip", "music"))
        if clip is None:
            raise UserError(f"{here} names no clip.")
        yield _Entry(clip, split, music)


def _file(root: Path, name: str | None, here: str) -> Path | None:
    if not (name or "").strip():
        return None
    path = (root / str(name).strip()).resolve()
    if not path.is_file():
        raise UserError(f"{here}: there is no file {quoted(str(name).strip(), 120)}.")
    return path


def _row(root: Path, out: Path, entry: _Entry) -> dict[str, Any]:
    check_clip(entry.clip)
    try:
        facts = probe(entry.clip, formats=VIDEO_FORMATS)
    except ToolError:
        raise IntakeError("This video is damaged or cut off.") from None
    if facts.picture is None:
        raise IntakeError("This file has no picture.")
    if facts.sound is None and entry.music is None:
        raise IntakeError("This video has no sound, so there is no music to learn from.")
    sha256 = _sha256(entry.clip)
    row: dict[str, Any] = {
        "sha256": sha256,
        "id": _id(root, entry.clip, sha256),
        "split": entry.split or split_of(sha256),
        "duration_s": round(facts.duration_s or 0.0, 3),
        "clip": _within(out, entry.clip),
    }
    if entry.music is not None:
        check_sound(entry.music)
        track = _sha256(entry.music)
        row |= {"music": _within(out, entry.music), "track": {"id": track[:16], "title": entry.music.stem}}
        row["split"] = entry.split or split_of(track)
    return row


def _refuse_shared_tracks(rows: list[dict[str, Any]]) -> None:
    splits: dict[str, str] = {}
    for row in rows:
        if "track" not in row:
            continue
        first = splits.setdefault(row["track"]["id"], row["split"])
        if first != row["split"]:
            title = row["track"]["title"]
            raise UserError(
                f"The track {quoted(title, 80)} stands in {first} and in {row['split']}: "
                "keep it in one split."
            )


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_whole(out / "manifest.jsonl", text)


def _within(out: Path, path: Path) -> str:
    """A path for the manifest: from its folder where it lies below, else absolute."""
    return path.relative_to(out).as_posix() if path.is_relative_to(out) else str(path)


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _id(root: Path, path: Path, sha256: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", _name(root, path.with_suffix(""))).strip("-")
    return f"{slug[-60:].strip('-') or 'clip'}-{sha256[:8]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
