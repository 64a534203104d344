"""A participant joins: a place in the study, an order of trials, a token."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from mrcmv.study.assignment import Cell, Given, Planned, plan
from mrcmv.study.manifest import Manifest
from mrcmv.study.store.errors import Refused, StudyFull, StudyShut
from mrcmv.study.store.tables import (
    MediaRow,
    ParticipantRow,
    RecruiterRow,
    StudyRow,
    TokenRow,
    TrialRow,
    VoteRow,
)
from mrcmv.study.store.views import Told


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def order_seed(seed: int, number: int) -> int:
    """The seed of the participant with this number: 31 bits out of the design's seed."""
    return int(hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()[:8], 16) >> 1


def enrol(db: Session, manifest: Manifest, every: tuple[Cell, ...], told: Told, now: datetime) -> str:
    """A new participant, or the same one again when the recruiter's id is known; returns a token.

    Raises
    ------
    StudyFull, StudyShut
    Refused
        Another version of the consent was agreed to.
    """
    design = manifest.design
    study = db.scalars(select(StudyRow).with_for_update()).one()  # one at a time, over all processes
    if told.recruiter is not None:
        known = db.scalar(select(RecruiterRow.participant).where(RecruiterRow.person == told.recruiter[0]))
        if known is not None:
            return new_token(db, known)
    if study.status != "open":
        raise StudyShut("This study takes nobody in at the moment.", study.status)
    if told.consent_version != design.consent.version:
        raise Refused("The consent has changed: read it again.", "consent")
    study.enrolled += 1
    seed = order_seed(design.seed, study.enrolled)
    planned = plan(design, every, given_out(db, now, design.session.idle_minutes), seed)
    if not planned:
        raise StudyFull("This study has all the answers it needs.")
    person = ParticipantRow(
        id=secrets.token_hex(8),
        state="active",
        consent_version=told.consent_version,
        order_seed=seed,
        sitting=secrets.token_hex(6),
        device_class=told.device_class,
        headphones="",
        checked=False,
        joined_at=now,
        seen_at=now,
        finished_at=None,
    )
    db.add(person)
    db.flush()
    if told.recruiter is not None:
        db.add(
            RecruiterRow(
                participant=person.id,
                person=told.recruiter[0],
                study=told.recruiter[1],
                session=told.recruiter[2],
            )
        )
    _keep(db, manifest, person.id, planned)
    return new_token(db, person.id)


def new_token(db: Session, participant: str) -> str:
    token = secrets.token_urlsafe(32)
    db.add(TokenRow(hash=hash_of(token), participant=participant))
    return token


def given_out(db: Session, now: datetime, idle_minutes: float) -> Given:
    """What counts as given out: answered, or waiting with somebody who was here lately."""
    lately = now - timedelta(minutes=idle_minutes)
    found = db.execute(
        select(TrialRow.cell, TrialRow.methods)
        .join(ParticipantRow, TrialRow.participant == ParticipantRow.id)
        .outerjoin(VoteRow, VoteRow.trial == TrialRow.id)
        .where(
            TrialRow.kind == "main",
            or_(
                VoteRow.trial.is_not(None),
                (ParticipantRow.state == "active") & (ParticipantRow.seen_at > lately),
            ),
        )
    )
    return Given(Counter((cell, tuple(methods)) for cell, methods in found))


def _keep(db: Session, manifest: Manifest, participant: str, planned: list[Planned]) -> None:
    number = 0
    trials, media = [], []
    for place, each in enumerate(planned):
        if each.kind != "practice":
            number += 1
        stimuli = [manifest.stimulus(each.clip_id, name) for name in each.order]
        trial = TrialRow(
            id=secrets.token_hex(16),
            participant=participant,
            place=place,
            number=number,
            kind=each.kind,
            clip=each.clip_id,
            cell=each.cell,
            methods=list(each.order),
            tracks=[stimulus.track_id for stimulus in stimuli],
            item=each.item,
            expected=each.expected,
            shown=each.shown,
            started_at=None,
            shown_at=None,
            watched_s=[0.0] * len(stimuli),
            plays=0,
        )
        trials.append(trial)
        media += [
            MediaRow(id=secrets.token_hex(16), trial=trial.id, slot=slot, stimulus=stimulus.id, sent=0)
            for slot, stimulus in enumerate(stimuli)
        ]
    db.add_all(trials)
    db.flush()
    db.add_all(media)


def forget(db: Session, person: ParticipantRow, now: datetime) -> None:
    """Delete every answer and every id of a participant; that somebody withdrew stays as a number."""
    trials = select(TrialRow.id).where(TrialRow.participant == person.id).scalar_subquery()
    db.execute(delete(VoteRow).where(VoteRow.trial.in_(trials)))
    db.execute(delete(MediaRow).where(MediaRow.trial.in_(trials)))
    db.execute(delete(TrialRow).where(TrialRow.participant == person.id))
    db.execute(delete(TokenRow).where(TokenRow.participant == person.id))
    db.execute(delete(RecruiterRow).where(RecruiterRow.participant == person.id))
    person.state = "withdrawn"
    person.headphones = ""
    person.finished_at = now
