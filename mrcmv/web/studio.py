"""What the page does: each action of a visitor as a function or generator that yields views.

Thin by design: the recommender works, `run.Job` waits and stops, `cards`, `panel` and `player`
draw. Nothing here knows Gradio, so all of it can be tested without a browser.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import WINDOW_S, Cancelled
from mrcmv.web import cards, panel, player
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.examples import Example, find_examples
from mrcmv.web.exports import Exports
from mrcmv.web.files import SOUND_TYPES, clip_type, download_name
from mrcmv.web.lifts import understood
from mrcmv.web.line import Line
from mrcmv.web.run import Job
from mrcmv.web.sessions import Choice, Session, Sessions
from mrcmv.web.text import t
from mrcmv.web.wishes import look_at, window, with_shape, with_track

if TYPE_CHECKING:
    from mrcmv.mix import Mix
    from mrcmv.recommender import Recommender, Suggestions

TOP_K = 5


@dataclass(frozen=True)
class View:
    """New HTML for the parts of the page; None leaves a part as it is."""

    ticket: str | None = None
    empty: bool | None = None
    notice: str | None = None
    stage: str | None = None
    panel: str | None = None
    cards: str | None = None
    mix: str | None = None
    foot: str | None = None
    exports: str | None = None
    steered: str | None = None
    why: str | None = None
    map: str | None = None


def cleared(message: str = "") -> View:
    """The page before there is a clip."""
    return View("", True, message, *[""] * (len(fields(View)) - 3))


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
        self.sessions = sessions or Sessions()
        self.line = line or Line()
        self.examples = find_examples() if examples is None else examples
        self.exports = Exports(recommender, self.line, self.sessions.keep_minutes)

    # -- a clip comes in ---------------------------------------------------------------------

    def take_upload(self, upload: str | None, ticket: str | None, owner: str) -> View:
        """A file was dropped: take it into a private folder and look at it, nothing more."""
        try:
            if not upload:
                raise PageError("no_clip")
            session = self._admit(Path(upload), Path(upload).name, ticket, owner)
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
            kept = session.adopt(source) if own else source
            session.clip_name = name[:200]
            session.duration_s = look_at(kept)
            session.source = kept
            length = session.duration_s or WINDOW_S
            session.window_s = (0.0, min(length, WINDOW_S))
            session.put("clip", kept, clip_type(kept))
        except BaseException:
            self.sessions.remove(session)
            raise
        return session

    def _loaded(self, session: Session) -> View:
        return View(
            ticket=session.ticket,
            empty=False,
            notice="",
            stage=player.stage(session.address("clip") or "", mixed=False),
            panel=panel.ready(session.clip_name, session.duration_s, session.window_s),
            cards="",
            mix="",
            foot=self.foot(session),
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
        if session.suggestions is None:
            return self._loaded(session)
        choice = session.choice if session.choice in session.previews else None
        view = View() if choice is None else self._mixed(session, choice)
        return View(
            ticket=session.ticket,
            empty=False,
            notice="",
            stage=view.stage or player.stage(session.address("clip") or "", mixed=False),
            panel=self._panel(session),
            cards=view.cards or self._cards(session, None),
            mix=view.mix or "",
            foot=self.foot(session),
            exports=view.exports or "",
            steered=self.told(session),
        )

    # -- what leaves the page ----------------------------------------------------------------

    def export(self, ticket: str | None, owner: str) -> Iterator[View]:
        """A package for an editor is wanted of what is chosen."""
        try:
            session = self.sessions.find(ticket, owner)
        except Exception as error:
            yield cleared(notice(sentence(error)))
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
            yield cleared(notice(sentence(error)))
            return
        yield from self._find(session)

    def _find(self, session: Session) -> Iterator[View]:
        job: Job[Suggestions] = Job()
        source, (start, end) = session.source, session.window_s
        assert source is not None
        try:
            folder = session.new_folder()
            session.take_over(job)

            def task(job: Job[Suggestions]) -> Suggestions:
                return self.recommender.suggest(
                    source, folder, start_s=start, end_s=end, top_k=TOP_K, on_stage=job.on_stage
                )

            job.start(self.line, task, self._after(session))
            shown = ""
            for report in job.watch():
                if report.voice:
                    session.put(f"voice{session.runs}.wav", report.voice, "audio/wav")
                html = panel.working(report, session.address(f"voice{session.runs}.wav"))
                if html != shown and _current(session, job):
                    shown = html
                    yield View(panel=html)
            found = job.result()
            if not _current(session, job):
                return
        except Exception as error:
            if _current(session, job):
                yield View(panel=self._panel(session, self._said(error)))
            return
        session.suggestions = found
        session.choice = None
        session.previews.clear()
        session.duration_s, session.window_s = found.clip.duration_s, found.clip.window_s
        session.touch()
        first = found.matches[0].track.id if found.matches else None
        yield View(
            panel=self._panel(session), cards=self._cards(session, first, mixing=True), mix="", exports=""
        )
        cards = self._cards(session, first, mixing=True)
        yield View(panel=self._panel(session), cards=cards, mix="", steered="", why="", map="")
        if first is not None:
            yield from self._mix(session, Choice(first))

    # -- a track is mixed --------------------------------------------------------------------

    def choose(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """A card was chosen: ``wish`` has its "track"."""
        yield from self._wish(ticket, owner, lambda choice: with_track(choice, wish))

    def shape(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """The level or what to keep was changed: ``wish`` has "level" or "keep"."""
        yield from self._wish(ticket, owner, lambda choice: with_shape(choice, wish))

    def _wish(
        self, ticket: str | None, owner: str, change: Callable[[Choice | None], Choice]
    ) -> Iterator[View]:
        try:
            session = self.sessions.find(ticket, owner)
        except Exception as error:
            yield cleared(notice(sentence(error)))
            return
        try:
            choice = change(session.choice)
            if session.suggestions is None or session.suggestions.match(choice.track_id) is None:
                raise PageError("bad_request")
        except Exception as error:
            yield View(mix=self._controls(session, notice(sentence(error))))
            return
        yield from self._mix(session, choice)

    def _mix(self, session: Session, choice: Choice) -> Iterator[View]:
        found = session.suggestions
        assert found is not None
        before, session.choice = session.choice, choice
        if choice in session.previews:
            session.take_over(Job())
            yield self._mixed(session, choice)
            return
        job: Job[Mix] = Job()
        title = self.recommender.library.get(choice.track_id).title
        try:
            destination = session.folder / f"preview{len(session.files)}-{os.urandom(4).hex()}.mp4"
            session.take_over(job)

            def task(job: Job[Mix]) -> Mix:
                from mrcmv.mix import MixSettings

                return self.recommender.render(
                    found,
                    choice.track_id,
                    destination,
                    MixSettings(level_lu=choice.level_lu, keep=choice.keep),
                    progress=job.progress,
                )

            job.start(self.line, task, self._after(session))
            yield View(cards=self._cards(session, choice.track_id, mixing=True))
            shown = ""
            for report in job.watch():
                html = self._controls(session, progress=player.mixing(title, report), keep_preview=before)
                if html != shown and _current(session, job):
                    shown = html
                    yield View(mix=html)
            session.previews[choice] = job.result()
        except Exception as error:
            if _current(session, job):
                session.choice = before if before in session.previews else choice
                chosen = before.track_id if before in session.previews and before else None
                yield View(
                    cards=self._cards(session, chosen),
                    mix=self._controls(session, self._said(error), keep_preview=before),
                )
            return
        if _current(session, job):
            session.touch()
            yield self._mixed(session, choice)

    def _mixed(self, session: Session, choice: Choice) -> View:
        preview = session.previews[choice]
        track = self.recommender.library.get(choice.track_id)
        stem = preview.path.stem
        address = session.put(f"{stem}.mp4", preview.path, "video/mp4")
        session.put(
            f"{stem}-download.mp4", preview.path, "video/mp4", download_name(session.clip_name, track.title)
        )
        return View(
            stage=player.stage(address, mixed=True),
            cards=self._cards(session, choice.track_id),
            mix=self._controls(session, keep_preview=choice),
            exports=self.exports.panel(session),
        )

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
            self.sessions.remove(self.sessions.find(ticket, owner))
        except PageError:
            return

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
        if isinstance(error, Cancelled):
            return notice(t("cancelled"), "calm")
        return notice(sentence(error))

    def _panel(self, session: Session, message: str = "") -> str:
        return panel.ready(
            session.clip_name,
            session.duration_s,
            session.window_s,
            again=session.suggestions is not None,
            notice=message,
        )

    def _cards(self, session: Session, chosen: str | None, *, mixing: bool = False) -> str:
        found = session.suggestions
        assert found is not None
        sounds = {}
        for match in found.matches:
            path = self.recommender.library.sound_path(match.track.id)
            kind = SOUND_TYPES.get(path.suffix.lower(), "application/octet-stream")
            sounds[match.track.id] = session.put(f"track-{match.track.id}{path.suffix.lower()}", path, kind)
        return cards.cards(found, sounds, chosen, mixing=mixing)

    def _controls(
        self,
        session: Session,
        message: str = "",
        *,
        progress: str = "",
        keep_preview: Choice | None = None,
    ) -> str:
        choice = session.choice
        if choice is None:
            return message
        spoken = bool(session.suggestions and session.suggestions.speech)
        voice = session.address(f"voice{session.runs}.wav")
        preview = session.previews.get(keep_preview) if keep_preview else None
        if preview is None or keep_preview is None:
            return player.mix(choice, spoken=spoken, message=message, progress=progress, voice=voice)
        track = self.recommender.library.get(keep_preview.track_id)
        return player.mix(
            choice,
            spoken=spoken,
            message=message,
            progress=progress,
            preview=preview,
            track=track,
            download=session.address(f"{preview.path.stem}-download.mp4") or "",
            download_name=download_name(session.clip_name, track.title),
            voice=voice,
        )

    def foot(self, session: Session) -> str:
        """Who can see the clip, when it goes, and how to make it go now; the tab keeps the key."""
        minutes = f"{self.sessions.keep_minutes:.0f}"
        return (
            f'<p class="foot" data-session="{session.key}"><span>{t("private", minutes=minutes)}</span>'
            f'<button type="button" class="btn quiet" id="delete" data-do="delete">{t("delete")}</button></p>'
        )


def _current(session: Session, job: Job[Any]) -> bool:
    """Whether a job is still what its visitor waits for; else its watcher keeps quiet."""
    return session.job is job and not session.gone
