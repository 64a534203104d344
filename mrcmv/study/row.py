"""The row of the export: one for every answered trial. Its columns and what each of them means."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Row:
    """One answer. Times are UTC in ISO 8601; None stands for "not known" and is an empty cell in CSV.

    Of the best of N, every trial makes N - 1 rows: the chosen one against each of the others. They
    share participant and trial_index, and are no independent votes.
    """

    study_id: str
    design_hash: str
    app_version: str
    participant: str
    session: str
    consent_version: str
    trial_index: int
    pair_id: str
    clip_id: str
    method_left: str
    method_right: str
    track_left: str
    track_right: str
    choice: str
    winner_method: str
    confidence: int | None
    reasons: str
    rt_ms: int | None
    watched_left_s: float
    watched_right_s: float
    plays: int
    is_attention: bool
    attention_ok: bool | None
    is_repeat: bool
    order_seed: int
    started_at: str
    answered_at: str
    device_class: str
    headphones: str


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Row))

CODEBOOK: dict[str, str] = {
    "study_id": "Short name of the study, from the design.",
    "design_hash": "SHA-256 of the design's canonical JSON: other hash, other study.",
    "app_version": "Version of the program that took the answer.",
    "participant": "Opaque id of the participant, made at random.",
    "session": "Opaque id of the sitting in which the answer was given: a new one after each return.",
    "consent_version": "Version of the consent that the participant agreed to.",
    "trial_index": "Place of the trial in the participant's order, from 1; practice is not counted.",
    "pair_id": "The two methods in the design's order, joined by ~, whatever their sides.",
    "clip_id": "The clip, as the design names it.",
    "method_left": "Method whose music was under the left (on a phone: the first) video.",
    "method_right": "Method whose music was under the right (on a phone: the second) video.",
    "track_left": "Track under the left video; empty for no music.",
    "track_right": "Track under the right video; empty for no music.",
    "choice": "left, right or tie.",
    "winner_method": "Method that was chosen; empty for a tie.",
    "confidence": "Answer to the question of confidence, 1 = low; empty where it was not asked.",
    "reasons": "Free text; equal-top-1 where both methods gave the same track and the pair was not shown.",
    "rt_ms": "Milliseconds from the showing of the trial (after a return: from the last showing) to the "
    "answer, by the server's clock; empty where the pair was not shown.",
    "watched_left_s": "Seconds of the left video that were played, as the browser reported and the server "
    "could believe.",
    "watched_right_s": "The same of the right video.",
    "plays": "How often a video of the trial was started.",
    "is_attention": "True for attention items; they are no votes.",
    "attention_ok": "Whether the attention item was answered rightly; empty for other trials.",
    "is_repeat": "True when the comparison was seen before with its sides swapped; not a new vote.",
    "order_seed": "Seed from which this participant's order was drawn.",
    "started_at": "When the trial was first shown.",
    "answered_at": "When the answer was confirmed.",
    "device_class": "phone, tablet or desktop.",
    "headphones": "yes or no as they said; passed or failed where they said yes and were tested; empty "
    "where nobody asked.",
}
"""What every column means; `codebook.md` beside the export is made of it."""
