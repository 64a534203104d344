"""What the page does: each action of a visitor as a function or generator that yields views.

Thin by design: the recommender works, `run.Job` waits and stops, `cards`, `panel` and `player`
draw. Nothing here knows Gradio, so all of it can be tested without a browser.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.diary import Work
from mrcmv.media import WINDOW_S, UserError, thread_budget
from mrcmv.mix import MixSettings
from mrcmv.web import panel, record
from mrcmv.web.desk import Desk
from mrcmv.web.drawn import Drawn
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.examples import Example, find_examples
from mrcmv.web.exports import Exports
from mrcmv.web.files import clip_type
from mrcmv.web.lifts import understood
from mrcmv.web.line import PATIENCE_S, Line
from mrcmv.web.run import Job
from mrcmv.web.session import Session
from mrcmv.web.sessions import Sessions
from mrcmv.web.text import t
from mrcmv.web.views import View, cleared
from mrcmv.web.wishes import is_late, look_at, shaped, start_of, track_of, turn_of, window

if TYPE_CHECKING:
    from mrcmv.recommender import Recommender, Suggestions

TOP_K = 5
MOST_WAITING = 64


def page_line() -> Line:
    """The line of a page: two pieces of work at once where there are two cores, more from twelve on.

    ``MRCMV_AT_ONCE`` says otherwise. One alone leaves cores idle: it takes turns between ffmpeg, networks
    and files. More than that wait for the same cores, and need their memory meanwhile.
    """
    asked = os.environ.get("MRCMV_AT_ONCE", "")
    cores = thread_budget()
    at_once = int(asked) if asked.isdigit() and int(asked) > 0 else max(min(cores, 2), cores // 4)
    return Line(MOST_WAITING, at_once=at_once, patience_s=PATIENCE_S)


class Studio:
    """All visitors' clips of one process, one recommender, one line in front of it."""

    def __init__(
        self,
        recommender: Recommender,
        *,
        sessions: Sessions | None = None,
        line: Line | None = None,
        examples: list[Example] | None = None,
    ) -> None:
        self.recommender = recommender
        self.sessions = Sessions() if sessions is None else sessions
        self.line = page_line() if line is None else line
        self.examples = find_examples() if examples is None else examples
        self.exports = Exports(recommender, self.line, self.sessions.keep_minutes)
        self.drawn = Drawn(
            recommender,
            self.exports,
            lambda session, track: self.desk.choice(session, track),
            self.sessions.keep_minutes,
        )
        self.desk = Desk(recommender, lambda: self.line, self.drawn)
        for session in self.sessions.resume(lambda ident: self.recommender.library.get(ident)):
            with contextlib.suppress(UserError):  # its page asks for them again when it is loaded anew
                self.drawn.readdress(session)

    # -- a clip comes in ---------------------------------------------------------------------

    def take_upload(self, upload: str | None, ticket: str | None, owner: str) -> View:
        """A file was dropped: take it into a private folder and look at it, nothing more."""
        try:
            with Work("take in") as work:
                if not upload:
                    raise PageError("no_clip")
                session = self._admit(Path(upload), Path(upload).name, ticket, owner)
                work.clip.update(session.about)
        except Exception as error:
            return View(empty=True, notice=notice(sentence(error)))
        return self._loaded(session)

    def take_example(self, name: str | None, ticket: str | None, owner: str) -> Iterator[View]:
        """An example was clicked: it starts at once."""
        example = next((e for e in self.examples if e.name == name), None)
        try:
            if example is None:
                raise PageError("bad_request")
            session = self._admit(example.path, example.path.name, ticket, owner, own=False)
        except Exception as error:
            yield View(empty=True, notice=notice(sentence(error)))
            return
        yield self._loaded(session)
        yield from self._find(session)

    def _admit(self, source: Path, name: str, ticket: str | None, owner: str, *, own: bool = True) -> Session:
        """A session for a clip. An own clip is taken out of the upload folder first."""
        if ticket:
            self._drop_quietly(ticket, owner)
        session = self.sessions.create(owner)
        try:
            kept = session.adopt(source, own=own)
            session.clip_name = name[:200]
            session.duration_s = look_at(kept, session.about)
            session.source = kept
            length = session.duration_s or WINDOW_S
            session.window_s = (0.0, min(length, WINDOW_S))
            session.put("clip", kept, clip_type(kept))
            record.write(session)
        except BaseException:
            self.sessions.remove(session)
            raise
        return session

    def _loaded(self, session: Session) -> View:
        return View(
            ticket=session.ticket,
            empty=False,
            notice="",
            stage=self.drawn.stage(session),
            deck="",
            panel=self._panel(session),
            cards="",
            mix="",
            shape="",
            take="",
            foot=self.drawn.foot(session),
            exports="",
            steered="",
            why="",
            map="",
        )

    # -- a link opens a session again --------------------------------------------------------

    def restore(self, wish: Any, owner: str) -> View:
        """A link was opened, or the tab was loaded anew: ``wish`` has the session's "key"."""
        try:
            session = self.sessions.reopen(wish.get("key") if isinstance(wish, dict) else None, owner)
        except Exception as error:
            return cleared(notice(sentence(error), "calm"))
        record.write(session)
        if session.suggestions is None:
            return self._loaded(session)
        choice = session.choice if session.choice in session.previews else None
        view = View() if choice is None else self.drawn.chosen(session)
        return dataclasses.replace(
            view,
            ticket=session.ticket,
            empty=False,
            notice="",
            stage=self.drawn.stage(session),
            deck=self.drawn.deck(session),
            panel=self._panel(session),
            cards=self._cards(session, choice.track_id if choice else None),
            foot=self.drawn.foot(session),
            steered=self.told(session),
        )

    # -- what leaves the page ----------------------------------------------------------------

    def export(self, ticket: str | None, owner: str) -> Iterator[View]:
        """A package for an editor is wanted of what is chosen."""
        try:
            session = self.sessions.find(ticket, owner)
        except Exception as error:
            yield from self._without(ticket, owner, error)
            return
        for html in self.exports.make(session):
            yield View(exports=html)

    def stop_export(self, ticket: str | None, owner: str) -> None:
        try:
            self.exports.stop(self.sessions.find(ticket, owner))
        except PageError:
            return

    # -- music is found ----------------------------------------------------------------------

    def find(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """Find music was clicked. ``wish`` has "start" and "end" of the part to go by, in seconds."""
        try:
            session = self.sessions.find(ticket, owner)
            session.window_s = window(wish, session.duration_s) or session.window_s
        except Exception as error:
            yield from self._without(ticket, owner, error)
            return
        yield from self._find(session)

    def _find(self, session: Session) -> Iterator[View]:
        job: Job[Suggestions] = Job("suggest")
        source, (start, end) = session.source, session.window_s
        assert source is not None
        try:
            folder = session.new_folder()
            session.take_over(job)

            def task(job: Job[Suggestions]) -> Suggestions:
                return self.recommender.suggest(
                    source, folder, start_s=start, end_s=end, top_k=TOP_K, on_stage=job.on_stage
                )

            job.work.clip.update(session.about)
            job.start(self.line, task, self._after(session), whose=session.names, alone=session.ticket)
            shown = ""
            for report in job.watch():
                if report.voice:
                    session.put(f"voice{session.runs}.wav", report.voice, "audio/wav")
                html = panel.working(report, session.address(f"voice{session.runs}.wav"))
                if html != shown and _current(session, job):
                    shown = html
                    yield View(panel=html)
            found = job.result()
        except Exception as error:
            if _current(session, job):
                yield View(panel=self._panel(session, self._said(error)))
            return
        with session.lock:
            if not _current(session, job):
                return
            session.forget_mixes()
            session.suggestions = found
            session.duration_s, session.window_s = found.clip.duration_s, found.clip.window_s
            session.touch()
        record.write(session)
        first = found.matches[0].track.id if found.matches else None
        yield View(
            stage=self.drawn.stage(session),
            deck=self.drawn.deck(session),
            panel=self._panel(session),
            cards=self._cards(session, first, mixing=True),
            mix="",
            shape="",
            take="",
            exports="",
            steered="",
            why="",
            map="",
        )
        if first is not None:
            yield from self.desk.wish(session, self.desk.choice(session, first))

    # -- a track is mixed --------------------------------------------------------------------

    def choose(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """A track was chosen: ``wish`` has its "track", None for no music."""
        try:
            session = self.sessions.find(ticket, owner)
        except Exception as error:
            yield from self._without(ticket, owner, error)
            return
        with session.lock:
            if is_late(wish, session.turn):
                return
            session.turn = max(session.turn, turn_of(wish))
            try:
                track = track_of(wish)
                if session.suggestions is None or (track and session.suggestions.match(track) is None):
                    raise PageError("bad_request")
                views = self.desk.wish(session, self.desk.choice(session, track))
            except Exception as error:
                views = self.desk.refuse(session, error)
        yield from views

    def shape(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """The mix was changed: ``wish`` has the changed "settings"."""
        try:
            session = self.sessions.find(ticket, owner)
        except Exception as error:
            yield from self._without(ticket, owner, error)
            return
        with session.lock:
            session.turn = max(session.turn, turn_of(wish))
            try:
                views = self._shape(session, wish)
            except Exception as error:
                views = self.desk.refuse(session, error)
        yield from views

    def _shape(self, session: Session, wish: Any) -> Iterator[View]:
        shape, starts = session.shape, dict(session.starts)
        if session.choice is None:
            raise PageError("bad_request")
        reset = isinstance(wish, dict) and wish.get("reset") is True
        changed = MixSettings() if reset else shaped(shape, wish)
        track = session.choice.track_id
        if reset:
            session.starts = {}
        elif track is not None:
            start = start_of(wish, self.recommender.library.get(track).duration_s)
            if start is None:
                session.starts.pop(track, None)
            elif start != "as it was":
                session.starts[track] = start
        session.shape = changed

        def undo() -> None:
            session.shape, session.starts = shape, starts
            record.write(session)

        return self.desk.wish(session, self.desk.choice(session, track), redraw=reset, undo=undo)

    def ahead(self, ticket: str | None, owner: str) -> Iterator[View]:
        """The page shows suggestions or has new settings: make the mixes that it has not got yet."""
        try:
            session = self.sessions.find(ticket, owner)
        except PageError:
            return
        if session.suggestions is not None:
            yield from self.desk.ahead(session)

    # -- stopping, leaving -------------------------------------------------------------------

    def stop(self, ticket: str | None, owner: str) -> None:
        """Cancel was clicked; whoever watches the job shows what follows."""
        try:
            self.sessions.find(ticket, owner).stop()
        except PageError:
            return

    def replace(self, ticket: str | None, owner: str) -> View:
        """Another clip is wanted: this one goes."""
        self._drop_quietly(ticket, owner)
        return cleared()

    def delete(self, ticket: str | None, owner: str) -> View:
        """Delete my data."""
        self._drop_quietly(ticket, owner)
        return cleared(notice(t("deleted"), "calm"))

    def leave(self, owner: str | None) -> None:
        """The tab was closed: nobody waits for its work any more. Its files go when their time is up."""
        for session in self.sessions.of_owner(owner or ""):
            session.leave(owner or "")

    def _drop_quietly(self, ticket: str | None, owner: str) -> None:
        try:
            self.sessions.drop(self.sessions.find(ticket, owner), owner)
        except PageError:
            return

    def _without(self, ticket: str | None, owner: str, error: Exception) -> Iterator[View]:
        """The clip of a wish is not there. Nothing is told to the tab that has just sent it away: its wish
        was on the way meanwhile, and the page says by now what it should."""
        if not self.sessions.dropped_by(ticket, owner):
            yield cleared(notice(sentence(error)))

    def told(self, session: Session, message: str = "") -> str:
        """What was understood of the visitor's words, with the name of the example that counts."""
        found = session.suggestions
        assert found is not None
        name = session.example_name if found.wish.reference else None
        if found.wish.like:
            name = self.recommender.library.get(found.wish.like).title
        return understood(found, name, message, wanted=TOP_K)

    # -- pieces ------------------------------------------------------------------------------

    def _after(self, session: Session) -> Callable[[], None]:
        """Deletes what work wrote after its session was deleted."""

        def clean() -> None:
            if session.gone:
                session.discard_files()

        return clean

    def _said(self, error: BaseException) -> str:
        return self.desk.said(error)

    def _panel(self, session: Session, message: str = "") -> str:
        return self.drawn.panel(session, message)

    def _cards(self, session: Session, chosen: str | None, *, mixing: bool = False) -> str:
        return self.drawn.cards(session, chosen, mixing=mixing)


def _current(session: Session, job: Job[Any]) -> bool:
    """Whether a job is still what its visitor waits for; else its watcher keeps quiet."""
    return session.job is job and not session.gone
