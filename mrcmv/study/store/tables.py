"""The tables. Nothing in them says where a participant sits or with which program they look.

Recruiter ids have a table of their own, that no other query touches and the export leaves out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = 1
Id = String(64)


class Utc(TypeDecorator[datetime]):
    """Times with their zone, always UTC; SQLite keeps none, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class StudyRow(Base):
    """One row: whose database this is, and whether the study is open, paused or closed."""

    __tablename__ = "study"
    id: Mapped[int] = mapped_column(primary_key=True)
    schema_version: Mapped[int]
    study: Mapped[str] = mapped_column(Id)
    design_hash: Mapped[str] = mapped_column(Id)
    status: Mapped[str] = mapped_column(String(10))
    enrolled: Mapped[int]


class ParticipantRow(Base):
    __tablename__ = "participant"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    consent_version: Mapped[str] = mapped_column(Id)
    order_seed: Mapped[int]
    sitting: Mapped[str] = mapped_column(Id)
    device_class: Mapped[str] = mapped_column(String(10))
    headphones: Mapped[str] = mapped_column(String(10))
    checked: Mapped[bool]
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class TokenRow(Base):
    """SHA-256 of what a browser shows to go on; the token itself is kept nowhere else."""

    __tablename__ = "token"
    hash: Mapped[str] = mapped_column(Id, primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)


class RecruiterRow(Base):
    """Ids that a recruiter gave, apart from everything else."""

    __tablename__ = "recruiter"
    __table_args__ = (UniqueConstraint("person"),)
    participant: Mapped[str] = mapped_column(Id, primary_key=True)
    person: Mapped[str] = mapped_column(String(100))
    study: Mapped[str] = mapped_column(String(100))
    session: Mapped[str] = mapped_column(String(100))


class TrialRow(Base):
    """One planned trial. ``methods`` from left to right; ``watched_s`` and ``bytes`` likewise."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("participant", "place"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    place: Mapped[int]
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    clip: Mapped[str] = mapped_column(Id)
    cell: Mapped[str] = mapped_column(String(1000))
    methods: Mapped[list[Any]]
    tracks: Mapped[list[Any]]
    item: Mapped[int | None]
    expected: Mapped[int | None]
    shown: Mapped[bool]
    started_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    watched_s: Mapped[list[Any]]
    plays: Mapped[int]


class MediaRow(Base):
    """How much of one video of a trial has left the server; ``id`` is its address's opaque part."""

    __tablename__ = "media"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    trial: Mapped[str] = mapped_column(ForeignKey("trial.id"), index=True)
    slot: Mapped[int]
    stimulus: Mapped[str] = mapped_column(Id)
    sent: Mapped[int]


class VoteRow(Base):
    """One answer; the trial is its key, so there is never a second one."""

    __tablename__ = "vote"
    trial: Mapped[str] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    request: Mapped[str] = mapped_column(Id)
    choice: Mapped[int | None]
    answers: Mapped[dict[str, Any]]
    sitting: Mapped[str] = mapped_column(Id)
    rt_ms: Mapped[int | None]
    app_version: Mapped[str] = mapped_column(String(20))
    answered_at: Mapped[datetime]
