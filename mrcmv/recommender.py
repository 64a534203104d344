"""The whole way of a clip on one screen: made safe, voice separated, understood, matched.

`Recommender` joins the rooms: what it loads is in `mrcmv.parts`, how a clip's voice is separated in
`mrcmv.voices`, its further verbs are in `mrcmv.mixing` and `mrcmv.explaining`. Terminal, page and
benchmarks all call this one class, so a clip gets the same answer from each of them.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.explaining import Explaining
from mrcmv.media import (
    ANALYSIS_RATE,
    FRAME_COUNT,
    FRAME_SIZE,
    SAMPLE_RATE,
    Progress,
    Reading,
    read_sound,
    to_mono,
)
from mrcmv.mixing import Mixing
from mrcmv.ranking import rank
from mrcmv.suggestions import Stage, StageEvent, StageListener, Stopwatch, Suggestions, Wish
from mrcmv.voices import separate_source, stems_folder

if TYPE_CHECKING:
    from mrcmv.library import Index, Match
    from mrcmv.suggestions import Steering

__all__ = [
    "Recommender",
    "Stage",
    "StageEvent",
    "StageListener",
    "Suggestions",
    "Wish",
    "separate_source",
]


class Recommender(Mixing, Explaining):
    """Finds and fits music for clips. One object serves a whole process.

    The networks, the library and the index load at first use, once, and are shared by all
    callers; `suggest` and `render` may be called from several threads.

    Parameters
    ----------
    checkpoint
        Name of a shipped checkpoint, or the path of a folder that holds one.
    device
        "auto", "cpu", "cuda" or "mps".
    home
        Where own tracks and embeddings are kept; see `mrcmv.media.home`.
    """

    def warm_up(self, idle: Callable[[], bool] = lambda: True) -> None:
        """Load everything that the first clip would wait for, and run it once on nothing.

        Half of it beside the other: the separator, which a clip needs first, and the network. Nothing is
        run that ``idle`` says no to: a clip that is there already runs them itself.
        """

        def separating() -> None:
            separator = self.separator
            if idle():
                from mrcmv.separation import find_speech

                separator.separate(np.zeros((SAMPLE_RATE, 2), np.float32))
                find_speech(np.zeros((SAMPLE_RATE, 2), np.float32))

        def understanding() -> None:
            model = self.model
            if idle():
                frames = np.zeros((FRAME_COUNT, FRAME_SIZE, FRAME_SIZE, 3), np.uint8)
                model.embed_query(frames, np.zeros(ANALYSIS_RATE, np.float32))
            self.index()

        with ThreadPoolExecutor(2, "mrcmv-warm-up") as pool:
            for half in [pool.submit(separating), pool.submit(understanding)]:
                half.result()

    def suggest(
        self,
        upload: Path,
        folder: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        top_k: int = 5,
        wish: Wish = Wish(),  # noqa: B008 - frozen
        on_stage: StageListener | None = None,
    ) -> Suggestions:
        """Rank the library for one clip.

        Parameters
        ----------
        upload
            Any file; nothing is believed about it.
        folder
            A private, existing, empty folder of this clip; all that is made goes there.
        start_s, end_s
            The part to go by, in seconds; at most its first 32 s are used.
        wish
            What is wished beside the clip; see `rerank` for changing it without a new look.

        Raises
        ------
        mrcmv.media.UserError
            The clip cannot be used; its text says why and what to do.
        mrcmv.media.Cancelled
            Raised by ``on_stage`` and passed on.
        """
        watch = Stopwatch(on_stage)
        began = time.perf_counter()

        reading = watch.begin(Stage.READING)
        reading(0.0)
        with Reading(upload, folder, start_s=start_s, end_s=end_s, progress=reading) as taken:
            self.load_ahead()
            stems = stems_folder(folder, taken.window_s)
            try:
                progress = watch.begin(Stage.SEPARATING)
                progress(0.0)
                voice, speech = self.separate_early(taken, folder, progress)
                watch.finish(Stage.SEPARATING, progress, voice)
                watch.begin(Stage.READING)
                clip = taken.finish()
            except BaseException:
                shutil.rmtree(stems, ignore_errors=True)
                raise
        watch.finish(Stage.READING, reading)

        progress = watch.begin(Stage.UNDERSTANDING)
        progress(0.0)
        heard = None if voice is None else to_mono(read_sound(voice))
        query = self._computed(lambda: self.model.embed_query(clip.read_frames(), heard))
        watch.finish(Stage.UNDERSTANDING, progress)

        progress = watch.begin(Stage.RANKING)
        progress(0.0)
        index = self.index(progress=lambda done: progress(0.9 * done))
        matches, steering = self._rank(index, query.vector, wish, top_k)
        watch.finish(Stage.RANKING, progress)

        return Suggestions(
            clip=clip,
            speech=speech,
            voice=voice,
            picture_share=query.picture_share,
            voice_share=query.voice_share,
            matches=tuple(matches),
            timings_s={**watch.seconds, "total": time.perf_counter() - began},
            checkpoint_name=self.model.name,
            checkpoint_sha256=self.model.sha256,
            wish=wish,
            steering=steering,
            query=query.vector,
        )

    def rerank(self, suggestions: Suggestions, wish: Wish, top_k: int = 5) -> Suggestions:
        """The same clip under another wish: quick, as the clip is not looked at again.

        Raises
        ------
        mrcmv.media.UserError
            The wish's example cannot be used; its text says why and what to do.
        """
        matches, steering = self._rank(self.index(), suggestions.query, wish, top_k)
        return dataclasses.replace(suggestions, matches=tuple(matches), wish=wish, steering=steering)

    def _rank(
        self, index: Index, query: NDArray[np.float32], wish: Wish, top_k: int
    ) -> tuple[list[Match], Steering | None]:
        words = self.words if wish.steers and wish.text.strip() else None
        example = self.hear(wish.reference) if wish.steers and wish.reference else None
        return rank(index, query, wish, top_k, words=words, example=example)

    def hear(self, sound: Path, progress: Progress | None = None) -> NDArray[np.float32]:
        """A sound file as the network hears music: the middle of its windows, float32 [512].

        Heard once per file; at most its first ten minutes.

        Raises
        ------
        mrcmv.media.UserError
            The file is no sound that can be read.
        """
        from mrcmv.library import hear_sound

        stat = sound.stat()
        key = f"heard {sound} {stat.st_mtime_ns} {stat.st_size}"

        def listen() -> NDArray[np.float32]:
            return self._computed(lambda: hear_sound(sound, self.model, progress))

        return self._remembered(key, listen)
