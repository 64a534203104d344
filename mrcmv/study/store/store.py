"""The store: every verb is one transaction; what it returned from is on the disk."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from mrcmv.media import UserError, trouble
from mrcmv.study.assignment import cells
from mrcmv.study.manifest import Manifest
from mrcmv.study.store import answering, enrolment
from mrcmv.study.store.engine import make_engine
from mrcmv.study.store.errors import Busy, Refused, StudyShut, unknown
from mrcmv.study.store.tables import (
    SCHEMA_VERSION,
    Base,
    MediaRow,
    ParticipantRow,
    RecruiterRow,
    StudyRow,
    TokenRow,
    TrialRow,
    VoteRow,
)
from mrcmv.study.store.views import Answer, Counts, Told, Where

STATUSES = ("open", "paused", "closed")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """All that is known of a study's participants and answers.

    Several threads, processes and (with PostgreSQL) machines may have one each.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://...``.
    manifest
        The stimuli; a database belongs to one design.

    Raises
    ------
    mrcmv.media.UserError
        The database is not reached, or is another design's or a newer program's.
    """

    def __init__(self, url: str, manifest: Manifest, clock: Callable[[], datetime] = utc_now) -> None:
        self.manifest = manifest
        self.design = manifest.design
        self.cells = cells(self.design, manifest)
        self._clock = clock
        self._engine = make_engine(url)
        self._reading = self._engine.execution_options(reads=True)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        self.file = self._engine.url.database if self.is_sqlite else None
        self._create()

    def close(self) -> None:
        self._engine.dispose()

    # ---- a participant's verbs ----

    def join(self, told: Told) -> str:
        """Take somebody in, or find them again by their recruiter's id; returns their token."""
        with self._writing() as db:
            return enrolment.enrol(db, self.manifest, self.cells, told, self._clock())

    def enter(self, token: str) -> str:
        """A new sitting begins (the page was loaded); returns the participant's id."""
        with self._writing() as db:
            person = self._person(db, token)
            person.sitting = secrets.token_hex(6)
            trial = answering.open_trial(db, person.id)
            if trial is not None:
                trial.shown_at = None  # the answer's time counts from when it is seen again
            return person.id

    def checks(self, token: str, headphones: str) -> None:
        """Volume and headphones have been seen to."""
        with self._writing() as db:
            person = self._person(db, token)
            person.headphones, person.checked = headphones, True

    def where(self, token: str) -> Where:
        """What this participant has to do now; the trial counts as shown."""
        with self._writing() as db:
            person = self._person(db, token)
            if person.state == "done":
                return Where(person.id, "done", person.order_seed)
            self._not_shut(db)
            if not person.checked:
                return Where(person.id, "checks", person.order_seed)
            trial = answering.pass_over(db, person, self._clock())
            if trial is None:
                return Where(person.id, "done", person.order_seed)
            shown = answering.show(db, trial, self._clock())
            return Where(person.id, "trial", person.order_seed, shown)

    def watched(self, token: str, trial_id: str, watched_s: tuple[float, ...], plays: int) -> list[float]:
        """A report while videos play; returns what is believed of it."""
        with self._writing() as db:
            person = self._person(db, token)
            trial = self._trial(db, person, trial_id)
            answering.watch(trial, self.manifest, watched_s, plays, self._clock())
            return [float(value) for value in trial.watched_s]

    def vote(self, token: str, trial_id: str, said: Answer) -> bool:
        """Enter an answer once. False when the trial had one already: the first one stays.

        Raises
        ------
        Refused
            Not this participant's trial, not its turn, too little watched, or the study is closed.
        """
        try:
            with self._writing() as db:
                person = self._person(db, token)
                trial = self._trial(db, person, trial_id)
                if db.get(VoteRow, trial.id) is not None:
                    return False
                self._not_shut(db, but_paused=True)  # an answer on its way is not thrown away by a pause
                answering.answer(db, self.manifest, person, trial, said, self._clock())
            return True
        except IntegrityError:  # another process was quicker by a moment
            return False

    def withdraw(self, token: str) -> None:
        """Delete everything about a participant but the fact that somebody withdrew."""
        with self._writing() as db:
            enrolment.forget(db, self._person(db, token), self._clock())

    # ---- videos ----

    def stimulus(self, media_id: str) -> str | None:
        """The stimulus behind an address; None when there is none."""
        with self._reads() as db:
            return db.scalar(select(MediaRow.stimulus).where(MediaRow.id == media_id))

    def sent(self, media_id: str, end: int) -> None:
        """A video has left the server up to this byte."""
        with self._writing() as db:
            db.execute(update(MediaRow).where(MediaRow.id == media_id, MediaRow.sent < end).values(sent=end))

    # ---- the experimenter's verbs ----

    @property
    def status(self) -> str:
        with self._reads() as db:
            return db.scalars(select(StudyRow.status)).one()

    def set_status(self, status: str) -> None:
        """Open, pause or close the study."""
        if status not in STATUSES:
            raise UserError(f"A study is one of {', '.join(STATUSES)}.")
        with self._writing() as db:
            db.execute(update(StudyRow).values(status=status))

    def counts(self) -> Counts:
        """How it goes, blind."""
        with self._reads() as db:
            states = Counter(db.scalars(select(ParticipantRow.state)))
            answers = Counter(
                db.scalars(
                    select(TrialRow.cell)
                    .join(VoteRow, VoteRow.trial == TrialRow.id)
                    .where(TrialRow.kind == "main")
                )
            )
            failed = db.scalar(
                select(func.count())
                .select_from(TrialRow)
                .join(VoteRow, VoteRow.trial == TrialRow.id)
                .where(
                    TrialRow.kind == "attention",
                    func.coalesce(VoteRow.choice, -1) != TrialRow.expected,
                )
            )
            last = db.scalar(select(func.max(VoteRow.answered_at)))
            status = db.scalars(select(StudyRow.status)).one()
        hidden = sorted(
            self.cells, key=lambda cell: hashlib.sha256((self.design.hash + cell.key).encode()).digest()
        )
        return Counts(
            status=status,
            joined=sum(states.values()),
            active=states["active"],
            finished=states["done"],
            withdrawn=states["withdrawn"],
            answers=sum(answers.values()),
            attention_failed=failed or 0,
            cells=tuple(
                (f"{number:04d}", answers[cell.key], self.design.assignments_per_cell)
                for number, cell in enumerate(hidden, start=1)
            ),
            last_answer_at=last,
        )

    def answered(self) -> Iterator[tuple[ParticipantRow, TrialRow, VoteRow]]:
        """Every answer in the order of participants and places, practice included."""
        with self._reads() as db:
            found = db.execute(
                select(ParticipantRow, TrialRow, VoteRow)
                .join(TrialRow, TrialRow.participant == ParticipantRow.id)
                .join(VoteRow, VoteRow.trial == TrialRow.id)
                .order_by(ParticipantRow.joined_at, ParticipantRow.id, TrialRow.place)
            ).all()
            db.expunge_all()
        yield from (tuple(each) for each in found)  # type: ignore[misc]

    def participants(self) -> list[tuple[ParticipantRow, int, int]]:
        """Everybody who joined, in that order: (who, trials assigned without practice, answers)."""
        with self._reads() as db:
            found = db.execute(
                select(ParticipantRow, func.count(TrialRow.id), func.count(VoteRow.trial))
                .outerjoin(
                    TrialRow, (TrialRow.participant == ParticipantRow.id) & (TrialRow.kind != "practice")
                )
                .outerjoin(VoteRow, VoteRow.trial == TrialRow.id)
                .group_by(ParticipantRow.id)
                .order_by(ParticipantRow.joined_at, ParticipantRow.id)
            ).all()
            db.expunge_all()
        return [(row[0], row[1], row[2]) for row in found]

    def recruiter_ids(self) -> list[dict[str, str]]:
        """Ids that a recruiter gave, by participant: for paying people, apart from their answers."""
        with self._reads() as db:
            return [
                {
                    "participant": row.participant,
                    "PROLIFIC_PID": row.person,
                    "STUDY_ID": row.study,
                    "SESSION_ID": row.session,
                    "state": state,
                }
                for row, state in db.execute(
                    select(RecruiterRow, ParticipantRow.state)
                    .join(ParticipantRow, ParticipantRow.id == RecruiterRow.participant)
                    .order_by(ParticipantRow.joined_at)
                )
            ]

    # ---- within ----

    def _create(self) -> None:
        try:
            for attempt in (1, 2, 3):
                try:
                    Base.metadata.create_all(self._engine)
                    with Session(self._engine) as db, db.begin():
                        if db.get(StudyRow, 1) is None:
                            db.add(
                                StudyRow(
                                    id=1,
                                    schema_version=SCHEMA_VERSION,
                                    study=self.design.study,
                                    design_hash=self.design.hash,
                                    status="open",
                                    enrolled=0,
                                )
                            )
                    break
                except (ProgrammingError, IntegrityError):  # another process made them this very moment
                    if attempt == 3:
                        raise
        except OperationalError:
            raise UserError(
                "The database is not reached: see that it runs and that its address is right."
            ) from None
        with self._reads() as db:
            row = db.scalars(select(StudyRow)).one()
            if row.schema_version != SCHEMA_VERSION:
                raise UserError("This database was made by another version of the program: use that one.")
            if row.design_hash != self.design.hash:
                raise UserError(
                    "This database holds the answers to another design: give every design its own database."
                )

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as db, db.begin():
                yield db
        except OperationalError as error:  # a full disk and a locked table come as the same class
            raise Busy(str(trouble(error) or "The study is busy: try once more.")) from None

    @contextmanager
    def _reads(self) -> Iterator[Session]:
        with Session(self._reading) as db, db.begin():
            yield db

    def _person(self, db: Session, token: str) -> ParticipantRow:
        person = db.scalars(
            select(ParticipantRow)
            .join(TokenRow, TokenRow.participant == ParticipantRow.id)
            .where(TokenRow.hash == enrolment.hash_of(token))
            .with_for_update(of=ParticipantRow)
        ).first()
        if person is None:
            raise unknown()
        person.seen_at = self._clock()
        return person

    def _trial(self, db: Session, person: ParticipantRow, trial_id: str) -> TrialRow:
        trial = db.get(TrialRow, trial_id)
        if trial is None or trial.participant != person.id:
            raise unknown()
        return trial

    def _not_shut(self, db: Session, *, but_paused: bool = False) -> None:
        status = db.scalars(select(StudyRow.status)).one()
        if status == "closed" or (status == "paused" and not but_paused):
            raise StudyShut("This study is not open at the moment.", status)


__all__ = ["Refused", "Store"]
