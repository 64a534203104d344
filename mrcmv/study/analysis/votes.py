"""Rows of the export as a table that can be counted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrcmv.media import UserError, quoted
from mrcmv.study.analysis.plan import Plan

NEEDED = ("participant", "clip_id", "method_left", "method_right", "choice")
TEXTS = (
    "study_id", "design_hash", "app_version", "session", "consent_version", "pair_id", "track_left",
    "track_right", "winner_method", "reasons", "started_at", "answered_at", "device_class", "headphones",
)  # fmt: skip
NUMBERS = ("trial_index", "confidence", "rt_ms", "watched_left_s", "watched_right_s", "plays", "order_seed")
FLAGS = ("is_attention", "attention_ok", "is_repeat")
UNSEEN = "equal-top-1"  # what the column of reasons says where a pair was not shown
CHOICES = ("left", "right", "tie", "")
TRUTHS = {
    "true": True,
    "1": True,
    "1.0": True,
    "yes": True,
    "false": False,
    "0": False,
    "0.0": False,
    "no": False,
}


def read_votes(source: Path | Iterable[Mapping[str, Any]], plan: Plan | None = None) -> pd.DataFrame:
    """One row per trial from an exported CSV file or from rows in memory, checked and completed.

    Added columns: ``a``, ``b`` (the two methods in the plan's order), ``score`` (1: a, 0: b, 0.5: tie,
    missing: not answered), ``trial`` (which rows are of one trial) and ``unseen`` (both methods gave the same
    track, so the pair counts as a tie without being shown). Flags become true or false.

    Raises
    ------
    UserError : columns lack, a choice is unknown, a trial occurs twice, or rows of two designs are mixed.
    """
    plan = plan or Plan()
    frame = read_table(source, NEEDED)
    for name in (*TEXTS, *NEEDED):
        frame[name] = _column(frame, name).fillna("").astype(str)
    for name in NUMBERS:
        frame[name] = pd.to_numeric(_column(frame, name), errors="coerce")
    for name in FLAGS:
        flag = truths(frame, name)
        frame[name] = flag if name == "attention_ok" else flag.fillna(False).astype(bool)
    frame["choice"] = frame["choice"].str.strip().str.lower()
    number = frame["trial_index"].where(frame["trial_index"].notna(), -1 - np.arange(len(frame)))
    frame["trial"] = frame["participant"] + "/" + number.astype(int).astype(str)
    _check(frame)
    order = {name: place for place, name in enumerate(order_of(frame, plan))}
    left_first = frame["method_left"].map(order) <= frame["method_right"].map(order)
    frame["a"] = frame["method_left"].where(left_first, frame["method_right"])
    frame["b"] = frame["method_right"].where(left_first, frame["method_left"])
    left = frame["choice"].map({"left": 1.0, "right": 0.0, "tie": 0.5}).astype(float)
    frame["score"] = left.where(left_first, 1 - left)
    frame["unseen"] = frame["reasons"].eq(UNSEEN) & frame["choice"].eq("tie")
    return frame


def order_of(frame: pd.DataFrame, plan: Plan) -> list[str]:
    """All methods that were shown: those of the plan first, in its order, the rest by name."""
    shown = set(frame["method_left"]) | set(frame["method_right"])
    return [*plan.methods, *sorted(shown - set(plan.methods))]


def read_table(source: Path | Iterable[Mapping[str, Any]], needed: Sequence[str]) -> pd.DataFrame:
    """A CSV file, or rows in memory, that has all columns ``needed``; raises `UserError`."""
    if isinstance(source, Path):
        try:
            frame = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except OSError:
            raise UserError(f"The file {source.name} cannot be read: name the exported CSV file.") from None
        except ValueError:
            raise UserError(f"The file {source.name} is no CSV table: name the exported CSV file.") from None
    else:
        frame = pd.DataFrame([dict(row) for row in source])
        frame = frame if len(frame.columns) else pd.DataFrame(columns=list(needed))
    lacking = [name for name in needed if name not in frame.columns]
    if lacking:
        raise UserError(f"The table lacks the column {lacking[0]}: export the answers of the study again.")
    return frame


def truths(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column of flags as true, false or missing."""
    return _column(frame, name).map(_truth).astype("boolean")


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return (
        frame[name]
        if name in frame.columns
        else pd.Series([None] * len(frame), index=frame.index, dtype=object)
    )


def _truth(value: Any) -> bool | None:
    if value is None or value is pd.NA or value != value:
        return None
    return TRUTHS.get(str(value).strip().lower())


def _check(frame: pd.DataFrame) -> None:
    strange = sorted(set(frame["choice"]) - set(CHOICES))
    if strange:
        raise UserError(
            f"A choice is left, right or tie, not {quoted(strange[0])}: export the answers again."
        )
    if frame["design_hash"].nunique() > 1:
        raise UserError("The rows come from different designs: give the answers of one design at a time.")
    if frame.duplicated(["trial", "method_left", "method_right"]).any():
        raise UserError("A trial of a participant occurs twice: export the answers of the study again.")
    if (frame["participant"] == "").any():
        raise UserError("A row names no participant: export the answers of the study again.")
