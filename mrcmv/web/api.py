"""The verbs for programs: ``/suggest``, ``/render``, ``/separate``, ``/library`` (docs/api.md).

Same line and limits as the page. Each call works in a private folder of its own that is deleted when
the call ends; a finished file then lies under a name that only its caller is told, for some minutes.
With MCP switched on these four, and nothing else, are the tools.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr

from mrcmv.media import Cancelled, UserError, open_clip, trouble
from mrcmv.web.crowd import note_address
from mrcmv.web.errors import PageError, log
from mrcmv.web.files import download_name
from mrcmv.web.run import Job
from mrcmv.web.session import NOBODY
from mrcmv.web.text import plain
from mrcmv.web.wishes import look_at

if TYPE_CHECKING:
    from mrcmv.mix import MixSettings
    from mrcmv.recommender import Recommender
    from mrcmv.web.session import Session
    from mrcmv.web.studio import Studio

T = TypeVar("T")
VERBS = ("suggest", "render", "separate", "library")
MOST_TRACKS = 100
MOST_WORDS = 500
"""Letters of free text that are read."""


class Verbs:
    """What the four verbs do for one caller; a mistake becomes one sentence, nothing else gets out."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @property
    def recommender(self) -> Recommender:
        return self.studio.recommender

    def suggest(self, upload: str | None, owner: str, **wish: Any) -> dict[str, Any]:
        top_k = _whole(wish.get("top_k"), 5, 1, MOST_TRACKS)
        start_s = _number(wish.get("start_s"), 0.0)
        end_s = None if wish.get("end_s") in (None, "") else _number(wish["end_s"], 0.0)

        def work(job: Job[dict[str, Any]], session: Session, source: Path) -> dict[str, Any]:
            found = self.recommender.suggest(
                source,
                session.new_folder(),
                start_s=start_s,
                end_s=end_s,
                top_k=top_k,
                on_stage=job.on_stage,
                **_beside(wish),
            )
            return found.to_json()

        return self._run("suggest", upload, owner, work, progress=wish.get("progress"))

    def render(
        self, upload: str | None, owner: str, track_id: str, **wish: Any
    ) -> tuple[str, dict[str, Any]]:
        settings = _mix_settings(wish)

        def work(job: Job[Any], session: Session, source: Path) -> tuple[str, dict[str, Any]]:
            track = self.recommender.library.get(str(track_id))
            folder = session.new_folder()
            name = download_name(Path(upload or "").name, track.title)
            destination = self._outbox() / name
            taken: Any
            if settings.start_s is None:
                # every track is ranked, so that this one's best moment is known
                count = self.recommender.library.search(limit=0).total
                taken = self.recommender.suggest(source, folder, top_k=max(1, count), on_stage=job.on_stage)
            else:
                taken = open_clip(source, folder, progress=lambda done: job.check())
            began = time.perf_counter()
            made = self.recommender.render(taken, track.id, destination, settings, progress=job.progress)
            job.work.stages["mix and deliver"] = time.perf_counter() - began
            return str(destination), {
                "track_id": track.id,
                "duration_s": round(made.duration_s, 3),
                "integrated_lufs": _rounded(made.integrated_lufs),
                "true_peak_db": _rounded(made.true_peak_db),
                "voice_to_music_lu": _rounded(made.voice_to_music_lu),
                "credit": track.credit_line(),
                "duties": track.rights.duties(),
                "note": made.note,
            }

        return self._run("render", upload, owner, work, progress=wish.get("progress"))

    def separate(self, upload: str | None, owner: str, progress: Any = None) -> tuple[str, str]:
        from mrcmv.recommender import separate_source

        def work(job: Job[Any], session: Session, source: Path) -> tuple[str, str]:
            stems = separate_source(
                source, self._outbox(), device=self.recommender.device, progress=job.progress
            )
            return str(stems.voice), str(stems.accompaniment)

        return self._run("separate", upload, owner, work, sound=True, progress=progress)

    def library(
        self, text: str, mood: str, licence: str, monetise_safe: bool, offset: Any, limit: Any
    ) -> dict[str, Any]:
        from mrcmv.library import TrackFilter

        wanted = TrackFilter(
            text=str(text or "")[:MOST_WORDS],
            moods=frozenset(filter(None, [str(mood or "")])),
            licences=frozenset(filter(None, [str(licence or "")])),
            monetise_safe=bool(monetise_safe),
        )
        page = self.recommender.library.search(
            wanted, offset=_whole(offset, 0, 0, 1_000_000), limit=_whole(limit, 50, 1, MOST_TRACKS)
        )
        return {"total": page.total, "tracks": [track.to_json(peaks=False) for track in page.tracks]}

    def _outbox(self) -> Path:
        """A new folder in Gradio's cache under a name that nobody can guess; swept like uploads."""
        folder = self.studio.sessions.uploads / secrets.token_urlsafe(24)
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def _run(
        self,
        kind: str,
        upload: str | None,
        owner: str,
        work: Callable[[Job[T], Session, Path], T],
        *,
        sound: bool = False,
        progress: Callable[..., Any] | None = None,
    ) -> T:
        """Do ``work`` in the line, in a session of its own that goes with the call."""
        job: Job[T] = Job(kind)
        try:
            if not upload:
                raise PageError("no_clip")
            session = self.studio.sessions.create(owner or NOBODY)
            ended = threading.Event()
            try:
                self.studio.line.check(session.names)  # before anything of the clip is looked at
                source = session.adopt(Path(upload))
                session.upload = None  # another call of the same client may still read it
                if not sound:
                    look_at(source, job.work.clip)
                session.take_over(job)
                job.start(
                    self.studio.line,
                    lambda job: work(job, session, source),
                    ended.set,
                    whose=session.names,
                )
                for report in job.watch():
                    if report.ahead is not None and progress is not None:
                        progress(None, plain("waiting_turn", count=report.ahead))
                return job.result()
            finally:
                self.studio.sessions.remove(session)
        except Cancelled:
            raise gr.Error("Stopped.", print_exception=False) from None
        except UserError as error:
            job.work.end(error)  # when it never came to the line
            raise gr.Error(str(error), print_exception=False) from None
        except gr.Error:
            raise
        except Exception as error:
            if not getattr(error, "in_log", False):
                log.error("Unexpected error in the API", exc_info=error)
            raise gr.Error(str(trouble(error) or plain("api_ours")), print_exception=False) from None


def add_verbs(studio: Studio) -> Verbs:
    """Add the four public endpoints to the blocks that are being built."""
    verbs = Verbs(studio)

    def suggest(
        clip: str,
        top_k: float = 5,
        start_s: float = 0,
        end_s: float | None = None,
        words: str = "",
        like: str = "",
        strength: float = 0.5,
        request: gr.Request = None,  # type: ignore[assignment]
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
    ) -> Any:
        """
        Rank the music library for a short game video by its picture and its voice-over.

        Args:
            clip: The video: MP4, MOV, WebM, MKV or AVI, up to 10 minutes and 512 MB.
            top_k: How many tracks, 1 to 100.
            start_s: Go by the clip from this second on; at most 32 s are watched and heard.
            end_s: Go by the clip until this second.
            words: What the music should be beside the clip, such as "slower, no drums", or empty.
            like: Id of a track of the library that the music should resemble, or empty.
            strength: How far that wish steers, 0 to 1.

        Returns:
            The suggestions with their track ids, similarities and best moments, best first.
        """
        return verbs.suggest(
            clip, _owner(request), top_k=top_k, start_s=start_s, end_s=end_s, words=words, like=like,
            strength=strength, progress=progress,
        )  # fmt: skip

    def render(
        clip: str,
        track_id: str,
        music_level: float | None = None,
        keep: str = "",
        start_s: float | None = None,
        settings: dict[str, Any] | None = None,
        request: gr.Request = None,  # type: ignore[assignment]
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
    ) -> Any:
        """
        Mix a track of the library under a video and return the finished MP4.

        Args:
            clip: The video.
            track_id: Id of the track, from suggest or library.
            music_level: How far the music lies under the voice, in LU: 20 background, 13 usual.
            keep: What stays of the video's own sound: voice (as when left out), original or none.
            start_s: Second of the track to begin at; its best moment when left out.
            settings: All mix settings as an object, as in an exported settings.json; the others come first.

        Returns:
            The MP4, and what was measured in it with the credit line and the duties of the maker.
        """
        return verbs.render(
            clip, _owner(request), track_id, music_level=music_level, keep=keep, start_s=start_s,
            settings=settings, progress=progress,
        )  # fmt: skip

    def separate(
        clip: str,
        request: gr.Request = None,  # type: ignore[assignment]
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
    ) -> Any:
        """
        Split the sound of a video or a sound file into the voice and everything else.

        Args:
            clip: A video or a sound file.

        Returns:
            Two WAV files of 44.1 kHz: the voice, and the accompaniment.
        """
        return verbs.separate(clip, _owner(request), progress)

    def library(
        text: str = "",
        mood: str = "",
        licence: str = "",
        monetise_safe: bool = False,
        offset: float = 0,
        limit: float = 50,
    ) -> Any:
        """
        Search the music library.

        Args:
            text: Words that begin words of title, artist, album or tags; empty for all tracks.
            mood: A mood that the track must have, or empty.
            licence: SPDX id of the licence that it must have, or empty.
            monetise_safe: Only tracks for videos that earn money, and not registered with Content ID.
            offset: How many tracks to leave out at the beginning.
            limit: How many tracks, 1 to 100.

        Returns:
            The number of tracks found, and the tracks with licence, credit line and facts.
        """
        return verbs.library(text, mood, licence, monetise_safe, offset, limit)

    with gr.Column(visible=False):
        clip = gr.File(label="clip", type="filepath")
        numbers = [gr.Number(5), gr.Number(0), gr.Number(None), gr.Number(0.5)]
        top_k, start_s, end_s, strength = numbers
        track, like, text, words = (gr.Textbox(value) for value in (None, "", "", ""))
        level, keep, begin, settings = gr.Number(None), gr.Textbox(""), gr.Number(None), gr.JSON()
        mood, licence, safe = gr.Textbox(""), gr.Textbox(""), gr.Checkbox(False)
        offset, limit = gr.Number(0), gr.Number(50)
        answer, video = gr.JSON(label="result"), gr.File(label="video")
        voice, rest = gr.File(label="voice"), gr.File(label="accompaniment")
        button = gr.Button()
    for handler, inputs, outputs in (
        (suggest, [clip, top_k, start_s, end_s, words, like, strength], [answer]),
        (render, [clip, track, level, keep, begin, settings], [video, answer]),
        (separate, [clip], [voice, rest]),
        (library, [text, mood, licence, safe, offset, limit], [answer]),
    ):
        button.click(
            handler, inputs, outputs, api_name=handler.__name__, api_visibility="public", queue=True,
            show_progress="hidden", concurrency_limit=None, trigger_mode="multiple",
        )  # fmt: skip
    return verbs


def _owner(request: gr.Request | None) -> str:
    note_address(request)
    return str(getattr(request, "session_hash", "") or NOBODY)


def _beside(wish: dict[str, Any]) -> dict[str, Any]:
    """The wish beside the clip, as an argument of `Recommender.suggest`; nothing for nothing."""
    words, like = str(wish.get("words") or "")[:MOST_WORDS], str(wish.get("like") or "")
    if not words.strip() and not like:
        return {}
    from mrcmv.recommender import Wish

    strength = _number(wish.get("strength"), 0.5, 0.0, 1.0)
    return {"wish": Wish(text=words, like=like or None, strength=strength)}


def _mix_settings(wish: dict[str, Any]) -> MixSettings:
    """``settings`` as far as they are given, and over them the single ones."""
    from mrcmv.mix import MixSettings

    given = wish.get("settings") or {}
    try:
        if not isinstance(given, dict):
            raise UserError("settings is one object, as in an exported settings.json.")
        plain = dict(given["settings"] if isinstance(given.get("settings"), dict) else given)
        for name, key in (("level_lu", "music_level"), ("start_s", "start_s")):
            if wish.get(key) not in (None, ""):
                plain[name] = _number(wish[key], 0.0)
        if wish.get("keep"):
            plain["keep"] = wish["keep"]
        return MixSettings.from_json(plain)
    except UserError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _number(value: Any, usual: float, least: float = 0.0, most: float = 1e6) -> float:
    """A finite number within limits; raises a sentence for anything else."""
    if value in (None, ""):
        return usual
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not least <= number <= most:
        raise gr.Error(f"A number from {least:g} to {most:g} is needed here.", print_exception=False)
    return number


def _whole(value: Any, usual: int, least: int, most: int) -> int:
    return int(_number(value, usual, least, max(least, most)))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
