"""Clips one after another: what is done is not done again, what fails does not stop the rest.

Every clip has a record (JSON) in ``OUT/.records``. It is written whole or not at all and only after
the clip's own file, so whoever ends the program at any moment can start it again and loses at most
the clip that was at work. The report is drawn anew after every clip.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mrcmv.batch.report import REPORT, write_report
from mrcmv.media import Cancelled, UserError, work_folder

log = logging.getLogger("mrcmv.batch")

KINDS = {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ts", ".mts", ".m2ts"}
RECORDS = ".records"
OURS = "Something went wrong on our side; the log has more."

Work = Callable[[Path, Path, Path], dict[str, Any]]
"""(clip, empty private folder, file to write) -> what the record says besides; raises `UserError`."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is asked: a verb over the clips of one folder, with options that belong to the results.

    ``options`` is plain data; a clip that was done under other options is done again.
    """

    verb: str
    clips: Path
    out: Path
    options: dict[str, Any] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True)
class Summary:
    """``done`` counts the clips done in this run, ``kept`` those that were done already."""

    out: Path
    records: tuple[dict[str, Any], ...]
    done: int
    kept: int

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [record for record in self.records if not record["ok"]]

    def to_json(self) -> dict[str, Any]:
        """The contract of ``--json``: pictures and outlines stay in the report."""
        left_out = ("thumbnail", "drawing", "fingerprint")
        rows = [{k: v for k, v in record.items() if k not in left_out} for record in self.records]
        return {
            "report": str(self.out / REPORT),
            "clips": len(rows),
            "done": self.done,
            "kept": self.kept,
            "failed": len(self.failed),
            "results": rows,
        }


def find_clips(folder: Path) -> list[Path]:
    """The video files of a folder by name; other files, hidden ones and subfolders are left aside."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in KINDS)
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def run(plan: Plan, work: Work, tell: Tell = lambda text: None) -> Summary:
    """Do every clip of the plan; returns what became of them.

    Raises
    ------
    UserError
        There are no clips, or the output folder cannot be used.
    Cancelled, KeyboardInterrupt
        Passed on, after the report of what is done was written.
    """
    clips = find_clips(plan.clips)
    if not clips:
        raise UserError("There is no video in this folder: MP4, MOV, WebM, MKV, AVI or TS.")
    if plan.out.resolve() == plan.clips.resolve():
        raise UserError("Name another folder for the results than the one with the clips.")
    try:
        (plan.out / RECORDS).mkdir(parents=True, exist_ok=True)
    except OSError:
        raise UserError("The results cannot be written there: name a folder of yours.") from None
    names = _output_names(clips)
    records: list[dict[str, Any]] = []
    done = kept = 0
    try:
        for number, clip in enumerate(clips, 1):
            before = None if plan.again else _earlier(plan, clip, names[clip])
            if before is not None:
                kept += 1
                records.append(before)
                continue
            tell(f"{number} of {len(clips)}: {clip.name}")
            record = _do(plan, clip, names[clip], work)
            done += 1
            records.append(record)
            if not record["ok"]:
                tell(f"  {record['why']}")
            write_report(plan.out, plan.verb, plan.options, records, len(clips))
    finally:
        write_report(plan.out, plan.verb, plan.options, records, len(clips))
    return Summary(plan.out, tuple(records), done, kept)


def _output_names(clips: list[Path]) -> dict[Path, str]:
    """A name without ending for each clip's results: its own, with its kind where two share one."""
    stems = [clip.stem.lower() for clip in clips]
    return {
        clip: clip.stem if stems.count(clip.stem.lower()) == 1 else f"{clip.stem} ({clip.suffix[1:]})"
        for clip in clips
    }


def _do(plan: Plan, clip: Path, name: str, work: Work) -> dict[str, Any]:
    """One clip and its record; only an order to stop gets out."""
    began = time.perf_counter()
    destination = plan.out / (name + (".mp4" if plan.verb == "render" else ".json"))
    record: dict[str, Any] = {"clip": clip.name, "ok": True, "fingerprint": _fingerprint(plan, clip)}
    try:
        with work_folder("mrcmv-") as folder:
            record |= work(clip, Path(folder), destination)
    except (Cancelled, KeyboardInterrupt):
        raise
    except UserError as error:
        record |= {"ok": False, "why": str(error)}
    except Exception:
        log.exception("%s failed", clip.name)
        record |= {"ok": False, "why": OURS}
    record["seconds"] = round(time.perf_counter() - began, 1)
    if record["ok"]:
        record["file"] = destination.name
    _write(_record_path(plan, name), record)
    return record


def _earlier(plan: Plan, clip: Path, name: str) -> dict[str, Any] | None:
    """The record of a clip that is done: same clip, same options, and its file is there."""
    try:
        record = json.loads(_record_path(plan, name).read_text(encoding="utf-8"))
        fits = record["ok"] and record["fingerprint"] == _fingerprint(plan, clip)
        return record if fits and (plan.out / record["file"]).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _record_path(plan: Plan, name: str) -> Path:
    return plan.out / RECORDS / f"{plan.verb}-{name}.json"


def _fingerprint(plan: Plan, clip: Path) -> str:
    state = clip.stat()
    said = json.dumps([plan.verb, plan.options, clip.name, state.st_size, state.st_mtime_ns], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _write(path: Path, plain: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
    os.replace(partial, path)
