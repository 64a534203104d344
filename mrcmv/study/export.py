"""The answers as long tables: one row per answer, ratings apart, a codebook beside them.

Texts that a spreadsheet would take for a formula are given a leading apostrophe.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.study.appendix import (
    PARTICIPANT_COLUMNS,
    PARTICIPANTS,
    STIMULI,
    STIMULUS_COLUMNS,
    participant_rows,
    stimulus_rows,
)
from mrcmv.study.design import Design, pair_id
from mrcmv.study.parts import Confidence, Preference, Rating
from mrcmv.study.row import CODEBOOK, COLUMNS, Row

if TYPE_CHECKING:
    from mrcmv.study.store import Store
    from mrcmv.study.store.tables import ParticipantRow, TrialRow, VoteRow

ANSWERS, RATINGS, BOOK, DESIGN = "answers.csv", "ratings.csv", "codebook.md", "design.json"
RATING_COLUMNS = {
    "study_id": "As in answers.csv.",
    "participant": "As in answers.csv.",
    "trial_index": "As in answers.csv: the two tables are joined by participant and trial_index.",
    "clip_id": "The clip.",
    "question": "Id of the question in the design.",
    "position": "Place of the video from the left (on a phone: from the top), from 1; empty for questions "
    "about the whole trial.",
    "method": "Method whose music was under that video; empty for questions about the whole trial.",
    "track": "Track under that video.",
    "value": "The number or the text that was given.",
    "is_attention": "As in answers.csv.",
    "is_repeat": "As in answers.csv.",
}
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def rows(store: Store, design: Design) -> Iterator[dict[str, Any]]:
    """Rows of the export as plain dicts with the keys of `COLUMNS`; practice is left out."""
    for person, trial, vote in store.answered():
        if trial.kind == "practice":
            continue
        for left, right in _pairs_of(trial, vote):
            yield dataclasses.asdict(_row(design, person, trial, vote, left, right))


def _pairs_of(trial: TrialRow, vote: VoteRow) -> list[tuple[int, int]]:
    """Places that make a row: both of two; of several, the chosen one with each of the others."""
    if len(trial.methods) == 2:
        return [(0, 1)]
    won = vote.choice or 0
    return [(min(won, other), max(won, other)) for other in range(len(trial.methods)) if other != won]


def _row(
    design: Design, person: ParticipantRow, trial: TrialRow, vote: VoteRow, left: int, right: int
) -> Row:
    confidence, reasons = design.confidence, design.reasons
    said = vote.answers
    choice = "tie" if vote.choice is None else "left" if vote.choice == left else "right"
    return Row(
        study_id=design.study,
        design_hash=design.hash,
        app_version=vote.app_version,
        participant=person.id,
        session=vote.sitting,
        consent_version=person.consent_version,
        trial_index=trial.number,
        pair_id=pair_id(trial.methods[left], trial.methods[right], design.method_names),
        clip_id=trial.clip,
        method_left=trial.methods[left],
        method_right=trial.methods[right],
        track_left=trial.tracks[left],
        track_right=trial.tracks[right],
        choice=choice,
        winner_method="" if vote.choice is None else trial.methods[vote.choice],
        confidence=said.get(confidence.id) if confidence else None,
        reasons=(said.get(reasons.id, "") if reasons else "") if trial.shown else "equal-top-1",
        rt_ms=vote.rt_ms,
        watched_left_s=float(trial.watched_s[left]),
        watched_right_s=float(trial.watched_s[right]),
        plays=trial.plays,
        is_attention=trial.kind == "attention",
        attention_ok=vote.choice == trial.expected if trial.kind == "attention" else None,
        is_repeat=trial.kind == "repeat",
        order_seed=person.order_seed,
        started_at=_iso(trial.started_at),
        answered_at=_iso(vote.answered_at),
        device_class=person.device_class,
        headphones=person.headphones,
    )


def rating_rows(store: Store, design: Design) -> Iterator[dict[str, Any]]:
    """Every answer to every question but the preference, one value per row."""
    questions = [each for each in design.questions if not isinstance(each, Preference)]
    for person, trial, vote in store.answered():
        if trial.kind == "practice" or not trial.shown:
            continue
        for question in questions:
            value = vote.answers.get(question.id)
            values = value if isinstance(question, Rating) and isinstance(value, list) else [value]
            for place, each in enumerate(values):
                if each is None or each == "":
                    continue
                one_video = isinstance(question, Rating)
                yield {
                    "study_id": design.study,
                    "participant": person.id,
                    "trial_index": trial.number,
                    "clip_id": trial.clip,
                    "question": question.id,
                    "position": place + 1 if one_video else None,
                    "method": trial.methods[place] if one_video else "",
                    "track": trial.tracks[place] if one_video else "",
                    "value": each,
                    "is_attention": trial.kind == "attention",
                    "is_repeat": trial.kind == "repeat",
                }


def export(store: Store, folder: Path) -> dict[str, int]:
    """Write answers.csv, ratings.csv, participants.csv, stimuli.csv, codebook.md and design.json.

    Returns rows by file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    design = store.design
    written = {
        ANSWERS: write_csv(folder / ANSWERS, list(COLUMNS), rows(store, design)),
        RATINGS: write_csv(folder / RATINGS, list(RATING_COLUMNS), rating_rows(store, design)),
        PARTICIPANTS: write_csv(folder / PARTICIPANTS, list(PARTICIPANT_COLUMNS), participant_rows(store)),
        STIMULI: write_csv(folder / STIMULI, list(STIMULUS_COLUMNS), stimulus_rows(store.manifest)),
    }
    (folder / BOOK).write_text(codebook(design), encoding="utf-8")
    plain = json.dumps(design.to_json(), ensure_ascii=False, indent=1)
    (folder / DESIGN).write_text(plain, encoding="utf-8")
    return written


def export_recruiter_ids(store: Store, file: Path) -> int:
    """Write the recruiter's ids by participant into a file of their own, for its owner only."""
    found = store.recruiter_ids()
    file.touch(mode=0o600)
    return write_csv(file, ["participant", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "state"], iter(found))


def write_csv(file: Path, columns: list[str], found: Iterator[dict[str, Any]]) -> int:
    """A CSV after RFC 4180 in UTF-8; returns how many rows."""
    count = 0
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, columns)
        writer.writeheader()
        for row in found:
            writer.writerow({key: cell(value) for key, value in row.items()})
            count += 1
    return count


def cell(value: Any) -> Any:
    """One value as it stands in a CSV: true and false in small letters, no text that is a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value.replace("\0", "")
        return "'" + text if text.lstrip(" ").startswith(_RISKY) else text
    return value


def codebook(design: Design) -> str:
    """Markdown: what every column of all tables means, and what was asked."""
    lines = [f"# Codebook of {design.study}", "", f"Design {design.hash}.", "", f"## {ANSWERS}", ""]
    lines += ["| Column | Meaning |", "|---|---|"]
    lines += [f"| {name} | {meaning} |" for name, meaning in CODEBOOK.items()]
    for file, columns in (
        (RATINGS, RATING_COLUMNS),
        (PARTICIPANTS, PARTICIPANT_COLUMNS),
        (STIMULI, STIMULUS_COLUMNS),
    ):
        lines += ["", f"## {file}", "", "| Column | Meaning |", "|---|---|"]
        lines += [f"| {name} | {meaning} |" for name, meaning in columns.items()]
    lines += ["", "## Questions", ""]
    for question in design.questions:
        scale = ""
        if isinstance(question, Rating | Confidence):
            scale = f" 1 = {question.low}, {question.points} = {question.high}."
        lines.append(f"* {question.id} ({question.kind}): {_plain(question.text)}{_plain(scale)}")
    lines += ["", "A text that a spreadsheet would take for a formula begins with an added apostrophe.", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("|", "/").replace("<", "&lt;")


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
