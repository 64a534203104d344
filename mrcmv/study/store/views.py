"""What the store hands out and takes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Told:
    """What a participant's browser says when it joins. Nothing else about them is kept.

    ``recruiter``: (person, study, session) as a recruiter's link gives them.
    """

    consent_version: str
    device_class: str = "desktop"
    recruiter: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Slot:
    """One video of a trial: its opaque address, and what of it has been watched, in seconds."""

    media: str
    stimulus: str
    watched_s: float


@dataclass(frozen=True)
class Shown:
    """The trial that a participant has to answer now.

    ``number`` counts from 1 without practice; ``total`` likewise. ``item`` is the attention item's
    number in the design.
    """

    trial: str
    kind: str
    number: int
    total: int
    clip_id: str
    item: int | None
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Where:
    """Where a participant stands: ``stage`` is checks, trial or done."""

    participant: str
    stage: str
    order_seed: int
    trial: Shown | None = None


@dataclass(frozen=True)
class Answer:
    """What is sent for one trial.

    Attributes
    ----------
    request
        Id that the browser made for this answer; sent again with it after a lost connection.
    choice
        Place of the chosen video from 0; None for a tie.
    answers
        By the question's id: numbers, lists of numbers for ratings (one per video), texts.
    watched_s
        Seconds of every video that the browser says were played.
    """

    request: str
    choice: int | None
    answers: dict[str, Any] = field(default_factory=dict)
    watched_s: tuple[float, ...] = ()
    plays: int = 0


@dataclass(frozen=True)
class Counts:
    """How the study goes, without a word about who prefers what.

    ``cells``: (opaque name, answers, wanted) in an order that tells nothing about methods.
    """

    status: str
    joined: int
    active: int
    finished: int
    withdrawn: int
    answers: int
    attention_failed: int
    cells: tuple[tuple[str, int, int], ...]
    last_answer_at: datetime | None = None
