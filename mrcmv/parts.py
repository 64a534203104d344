"""What all clips share: the networks, the library, its index and what was found, loaded once."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from mrcmv.media import Beats, Progress, fair_threads, home, thread_budget

if TYPE_CHECKING:
    from mrcmv.library import Ears, Index, Library, Track
    from mrcmv.model import Mrcmv
    from mrcmv.separation import Separator
    from mrcmv.words import Words

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST_FOUND = 64
"""Examples, and clips that were explained, whose vectors are kept in memory."""

MANY_TRACKS = 1000
"""From so many on their texts are encoded ahead: a thousand take seconds."""


class Parts:
    """Loads each part at its first use, once, for all threads; `Recommender` says what it is given."""

    def __init__(self, checkpoint: str = "compact", device: str = "auto", home: Path | None = None) -> None:
        self.checkpoint = checkpoint
        self.device = device
        self.home = home
        self._lock = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self._loaded: dict[str, object] = {}
        self._found: dict[str, object] = {}

    def _load_model(self) -> Mrcmv:
        import torch

        from mrcmv.model import load_model

        torch.set_num_threads(thread_budget())
        return load_model(self.checkpoint, device=self.device)

    def _once(self, part: str, load: Callable[[], T]) -> T:
        """Load a part at its first use; a second thread waits for the first one's result.

        Nobody waits for a part that somebody else needs: each has a lock of its own.
        """
        with self._lock:
            lock = self._locks.setdefault(part, threading.RLock())
        with lock:
            if part not in self._loaded:
                self._loaded[part] = load()
            return cast(T, self._loaded[part])

    def _computed(self, work: Callable[[], T]) -> T:
        """Work of the networks. When the graphics card fails in it, it is done again without one.

        Everything goes on on the processor from then on, which is said once in the log. Beside other work
        it takes a share of the threads: two halves of a processor do more than two teams that take turns.
        """
        import torch

        torch.set_num_threads(fair_threads())  # of this thread, and of new ones until they ask
        try:
            return work()
        except RuntimeError as error:
            from mrcmv.model import lost_device

            if not lost_device(error):
                raise
            self._leave_device(error)
        return work()

    def _leave_device(self, error: RuntimeError) -> None:
        """Load the networks anew on the processor: nothing can be copied from a device that is lost."""
        with self._lock:
            if self.device == "cpu":
                return
            self.device = "cpu"
            for part in ("model", "separator", "library"):  # the library's ears have networks, too
                self._loaded.pop(part, None)
        log.warning(
            "The graphics card failed (%s); work goes on on the processor.", str(error).split("\n")[0]
        )

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

    def prepare_words(self) -> None:
        """Encode what a large library says of its tracks before somebody wishes in words: minutes, once.
        The texts of a small one are encoded within the first such wish."""
        tracks = self.index().tracks
        if len(tracks) >= MANY_TRACKS:
            self.words.prepare(tracks)

    def beats(self, track: Track) -> Beats:
        """The pulse of a track; heard once and kept."""
        from mrcmv.rhythm import BeatCache

        cache = self._once("beats", lambda: BeatCache((self.home or home()) / "rhythm"))
        return cache.of(track.sha256, self.library.sound_path(track.id), track.tempo_bpm)

    def index(self, progress: Progress | None = None) -> Index:
        """The index of the library as it is now; embeds tracks that are new to this checkpoint."""
        return self._computed(lambda: self.library.index(self.model, progress=progress))

    def load_ahead(self) -> None:
        """Load in a thread what the next clip needs, unless it is there; who needs a part waits for it.

        What goes wrong is told by the part itself when it is asked for.
        """
        if {"separator", "model", "library"} <= self._loaded.keys():
            return

        def load() -> None:
            with contextlib.suppress(Exception):
                self.separator  # noqa: B018 - asked for, so that it loads
                self.library.tracks()
            with contextlib.suppress(Exception):
                self.model.sha256  # noqa: B018

        threading.Thread(target=load, name="mrcmv-load-ahead").start()

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
