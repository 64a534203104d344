"""Say it in words: the form above the cards, what was understood, and what it did to each card.

Drawn here as pure functions; `Steer` does what a visitor asks with them. Words of visitors and of
tracks are escaped.
"""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.library import TrackFilter
from mrcmv.web import record
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.run import Job, Report
from mrcmv.web.shelf import filters
from mrcmv.web.studio import TOP_K, Studio
from mrcmv.web.text import CHINESE, ENGLISH, t
from mrcmv.web.views import View

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.recommender import Suggestions
    from mrcmv.suggestions import Wish
    from mrcmv.web.session import Session

LONGEST = 300
"""Characters of words that are taken from the browser."""
MOST_EXCLUDED = 200
CHIPS = ("slower", "faster", "calmer", "energy", "drums", "vocals", "orchestral")
SOUNDS = ["audio", ".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac"]


def form() -> str:
    """The line to type in, with examples to press. It stays as it is while the cards change."""
    chips = "".join(
        f'<button type="button" class="chip" data-say="{escape(ENGLISH[key])}" '
        f'data-say-zh="{escape(CHINESE[key])}">{t(key)}</button>'
        for key in (f"chip_{name}" for name in CHIPS)
    )
    return (
        '<section class="steer" aria-labelledby="say-label"><div class="sayline">'
        f'<label id="say-label" for="words">{t("say")}</label>'
        f'<div class="row"><input type="text" id="words" maxlength="{LONGEST}" autocomplete="off" '
        'enterkeyhint="search" aria-describedby="say-hint">'
        f'<button type="button" class="btn primary" data-steer="go">{t("say_go")}</button></div>'
        f'<p class="hint" id="say-hint">{t("say_hint")}</p></div>'
        f'<div class="chips">{chips}</div>'
        '<div class="row"><button type="button" class="btn" data-steer="upload">'
        f"{t('steer_like')}"
        f'<span class="sr"> {t("steer_like_hint")}</span></button>'
        f'<button type="button" class="btn quiet" data-steer="map">{t("map_open")}</button>'
        f'<button type="button" class="btn quiet" data-steer="clear">{t("steer_clear")}</button>'
        f'</div><details class="steermore"><summary>{t("steer_more")}</summary><div class="strength">'
        f'<label class="label" for="strength">{t("steer_strength")}</label>'
        '<input type="range" id="strength" min="0" max="100" step="5" value="50">'
        f'<div class="ends"><span>{t("steer_weak")}</span><span>{t("steer_strong")}</span></div></div>'
        f"{filters.bar(TrackFilter(), filters.MOODS)}</details></section>"
    )


def hearing(name: str, report: Report) -> str:
    """An uploaded example is being listened to."""
    return (
        f'<div class="mixing" role="status"><div class="row"><span>{t("steer_hearing", name=name)}</span>'
        f'<button type="button" class="btn quiet" data-do="stop">{t("cancel")}</button></div>'
        f'<span class="bar"><i style="width:{100 * report.done:.0f}%"></i></span></div>'
    )


def changed(wish: Wish, asked: Any) -> Wish:
    """A wish with what the browser sent; nothing of it is believed.

    Keys: "text", "strength" (0 to 100), "like" and "exclude" (ids of tracks), "filter" (see
    `mrcmv.web.shelf.filters.from_text`), "clear", "back". `Steer.steer` knows "use" (id) as well.
    """
    if not isinstance(asked, dict):
        raise PageError("bad_request")
    if asked.get("clear"):
        return dataclasses.replace(wish, text="", reference=None, like=None, strength=0.5)
    if asked.get("back"):
        return dataclasses.replace(wish, exclude=frozenset())
    if isinstance(asked.get("filter"), str):
        wish = dataclasses.replace(wish, filter=filters.from_text(asked["filter"]) or None)
    text, strength = asked.get("text", wish.text), asked.get("strength", 100 * wish.strength)
    like, exclude = asked.get("like", wish.like), asked.get("exclude")
    if not isinstance(text, str) or not (like is None or isinstance(like, str)):
        raise PageError("bad_request")
    try:
        number = float(strength)
    except (TypeError, ValueError):
        raise PageError("bad_request") from None
    if not math.isfinite(number):
        raise PageError("bad_request")
    more = frozenset({exclude[:100]}) if isinstance(exclude, str) else frozenset()
    if len(wish.exclude | more) > MOST_EXCLUDED:
        raise PageError("bad_request")
    return dataclasses.replace(
        wish,
        text=text[:LONGEST],
        strength=min(max(number / 100, 0.0), 1.0),
        like=like,
        reference=None if like != wish.like else wish.reference,
        exclude=wish.exclude | more,
    )


@dataclasses.dataclass(frozen=True)
class Alone:
    """Lets one track through."""

    track_id: str

    def __call__(self, track: Track) -> bool:
        return track.id == self.track_id


class Steer:
    """Changes the wish of a visitor's suggestions and shows what follows."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def steer(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """Words were typed, the strength was moved, or a card was liked or left out."""
        try:
            session, found = self._found(ticket, owner)
        except Exception as error:
            yield View(steered=notice(sentence(error)))
            return
        try:
            ranked = self.studio.recommender.rerank(found, changed(found.wish, wish), TOP_K)
            used = wish.get("use")
            if isinstance(used, str):
                ranked = self._with(ranked, used)
        except Exception as error:
            yield View(steered=self.studio.told(session, notice(sentence(error))))
            return
        yield from self._show(session, ranked, owner)
        if isinstance(used, str) and (session.choice is None or session.choice.track_id != used):
            yield from self.studio.choose(session.ticket, {"track": used}, owner)

    def _with(self, ranked: Suggestions, track_id: str) -> Suggestions:
        """The suggestions with a track of the library in the last place: it was chosen there."""
        if ranked.match(track_id):
            return ranked
        self.studio.recommender.library.get(track_id)  # tells when there is none
        alone = dataclasses.replace(ranked.wish, filter=Alone(track_id), exclude=frozenset())
        one = self.studio.recommender.rerank(ranked, alone, 1)
        if not one.matches:
            raise PageError("shelf_like_later")
        rest = ranked.matches[: TOP_K - 1]
        steering = ranked.steering
        if steering is not None:
            mine = one.steering.lifts if one.steering else ()
            steering = dataclasses.replace(steering, lifts=(*steering.lifts[: TOP_K - 1], *mine))
        return dataclasses.replace(ranked, matches=(*rest, *one.matches), steering=steering)

    def upload(self, path: str | None, ticket: str | None, owner: str) -> Iterator[View]:
        """A piece of music was given as an example."""
        try:
            session, found = self._found(ticket, owner)
            if not path:
                raise PageError("bad_request")
            name = Path(path).name[:80]
            kept = session.folder / f"example-{secrets.token_hex(4)}"
            _take(Path(path), kept)
        except Exception as error:
            yield View(steered=notice(sentence(error)))
            return
        wish = dataclasses.replace(found.wish, reference=kept, like=None)
        job: Job[Suggestions] = Job("hear")
        try:
            session.take_over(job)

            def task(job: Job[Suggestions]) -> Suggestions:
                self.studio.recommender.hear(kept, job.progress)
                return self.studio.recommender.rerank(found, wish, TOP_K)

            job.start(
                self.studio.line, task, self.studio._after(session), whose=session.names, alone=session.ticket
            )
            shown = ""
            for report in job.watch():
                html = hearing(name, report)
                if html != shown and session.job is job and not session.gone:
                    shown = html
                    yield View(steered=html)
            ranked = job.result()
        except Exception as error:
            if session.job is job and not session.gone:
                message = self.studio._said(error)
                yield View(steered=self.studio.told(session, message))
            return
        if session.job is job and not session.gone:
            session.example_name = name
            yield from self._show(session, ranked, owner)

    def _show(self, session: Session, ranked: Suggestions, owner: str) -> Iterator[View]:
        """New cards at once; the preview stays when its track is still among them."""
        self.studio.desk.reranked(session, ranked)
        session.touch()
        record.write(session)
        told, choice = self.studio.told(session), session.choice
        if choice is not None and (choice.track_id is None or ranked.match(choice.track_id)):
            cards = self.studio._cards(session, choice.track_id)
            yield View(steered=told, cards=cards, deck=self.studio.drawn.deck(session))
            return
        first = ranked.matches[0].track.id if ranked.matches else None
        cards = self.studio._cards(session, first, mixing=first is not None)
        yield View(steered=told, cards=cards, deck=self.studio.drawn.deck(session), why="")
        if first is not None:
            yield from self.studio.choose(session.ticket, {"track": first}, owner)

    def _found(self, ticket: str | None, owner: str) -> tuple[Session, Suggestions]:
        session = self.studio.sessions.find(ticket, owner)
        if session.suggestions is None:
            raise PageError("bad_request")
        return session, session.suggestions


def _take(upload: Path, kept: Path) -> None:
    """Out of the upload folder into the session's, where it is deleted with everything else."""
    import shutil

    try:
        shutil.copyfile(upload, kept)
        upload.unlink(missing_ok=True)
    except FileNotFoundError:
        raise PageError("lost") from None
