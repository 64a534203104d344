"""Where mixes are made: at once what a visitor asks for, and ahead of time what comes next.

A mix that was made ahead is switched to without waiting. Nobody waits for it yet, so it stands behind
every wish of every visitor (`mrcmv.web.line`) and gives way when one comes.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from mrcmv.media import Cancelled
from mrcmv.mix import MixSettings
from mrcmv.web import record
from mrcmv.web.drawn import Drawn
from mrcmv.web.errors import notice, sentence
from mrcmv.web.run import TICK_S, Job
from mrcmv.web.session import Choice, Session
from mrcmv.web.text import t
from mrcmv.web.views import View

if TYPE_CHECKING:
    from mrcmv.mix import Mix
    from mrcmv.recommender import Recommender, Suggestions
    from mrcmv.web.line import Line

_Drawn: TypeAlias = tuple[Job[Any] | None, View]
"""A view, and the job that its visitor waited for when it was drawn."""
LONG_CLIP_S = 240.0
"""Of a longer clip only the next two mixes are made ahead."""
_CLIP_ALONE = ("keep", "voice", "game_db", "fade_in_s", "fade_out_s")
"""Settings that matter without music."""


class Desk:
    """Mixes of all sessions. ``line`` is a function, as the studio's may be replaced."""

    def __init__(self, recommender: Recommender, line: Callable[[], Line], drawn: Drawn) -> None:
        self.recommender, self.line, self.drawn = recommender, line, drawn

    def choice(self, session: Session, track_id: str | None) -> Choice:
        """The mix of a track as the visitor has shaped it; what makes no difference has its default."""
        shape = session.shape
        if track_id is None:
            return Choice(None, MixSettings(**{name: getattr(shape, name) for name in _CLIP_ALONE}))
        sings = self.recommender.library.get(track_id).has_vocals
        return Choice(
            track_id,
            dataclasses.replace(
                shape, start_s=session.starts.get(track_id), vocals=shape.vocals if sings else True
            ),
        )

    def order(self, session: Session) -> list[Choice]:
        """All choices in the order of their making: the chosen, the next two, no music, others."""
        found = session.suggestions
        if found is None:
            return []
        ids = [match.track.id for match in found.matches]
        chosen = session.choice.track_id if session.choice else None
        first = ids.index(chosen) if chosen in ids else 0
        turned: list[str | None] = [*ids[first:], *ids[:first]]
        turned.insert(3, None)
        choices = [self.choice(session, track_id) for track_id in turned]
        return choices if found.clip.duration_s <= LONG_CLIP_S else choices[:3]

    def reranked(self, session: Session, ranked: Suggestions) -> None:
        """Other suggestions for the same clip: what was mixed from another best moment is not kept."""
        before, session.suggestions = session.suggestions, ranked
        for choice in [c for c in session.previews if c.settings.start_s is None and c != session.choice]:
            if choice.track_id is None or before is None:
                continue
            old, new = before.match(choice.track_id), ranked.match(choice.track_id)
            if new is not None and (old is None or old.start_s != new.start_s):
                session.previews.pop(choice, None)

    def start(self, session: Session, choice: Choice, *, urgent: bool) -> Job[Mix]:
        """The job that makes a mix: the one that is at it already, else a new one in line."""
        found = session.suggestions
        assert found is not None
        with session.lock:
            at_it = session.making.get(choice)
            if at_it is not None and not (at_it.stopped or at_it.over or at_it.gave_way):
                if urgent:
                    at_it.hurry()
                return at_it
            job: Job[Mix] = Job("mix")
            job.work.clip.update(session.about)
            session.making[choice] = job
        path = session.folder / f"mix-{secrets.token_hex(6)}.m4a"

        def task(job: Job[Mix]) -> Mix:
            mix = self.recommender.mix(found, choice.track_id, path, choice.settings, progress=job.progress)
            if session.suggestions is not None and session.making.get(choice) is job:
                session.keep_mix(choice, mix)
                record.write(session)
            return mix

        def end() -> None:
            with session.lock:
                if session.making.get(choice) is job:
                    del session.making[choice]
            if session.gone:
                session.discard_files()

        try:
            job.start(self.line(), task, end, urgent=urgent, whose=session.names, alone=session.ticket)
        except Exception:
            session.making.pop(choice, None)
            raise
        return job

    def wish(
        self,
        session: Session,
        choice: Choice,
        *,
        redraw: bool = True,
        undo: Callable[[], None] | None = None,
    ) -> Iterator[View]:
        """A mix is wanted: from here on it is the session's choice, and the views that follow lead to it.

        What sounded before stays until the mix is there. ``redraw`` is whether the controls are drawn anew,
        ``undo`` is called when it fails.
        """
        with session.lock:
            before, session.choice, session.said = session.choice, choice, ""
            job: Job[Mix] = Job()
            session.take_over(job)
        return self._in_order(session, self._wished(session, choice, before, job, redraw, undo))

    def refuse(self, session: Session, error: BaseException) -> Iterator[View]:
        """A wish that cannot be: what was before is shown, and why."""
        with session.lock:
            session.said = self.said(error)
            drawn = session.job, self.drawn.failed(session)
        return self._in_order(session, iter([drawn]))

    def _in_order(self, session: Session, views: Iterator[_Drawn]) -> Iterator[View]:
        """The views of a wish. A later wish may be answered while one of them is still on its way to the
        browser and replaces that answer there; then what counts by now is shown once more."""
        last: _Drawn | None = None
        try:
            for last in views:
                yield last[1]
        finally:
            record.write(session)
        while last is not None and session.job is not last[0] and not session.gone:
            with session.lock:
                made = session.choice in session.previews
                view = self.drawn.chosen(session) if made else View(deck=self.drawn.deck(session))
                last = session.job, view
            yield view

    def _wished(
        self,
        session: Session,
        choice: Choice,
        before: Choice | None,
        job: Job[Mix],
        redraw: bool,
        undo: Callable[[], None] | None,
    ) -> Iterator[_Drawn]:
        try:
            while choice not in session.previews:
                with session.lock:
                    if session.job is not job or session.gone:
                        return
                    job = self.start(session, choice, urgent=True)
                    session.take_over(job)
                yield from self._watched(session, job)
                try:
                    job.result()
                    break
                except Cancelled:
                    if not (job.gave_way and session.job is job):
                        raise
        except Exception as error:
            with session.lock:
                if session.job is not job or session.gone:
                    return
                session.said = self.said(error)
                if before in session.previews:
                    session.choice = before
                if undo is not None:
                    undo()
                failed = self.drawn.failed(session)
            yield job, failed
            return
        with session.lock:
            if session.job is not job or session.gone:
                return
            session.touch()
            chosen = self.drawn.chosen(session, redraw=redraw)
        yield job, chosen

    def _watched(self, session: Session, job: Job[Mix]) -> Iterator[_Drawn]:
        shown = ""
        for _ in job.watch():
            with session.lock:
                if session.job is not job or session.gone:
                    continue
                html = self.drawn.deck(session)
            if html != shown:
                shown = html
                yield job, View(deck=html)

    def ahead(self, session: Session) -> Iterator[View]:
        """Make what comes next, one after the other, until all is there or something else is asked for."""
        with session.lock:
            session.ahead += 1
            mine = session.ahead
        failed: set[Choice] = set()
        self._stop_useless(session)
        yield from self._deck(session)
        while session.ahead == mine and not session.gone:
            wanted = [c for c in self.order(session) if c not in session.previews and c not in failed]
            if not wanted:
                return
            try:
                job = self.start(session, wanted[0], urgent=False)
                while not job.wait(TICK_S):
                    if session.ahead != mine:
                        return
                job.result()
            except Cancelled:  # it gave way, or something else is wanted: it is tried again
                if not job.gave_way and job is session.job:  # its visitor pressed Cancel
                    failed.add(wanted[0])
            except Exception as error:
                failed.add(wanted[0])
                sentence(error)  # logged; it is told when the visitor asks for this one
            if session.ahead == mine:
                yield from self._deck(session)

    def _deck(self, session: Session) -> Iterator[View]:
        """The deck; once more when a wish came while it was on its way (see `_in_order`)."""
        drawn = None
        while drawn is None or session.job is not drawn:
            with session.lock:
                drawn = session.job
                view = View(deck=self.drawn.deck(session))
            yield view
            if drawn is None:
                return

    def _stop_useless(self, session: Session) -> None:
        """What is on its way for settings or tracks that are no longer wanted."""
        wanted = set(self.order(session))
        with session.lock:
            for choice, job in session.making.items():
                if choice not in wanted and job is not session.job:
                    job.stop()

    @staticmethod
    def said(error: BaseException) -> str:
        if isinstance(error, Cancelled):
            return notice(t("cancelled"), "calm")
        return notice(sentence(error))
