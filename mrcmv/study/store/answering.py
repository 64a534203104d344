"""A participant's way through the trials: what comes next, what was watched, one answer each."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mrcmv import __version__
from mrcmv.study.manifest import Manifest
from mrcmv.study.store.errors import Refused, unknown
from mrcmv.study.store.tables import MediaRow, ParticipantRow, TrialRow, VoteRow
from mrcmv.study.store.views import Answer, Shown, Slot

SLACK_S = 1.0
"""Clocks, rounding and the network: how much more than the clock a browser may report as watched."""
SHORT_S = 0.5
"""Players do not always report the last moment before the end."""
SENT_SHARE = 0.5
"""How much of the watched share of a file must have left the server: bytes are not spread evenly."""


def open_trial(db: Session, participant: str) -> TrialRow | None:
    """The first trial without an answer."""
    return db.scalars(
        select(TrialRow)
        .outerjoin(VoteRow, VoteRow.trial == TrialRow.id)
        .where(TrialRow.participant == participant, VoteRow.trial.is_(None))
        .order_by(TrialRow.place)
        .limit(1)
    ).first()


def pass_over(db: Session, person: ParticipantRow, now: datetime) -> TrialRow | None:
    """The trial to be shown; those that are not to be shown are entered as ties on the way."""
    while (trial := open_trial(db, person.id)) is not None and not trial.shown:
        trial.started_at = trial.shown_at = now
        db.add(
            VoteRow(
                trial=trial.id,
                request=secrets.token_hex(8),
                choice=None,
                answers={},
                sitting=person.sitting,
                rt_ms=None,
                app_version=__version__,
                answered_at=now,
            )
        )
        db.flush()
    if trial is None and person.state == "active":
        person.state, person.finished_at = "done", now
    return trial


def show(db: Session, trial: TrialRow, now: datetime) -> Shown:
    if trial.started_at is None:
        trial.started_at = now
    if trial.shown_at is None:
        trial.shown_at = now
    total = db.scalar(
        select(func.count()).where(
            TrialRow.participant == trial.participant, TrialRow.kind != "practice", TrialRow.shown
        )
    )
    number = db.scalar(
        select(func.count()).where(
            TrialRow.participant == trial.participant,
            TrialRow.kind != "practice",
            TrialRow.shown,
            TrialRow.place <= trial.place,
        )
    )
    media = db.scalars(select(MediaRow).where(MediaRow.trial == trial.id).order_by(MediaRow.slot))
    slots = tuple(Slot(each.id, each.stimulus, trial.watched_s[each.slot]) for each in media)
    return Shown(trial.id, trial.kind, number or 0, total or 0, trial.clip, trial.item, slots)


def watch(
    trial: TrialRow, manifest: Manifest, watched_s: tuple[float, ...], plays: int, now: datetime
) -> None:
    """Take over what the browser reports, as far as the clock allows.

    Two videos cannot play at once, so all that was watched of a trial fits between its first showing
    and now; no video is watched for longer than it is.
    """
    if trial.started_at is None or len(watched_s) != len(trial.watched_s):
        return
    believed = [float(value) for value in trial.watched_s]
    left = (now - trial.started_at).total_seconds() + SLACK_S - sum(believed)
    for slot, method in enumerate(trial.methods):
        longest = manifest.stimulus(trial.clip, method).duration_s
        more = min(max(0.0, min(watched_s[slot], longest) - believed[slot]), max(0.0, left))
        believed[slot] += more
        left -= more
    trial.watched_s = [round(value, 2) for value in believed]
    trial.plays = min(max(trial.plays, plays), 1000)


def missing(db: Session, trial: TrialRow, manifest: Manifest) -> list[int]:
    """Places of the videos of which not enough was watched, or not enough was ever sent."""
    share = manifest.design.session.watch_share
    media = db.scalars(select(MediaRow).where(MediaRow.trial == trial.id).order_by(MediaRow.slot))
    lacking = []
    for each in media:
        stimulus = manifest.stimulus(trial.clip, trial.methods[each.slot])
        seconds = share * stimulus.duration_s - SHORT_S
        if trial.watched_s[each.slot] < seconds or each.sent < SENT_SHARE * share * stimulus.bytes:
            lacking.append(each.slot)
    return lacking


def answer(
    db: Session, manifest: Manifest, person: ParticipantRow, trial: TrialRow, said: Answer, now: datetime
) -> None:
    """Enter an answer for a trial that has none yet.

    Raises
    ------
    Refused
        It is not this trial's turn, or too little was watched.
    """
    turn = open_trial(db, person.id)
    if turn is None or turn.id != trial.id or trial.started_at is None:
        raise unknown()
    watch(trial, manifest, said.watched_s, said.plays, now)
    lacking = missing(db, trial, manifest)
    if lacking:
        raise Refused("Please watch every video first.", "watch")
    db.add(
        VoteRow(
            trial=trial.id,
            request=said.request,
            choice=said.choice,
            answers=said.answers,
            sitting=person.sitting,
            rt_ms=round(1000 * (now - (trial.shown_at or trial.started_at)).total_seconds()),
            app_version=__version__,
            answered_at=now,
        )
    )
    db.flush()
    pass_over(db, person, now)
