"""A hostile upload -> a `Clip` in canonical form. Nothing but the canonical files goes further."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mrcmv.media import recipe
from mrcmv.media.beside import Beside
from mrcmv.media.child import Limits
from mrcmv.media.errors import IntakeError, TooBigError, ToolError
from mrcmv.media.ffmpeg import MAX_PIXELS, VIDEO_FORMATS, run_ffmpeg
from mrcmv.media.frames import save_frames
from mrcmv.media.handle import remember
from mrcmv.media.mp4 import Presented, presented_tracks
from mrcmv.media.probe import Facts, probe
from mrcmv.media.sniff import check_clip, no_picture, take
from mrcmv.media.sound import SoundWriter
from mrcmv.media.trouble import trouble
from mrcmv.media.types import MAX_CLIP_S, SAMPLE_RATE, WINDOW_S, Clip, Progress
from mrcmv.media.workfolder import work_folder

MIN_CLIP_S = 1.0
"""Shortest clip, and shortest part of a clip, that is taken, in seconds."""
_FRAME_S = 0.04
"""A last frame may be missing: rounding of this size is forgiven at the limits."""
_AGAIN = "and drop it once more."
_DAMAGED = f"This video is damaged or cut off: not one second of it can be read. Save it again {_AGAIN}"
_TOO_SLOW = f"Reading this video takes too long. Save it at 1080p {_AGAIN}"
_TOO_SHORT = "This clip is shorter than a second. Drop a longer one."
_BEHIND = "The chosen part lies behind the end of what can be read. Choose an earlier one."


def open_clip(
    source: Path,
    folder: Path,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    progress: Progress | None = None,
) -> Clip:
    """Make an upload safe; every picture is decoded at most once. `Reading` in one call.

    Parameters
    ----------
    source
        The upload; its name and its claims are not trusted. It is left where it is.
    folder
        Made by the caller for this upload alone; gets ``picture.mp4``, ``sound.wav``,
        ``frames.npy``, ``poster.jpg`` and ``clip.json``, all or nothing.
    start_s, end_s
        The part that the network sees, in seconds of the clip; at most its first 32 s count.
    progress
        0..1, several times a second; may raise `Cancelled`.

    Raises
    ------
    IntakeError
        With one sentence for the user: no video, too large, too long, damaged.
    """
    with Reading(source, folder, start_s=start_s, end_s=end_s, progress=progress) as reading:
        return reading.finish()


class Reading:
    """An upload on its way to a `Clip`: the sound is there first, while the picture is still decoded.

    Enter it, use ``sound`` (canonical WAV, None without one) and ``window_s`` as they will be in the
    clip, then `finish`. Whatever ends the ``with`` block before that ends the work and leaves nothing.
    Parameters and errors are those of `open_clip`; all of its checks but those of the picture's frames
    are made before the block begins.
    """

    def __init__(
        self,
        source: Path,
        folder: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._source, self._folder = source, folder
        self._start_s, self._end_s = start_s, end_s
        self._tell = _rising(progress)
        self._frames: Beside | None = None

    def __enter__(self) -> Reading:
        check_clip(self._source)
        _check_part(self._start_s, self._end_s)
        with contextlib.ExitStack() as stack:
            self._work = stack.enter_context(work_folder("intake-", self._folder))
            stack.callback(self._stop_frames)
            self._begin()
            self._end = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def _begin(self) -> None:
        end_s = self._end_s
        length_s = min(WINDOW_S, end_s - self._start_s) if end_s is not None else WINDOW_S
        upload = self._work / "upload"  # the name that the user gave goes nowhere
        take(self._source, upload)
        facts = _probe(upload, (self._start_s, length_s), self._tell)
        plan = recipe.Plan(upload, facts, recipe.can_copy(facts), self._start_s, length_s)
        if plan.copy:
            self._frames = Beside(lambda progress: _run_frames(plan, self._work, progress))
        track = _run(plan, self._work, self.tell_picture if plan.copy else self._tell)
        if plan.copy and track.start_s > _FRAME_S:
            # The packets begin between two key frames (a recording whose head is lost): copied, the
            # picture would start late. Only a decoder can bridge that; this is the one second run.
            self._stop_frames()
            plan = replace(plan, copy=False)
            track = _run(plan, self._work, self._tell)
        self._plan, self._track = plan, track
        self.window_s = _window(plan, track)
        made = self._work / "sound.wav"
        self.sound = made if fit_sound(self._work / recipe.SOUND, made, track.duration_s) else None

    def _stop_frames(self) -> None:
        if self._frames is not None:
            self._frames.stop()
            self._frames = None

    def tell_picture(self, done: float = 0.0) -> None:
        """Report how far the picture has come; whoever works on the sound calls it now and then."""
        if self._frames is not None:
            self._tell(0.05 + 0.9 * self._frames.done)

    def finish(self) -> Clip:
        """Wait for the picture and give everything its name.

        Raises
        ------
        IntakeError
            Not one picture of the part can be decoded.
        """
        if self._frames is not None:
            with _explained(self._plan):
                self._frames.wait(self.tell_picture)
        clip = _collect(self._plan, self._track, self.window_s, self._work, self._folder)
        self._tell(1.0)
        return clip


def _rising(progress: Progress | None) -> Progress:
    """``progress`` that never falls, also when a second run starts anew; silent when None."""
    highest = 0.0

    def tell(done: float) -> None:
        nonlocal highest
        highest = max(highest, done)
        if progress is not None:
            progress(highest)

    return tell


def _check_part(start_s: float, end_s: float | None) -> None:
    end = MAX_CLIP_S if end_s is None else end_s
    if not (0.0 <= start_s < MAX_CLIP_S and end - start_s >= MIN_CLIP_S - _FRAME_S):  # NaN fails, too
        raise IntakeError("Choose a part of the clip that is at least one second long.")


def _probe(upload: Path, part: tuple[float, float], tell: Progress) -> Facts:
    try:
        facts = probe(upload, formats=VIDEO_FORMATS, part=part, progress=tell)
    except ToolError as error:
        said = _TOO_SLOW if error.timed_out else _DAMAGED
        raise trouble(error) or IntakeError(said) from error
    if facts.picture is None:
        raise no_picture()
    if facts.picture.width * facts.picture.height > MAX_PIXELS:
        raise TooBigError(f"This picture is larger than 5K. Save the video at 4K or less {_AGAIN}")
    if facts.duration_s is not None and facts.duration_s > MAX_CLIP_S + recipe.SLACK_S:
        raise _too_long()
    return facts


def _run(plan: recipe.Plan, work: Path, tell: Progress) -> Presented:
    """Run ffmpeg into ``work``; the claimed length steers the display and the patience only."""
    claimed_s = min(plan.facts.duration_s or MAX_CLIP_S, MAX_CLIP_S)
    with _explained(plan):
        run_ffmpeg(
            recipe.arguments(plan, work),
            duration_s=claimed_s,
            progress=lambda done: tell(0.05 + 0.9 * done),
            limits=_limits(plan, claimed_s),
        )
        return next(t for t in presented_tracks(work / recipe.PICTURE) if t.handler == "vide")


def _run_frames(plan: recipe.Plan, work: Path, progress: Progress) -> None:
    """Decode the window of a picture that is copied."""
    claimed_s = min(plan.facts.duration_s or MAX_CLIP_S, MAX_CLIP_S)
    run_ffmpeg(
        recipe.frames_arguments(plan, work),
        duration_s=min(plan.length_s, claimed_s),
        progress=progress,
        limits=_limits(plan, claimed_s),
    )


def _limits(plan: recipe.Plan, claimed_s: float) -> Limits:
    patience = 120 + (2.0 if plan.copy else 6.0) * claimed_s
    return Limits(wall_s=patience, cpu_s=int(patience))


@contextlib.contextmanager
def _explained(plan: recipe.Plan) -> Iterator[None]:
    """What went wrong in ffmpeg, as a sentence for the user."""
    try:
        yield
    except ToolError as error:
        if machine := trouble(error):
            raise machine from error
        if error.timed_out:
            raise IntakeError(_TOO_SLOW) from error
        raise IntakeError(_BEHIND if plan.start_s > 0 else _DAMAGED) from error
    except (OSError, ValueError, StopIteration) as error:
        raise trouble(error) or IntakeError(_DAMAGED) from error


def _window(plan: recipe.Plan, track: Presented) -> tuple[float, float]:
    """The part that the network sees, after judging how long the picture really is."""
    duration_s, start_s = track.duration_s, plan.start_s
    if duration_s > MAX_CLIP_S + _FRAME_S:
        raise _too_long()
    if duration_s < MIN_CLIP_S - _FRAME_S:
        claimed_s = plan.facts.duration_s
        raise IntakeError(_DAMAGED if claimed_s is None or claimed_s >= MIN_CLIP_S else _TOO_SHORT)
    if start_s > duration_s - MIN_CLIP_S + _FRAME_S:
        raise IntakeError(_BEHIND)
    return start_s, min(start_s + plan.length_s, duration_s)


def _collect(
    plan: recipe.Plan, track: Presented, window_s: tuple[float, float], work: Path, folder: Path
) -> Clip:
    """Keep the frames of the window and give everything its name."""
    if not save_frames(work / recipe.FRAMES, work / "frames.npy", window_s[1] - window_s[0]):
        raise IntakeError(_DAMAGED)
    has_sound = (work / "sound.wav").exists()
    names = [recipe.PICTURE, "frames.npy", recipe.POSTER, *(["sound.wav"] if has_sound else [])]
    for name in names:
        os.replace(work / name, folder / name)
    width, height = plan.picture.shown_size if plan.copy else recipe.made_size(plan.picture)
    clip = Clip(
        folder=folder,
        picture=folder / recipe.PICTURE,
        picture_copied=plan.copy,
        sound=folder / "sound.wav" if has_sound else None,
        frames=folder / "frames.npy",
        poster=folder / recipe.POSTER,
        duration_s=track.duration_s,
        width=width,
        height=height,
        fps=track.rate,
        window_s=window_s,
    )
    remember(clip)
    return clip


def fit_sound(raw: Path, destination: Path, duration_s: float) -> bool:
    """Raw float32 stereo -> WAV of exactly ``duration_s``; False when there is not one sample.

    Values that are no numbers (a float file may hold them) become silence: they would spread
    through every network that hears them.
    """
    if not raw.is_file() or raw.stat().st_size < 8:
        return False
    wanted = round(duration_s * SAMPLE_RATE)
    with raw.open("rb") as file, SoundWriter(destination) as writer:
        while writer.frames < wanted:
            block = np.frombuffer(file.read(8 * min(1 << 18, wanted - writer.frames)), np.float32)
            block = block[: len(block) // 2 * 2].reshape(-1, 2)
            if not len(block):
                block = np.zeros((min(1 << 18, wanted - writer.frames), 2), np.float32)
            writer.write(np.clip(np.nan_to_num(block, nan=0.0), -8.0, 8.0))
    return True


def _too_long() -> TooBigError:
    minutes = round(MAX_CLIP_S / 60)
    return TooBigError(f"This clip is longer than {minutes} minutes. Cut it to the part you want {_AGAIN}")
