"""The whole way of a clip on one screen: made safe, voice separated, understood, matched, rendered.

The only module that joins the rooms. Terminal, page and benchmarks all call this one, so a clip
gets the same answer from each of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    ANALYSIS_RATE,
    FRAME_COUNT,
    FRAME_SIZE,
    SAMPLE_RATE,
    Beats,
    Clip,
    Progress,
    Speech,
    home,
    open_clip,
    part_of,
    read_sound,
    thread_budget,
    to_mono,
)
from mrcmv.ranking import rank, ranking_facts, track_words
from mrcmv.suggestions import Stage, StageEvent, StageListener, Stopwatch, Suggestions, Wish

if TYPE_CHECKING:
    from mrcmv.explain import Layout, Map, Why
    from mrcmv.library import Ears, Index, Library, Match, Track
    from mrcmv.mix import Mix, MixSettings, Source
    from mrcmv.model import Attribution, Mrcmv
    from mrcmv.separation import Separator, StemFiles
    from mrcmv.suggestions import Steering
    from mrcmv.words import Words

__all__ = [
    "Recommender",
    "Stage",
    "StageEvent",
    "StageListener",
    "Suggestions",
    "Wish",
    "separate_source",
]

T = TypeVar("T")
MOST_FOUND = 64
"""Examples, and clips that were explained, whose vectors are kept in memory."""


class Recommender:
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

    def __init__(self, checkpoint: str = "compact", device: str = "auto", home: Path | None = None) -> None:
        self.checkpoint = checkpoint
        self.device = device
        self.home = home
        self._lock = threading.RLock()
        self._loaded: dict[str, object] = {}
        self._found: dict[str, object] = {}

    def _load_model(self) -> Mrcmv:
        import torch

        from mrcmv.model import load_model

        torch.set_num_threads(thread_budget())
        return load_model(self.checkpoint, device=self.device)

    def _once(self, part: str, load: Callable[[], T]) -> T:
        """Load a part at its first use; a second thread waits for the first one's result."""
        with self._lock:
            if part not in self._loaded:
                self._loaded[part] = load()
            return cast(T, self._loaded[part])

    @property
    def model(self) -> Mrcmv:
        return self._once("model", self._load_model)

    @property
    def separator(self) -> Separator:
        from mrcmv.model import on_zerogpu, pick_device
        from mrcmv.separation import Separator

        # ZeroGPU lends its GPU to the network's calls alone; separation is quick enough without
        device = "cpu" if on_zerogpu() else pick_device(self.device)
        return self._once("separator", lambda: Separator.load(device))

    @property
    def library(self) -> Library:
        from mrcmv.library import Library

        return self._once("library", lambda: Library.open(self.home, self._make_ears()))

    def _make_ears(self) -> Ears:
        """What new tracks are heard by; its networks load with the first track that comes in."""
        from mrcmv.library import Ears
        from mrcmv.model import on_zerogpu, pick_device
        from mrcmv.tagging import NAMES, Tagger

        def taggers() -> list[Tagger]:
            device = "cpu" if on_zerogpu() else pick_device(self.device)
            return [Tagger.load(name, device) for name in NAMES]

        return Ears(taggers, lambda: self.separator)

    @property
    def words(self) -> Words:
        from mrcmv.words import Words

        return self._once("words", lambda: Words((self.home or home()) / "words"))

    def index(self, progress: Progress | None = None) -> Index:
        """The index of the library as it is now; embeds tracks that are new to this checkpoint."""
        return self.library.index(self.model, progress=progress)

    def warm_up(self) -> None:
        """Load everything that the first clip would wait for, and run it once on nothing."""
        self.index()
        self.separator.separate(np.zeros((SAMPLE_RATE, 2), np.float32))
        frames = np.zeros((FRAME_COUNT, FRAME_SIZE, FRAME_SIZE, 3), np.uint8)
        self.model.embed_query(frames, np.zeros(ANALYSIS_RATE, np.float32))

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

        progress = watch.begin(Stage.READING)
        clip = open_clip(upload, folder, start_s=start_s, end_s=end_s, progress=progress)
        watch.finish(Stage.READING, progress)

        progress = watch.begin(Stage.SEPARATING)
        start, end = clip.window_s
        voice, speech = self._separate(clip, start, end, progress)
        watch.finish(Stage.SEPARATING, progress, voice)

        progress = watch.begin(Stage.UNDERSTANDING)
        heard = None if voice is None else to_mono(read_sound(voice))
        query = self.model.embed_query(clip.read_frames(), heard)
        watch.finish(Stage.UNDERSTANDING, progress)

        progress = watch.begin(Stage.RANKING)
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

    def why(self, suggestions: Suggestions, track_id: str) -> Why:
        """Why a track was suggested: shares over time, moments, facts.

        The first call for a clip looks at it again with parts blanked (about eight times); what is
        found serves all its tracks.

        Raises
        ------
        mrcmv.library.UnknownTrack
        """
        from mrcmv.explain import why

        track, index, found = self.library.get(track_id), self.index(), self._attribution(suggestions)
        match = suggestions.match(track_id)
        music = index.window_vector(track_id, match.start_s if match else 0.0)
        assert music is not None, "a track of the library is in its index"
        facts = ranking_facts(index, suggestions, track, found)
        return why(track_id, music, found, suggestions.clip.window_s[0], facts)

    def map(self, suggestions: Suggestions) -> Map:
        """All tracks as points of a plane, and the clip among them."""
        from mrcmv.explain import lay_out, place_clip

        index = self.index()
        with self._lock:
            kept = cast("tuple[Index, Layout] | None", self._loaded.get("layout"))
            if kept is None or kept[0] is not index:
                words = [track_words(track) for track in index.tracks]
                layout = lay_out([track.id for track in index.tracks], index.track_vectors(), words)
                self._loaded["layout"] = kept = (index, layout)
        return place_clip(kept[1], index.best_windows(suggestions.query)[0])

    def _attribution(self, suggestions: Suggestions) -> Attribution:
        clip, voice = suggestions.clip, suggestions.voice
        begin, end = clip.window_s

        def look() -> Attribution:
            heard = None if voice is None else to_mono(read_sound(voice))
            return self.model.attribute_query(clip.read_frames(), heard, end - begin)

        return self._remembered(f"looked {hashlib.sha256(suggestions.query.tobytes()).hexdigest()}", look)

    def _remembered(self, key: str, make: Callable[[], T]) -> T:
        """What was found for a clip or an example, kept for the next time; nobody waits for another's."""
        with self._lock:
            kept = self._found.pop(key, None)
        found = make() if kept is None else kept
        with self._lock:
            self._found[key] = found  # the last in order is the last that was asked for
            while len(self._found) > MOST_FOUND:
                del self._found[next(iter(self._found))]
        return cast(T, found)

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
        return self._remembered(key, lambda: hear_sound(sound, self.model, progress))

    def mix(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> Mix:
        """Mix one track under the whole clip as sound alone (AAC, M4A); `deliver` makes the video.

        Parameters
        ----------
        clip
            With suggestions, the track sets in at its best moment for the clip where the settings name none.
        track_id
            None for no music: what is kept of the clip, at the same loudness.
        """
        from mrcmv.mix import mix_sound

        source, settings = self._source(clip, track_id, settings, part_of(progress, 0.0, 0.5))
        return mix_sound(source, destination, settings, progress=part_of(progress, 0.5, 1.0))

    def deliver(
        self,
        clip: Suggestions | Clip,
        mix: Mix,
        destination: Path,
        *,
        track_id: str | None = None,
        progress: Progress | None = None,
    ) -> Mix:
        """The clip's picture and a finished mix in an MP4, both copied, with the track's credit line."""
        from mrcmv.mix import deliver

        credit = self.library.get(track_id).credit_line() if track_id is not None else None
        return deliver(_clip_of(clip), mix, destination, credit=credit, progress=progress)

    def stems(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        folder: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> dict[str, Path]:
        """The parts of a mix as WAV (24 bit, 44.1 kHz): voice, music, music_ducked and mix."""
        from mrcmv.mix import write_stems

        source, settings = self._source(clip, track_id, settings, part_of(progress, 0.0, 0.5))
        return write_stems(source, folder, settings, progress=part_of(progress, 0.5, 1.0))

    def render(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> Mix:
        """`mix` and `deliver` in one: the finished MP4."""
        with tempfile.TemporaryDirectory(prefix=".mix-", dir=destination.parent) as work:
            made = self.mix(
                clip, track_id, Path(work) / "mix.m4a", settings, progress=part_of(progress, 0.0, 0.95)
            )
            return self.deliver(
                clip, made, destination, track_id=track_id, progress=part_of(progress, 0.95, 1.0)
            )

    def _source(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        settings: MixSettings | None,
        progress: Progress | None,
    ) -> tuple[Source, MixSettings]:
        """What a mix is made of: the clip's stems, the track's sound and its beats."""
        from mrcmv.mix import MixSettings, Source

        settings = settings or MixSettings()
        whole = _clip_of(clip)
        track = None if track_id is None else self.library.get(track_id)  # an unknown one is told at once
        voice, speech = self.separate_clip(whole, progress)
        rest = None if voice is None else voice.with_name("accompaniment.wav")
        if track is None:
            return Source(whole, speech, voice, rest), settings
        match = clip.match(track.id) if isinstance(clip, Suggestions) else None
        sound = self.library.sound_path(track.id)
        if not settings.vocals:  # the song's timing and so its beats are the same without its singing
            sound = self.library.accompaniment_path(track.id) or sound
        return Source(
            whole,
            speech,
            voice,
            rest,
            music=sound,
            beats=self.beats(track) if settings.fit == "beats" else None,
            best_s=min(match.start_s if match else 0.0, max(0.0, track.duration_s - 1.0)),
        ), settings

    def beats(self, track: Track) -> Beats:
        """The pulse of a track; heard once and kept."""
        from mrcmv.rhythm import BeatCache

        cache = self._once("beats", lambda: BeatCache((self.home or home()) / "rhythm"))
        return cache.of(track.sha256, self.library.sound_path(track.id), track.tempo_bpm)

    def export(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        name: str = "clip",
        progress: Progress | None = None,
    ) -> list[str]:
        """Everything for a video editor, as `render`: a ZIP or a folder with the MP4, the sounds one by
        one, a timeline, the settings and the credits; returns the names inside. ``name`` is the clip's."""
        from mrcmv.packing import pack

        track = None if track_id is None else self.library.get(track_id)
        whole = _clip_of(clip)
        with tempfile.TemporaryDirectory(prefix="pack-", dir=whole.folder) as work:
            video, sounds = Path(work) / "video.mp4", Path(work) / "stems"
            sounds.mkdir()
            made = self.render(clip, track_id, video, settings, progress=part_of(progress, 0.0, 0.6))
            stems = self.stems(clip, track_id, sounds, settings, progress=part_of(progress, 0.6, 0.8))
            return pack(
                destination,
                name=name,
                clip=whole,
                track=track,
                made=made,
                stems=stems,
                progress=part_of(progress, 0.8, 1.0),
            )

    def separate_clip(self, clip: Clip, progress: Progress | None = None) -> tuple[Path | None, Speech]:
        """The whole clip's voice (WAV) and voice activity; separated once and kept in its folder."""
        return self._separate(clip, 0.0, clip.duration_s, progress)

    def separate_window(self, clip: Clip, progress: Progress | None = None) -> tuple[Path | None, Speech]:
        """The same of the part that the network looks at: what `suggest` listens to."""
        return self._separate(clip, *clip.window_s, progress)

    def _separate(
        self, clip: Clip, start_s: float, end_s: float, progress: Progress | None
    ) -> tuple[Path | None, Speech]:
        """Voice (WAV) and voice activity of a part of a clip; (None, empty) when nobody speaks.

        Separating a part costs what the part is long, so a ranking does not wait for ten minutes
        of sound when the network looks at 32 s. Both results are kept beside the clip.
        """
        from mrcmv.separation import find_speech, kept_speech

        sound = clip.sound
        if sound is None:
            return None, Speech(())
        folder = clip.folder / f"stems-{round(start_s * 1000)}-{round(end_s * 1000)}"
        voice = folder / "voice.wav"
        if not voice.exists():  # written under another name and renamed when complete
            self.separator.separate_file(sound, folder, start_s=start_s, end_s=end_s, progress=progress)

        def hear() -> Speech:
            mix = read_sound(sound, start_s=start_s, duration_s=end_s - start_s)
            found = find_speech(read_sound(voice), mix=mix)
            return Speech(tuple((start_s + begin, start_s + end) for begin, end in found.segments))

        speech = kept_speech(folder, hear)
        return (voice if speech else None), speech


def _clip_of(clip: Suggestions | Clip) -> Clip:
    return clip.clip if isinstance(clip, Suggestions) else clip


def separate_source(
    source: Path, out: Path, *, device: str = "auto", progress: Progress | None = None
) -> StemFiles:
    """Split a clip's or a sound file's sound into ``out/voice.wav`` and ``out/accompaniment.wav``.

    WAV, float32, 44.1 kHz, stereo. Raises `mrcmv.media.UserError` for a file without sound.
    """
    from mrcmv.media import open_sound
    from mrcmv.model import pick_device
    from mrcmv.separation import Separator

    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
        sound = Path(folder) / "sound.flac"
        open_sound(source, sound, progress=part_of(progress, 0.0, 0.2))
        return Separator.load(pick_device(device)).separate_file(
            sound, out, progress=part_of(progress, 0.2, 1.0)
        )
