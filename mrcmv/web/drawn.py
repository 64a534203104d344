"""One session as HTML: which parts of the page show what of it. Nothing is changed here but addresses."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING
from zlib import crc32

from mrcmv.diary import Work
from mrcmv.web import cards, deck, panel, player, shaping
from mrcmv.web.exports import Exports
from mrcmv.web.files import SOUND_TYPES, clip_type, download_name
from mrcmv.web.session import Choice, Session
from mrcmv.web.text import plain, t
from mrcmv.web.views import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from mrcmv.mix import Mix
    from mrcmv.recommender import Recommender


_DRAWINGS = itertools.count(1)


class Drawn:
    """Draws sessions; ``choice`` tells how a session's track would be mixed now."""

    def __init__(
        self,
        recommender: Recommender,
        exports: Exports,
        choice: Callable[[Session, str | None], Choice],
        keep_minutes: float,
    ) -> None:
        self.recommender, self.exports = recommender, exports
        self.choice, self.keep_minutes = choice, keep_minutes

    def chosen(self, session: Session, *, redraw: bool = True) -> View:
        """A mix is there. Controls that are in somebody's hand are not drawn anew."""
        return View(
            deck=self.deck(session),
            mix=self.mix(session),
            shape=self.shape(session) if redraw else None,
            take=self.take(session),
            exports=self.exports.panel(session),
        )

    def readdress(self, session: Session) -> None:
        """Give a session that goes on after a restart its addresses again: a page may be open still."""
        if session.source is not None:
            session.put("clip", session.source, clip_type(session.source))
        if session.suggestions is None:
            return
        if session.suggestions.voice is not None:
            session.put(f"voice{session.runs}.wav", session.suggestions.voice, "audio/wav")
        for mix in session.previews.values():
            session.put(mix.path.name, mix.path, "audio/mp4")
        self.stage(session)
        self.take(session)

    def failed(self, session: Session) -> View:
        """A mix is not there: what was before is shown, and why."""
        return View(deck=self.deck(session), shape=self.shape(session))

    def stage(self, session: Session) -> str:
        """The player: the clip as it was dropped, and once music was found its picture alone."""
        found = session.suggestions
        if found is None:
            return player.stage(session.address("clip") or "", mixed=False)
        address = session.put(f"picture{session.runs}.mp4", found.clip.picture, "video/mp4")
        return player.stage(address, mixed=True, duration_s=found.clip.duration_s)

    def deck(self, session: Session) -> str:
        """Which mixes there are, which one is on its way, and what went wrong."""
        found = session.suggestions
        if found is None:
            return ""
        tracks = [None, *(match.track for match in found.matches)]
        slots, choices = [], []
        for number, track in enumerate(tracks):
            choice = self.choice(session, track.id if track else None)
            choices.append(choice)
            mix = session.previews.get(choice)
            sound = None if mix is None else session.put(mix.path.name, mix.path, "audio/mp4")
            slots.append(deck.Slot(number, track, sound, choice in session.making))
        chosen = next((s for s in slots if s.is_track(session.choice)), None)
        job = session.job
        report = None
        if session.choice is not None and job is not None and session.making.get(session.choice) is job:
            report = job.report()
        return deck.deck(
            slots,
            chosen.number if chosen and chosen.sound else None,
            chosen.number if chosen and report else None,
            duration_s=found.clip.duration_s,
            turn=session.turn,
            of=f"{session.shelf[:8]}-{session.runs}",
            key=f"{crc32(repr(choices).encode()):x}",
            report=report,
            message=session.said,
        )

    def panel(self, session: Session, message: str = "") -> str:
        return panel.ready(
            session.clip_name,
            session.duration_s,
            session.window_s,
            again=session.suggestions is not None,
            notice=message,
        )

    def cards(self, session: Session, chosen: str | None, *, mixing: bool = False) -> str:
        found = session.suggestions
        assert found is not None
        sounds = {}
        for match in found.matches:
            path = self.recommender.library.sound_path(match.track.id)
            kind = SOUND_TYPES.get(path.suffix.lower(), "application/octet-stream")
            sounds[match.track.id] = session.put(f"track-{match.track.id}{path.suffix.lower()}", path, kind)
        return cards.cards(found, sounds, chosen, mixing=mixing)

    def mix(self, session: Session) -> str:
        """Waveforms and curve of the chosen mix."""
        mix = self._made(session)
        return "" if mix is None else player.drawing(mix)

    def shape(self, session: Session) -> str:
        """The knob and the drawer."""
        choice, found = session.choice, session.suggestions
        if choice is None or found is None:
            return ""
        track = None if choice.track_id is None else self.recommender.library.get(choice.track_id)
        match = None if track is None else found.match(track.id)
        return shaping.controls(
            session.shape,
            spoken=bool(found.speech),
            has_sound=found.clip.has_audio,
            clip_s=found.clip.duration_s,
            track=track,
            best_s=match.start_s if match else 0.0,
            start_s=session.starts.get(track.id) if track else None,
            voice=session.address(f"voice{session.runs}.wav"),
            turn=session.turn,
            drawn=next(_DRAWINGS),
        )

    def take(self, session: Session) -> str:
        """What was measured, the download and the credit of the chosen mix."""
        mix, choice = self._made(session), session.choice
        if mix is None or choice is None:
            return ""
        track = None if choice.track_id is None else self.recommender.library.get(choice.track_id)
        name = download_name(session.clip_name, track.title if track else plain("no_music"))
        video = mix.path.with_suffix(".mp4")
        address = session.put(
            f"{video.stem}-download.mp4",
            video,
            "video/mp4",
            name,
            make=lambda: self._deliver(session, choice),
        )
        return player.measured(mix) + player.take_away(track, address, name)

    def _deliver(self, session: Session, choice: Choice) -> None:
        """Write the MP4 of a mix where `take` has promised it; whole or not at all."""
        found, mix = session.suggestions, session.previews.get(choice)
        if found is None or mix is None or session.gone:
            raise FileNotFoundError
        video = mix.path.with_suffix(".mp4")
        with session.delivering:
            if video.exists():
                return
            draft = video.with_name(f"draft-{video.name}")
            with Work("deliver") as work:
                work.clip.update(session.about)
                self.recommender.deliver(found, mix, draft, track_id=choice.track_id)
            os.replace(draft, video)
        if session.gone:
            session.discard_files()

    def foot(self, session: Session) -> str:
        """Who can see the clip, when it goes, and how to make it go now; the tab keeps the key."""
        minutes = f"{self.keep_minutes:.0f}"
        return (
            f'<p class="foot" data-session="{session.key}"><span>{t("private", minutes=minutes)}</span>'
            f'<button type="button" class="btn quiet" id="delete" data-do="delete">{t("delete")}</button></p>'
        )

    @staticmethod
    def _made(session: Session) -> Mix | None:
        return session.previews.get(session.choice) if session.choice else None
