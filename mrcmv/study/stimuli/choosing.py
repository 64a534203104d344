"""What every method would put under a clip: a ranked list of tracks, best first.

Chance is drawn from the design's seed, so the same design always gives the same study.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Clip, Progress, UserError, read_sound, to_mono
from mrcmv.study.design import Design
from mrcmv.study.parts import (
    Baseline,
    Checkpoint,
    ClipItem,
    DataSet,
    FixedTracks,
    Method,
    NoMusic,
    RandomTrack,
)
from mrcmv.study.stimuli.pool import Candidate

if TYPE_CHECKING:
    from mrcmv.recommender import Recommender

DEEP = 25
"""How many tracks of a method are kept: enough for every other method to have had the first ones."""


@dataclass(frozen=True)
class Choice:
    """A track that a method names, and where it would let it set in; ``track_id`` None: no music."""

    track_id: str | None
    start_s: float = 0.0


Chooser = Callable[[ClipItem, Clip], list[Choice]]


class Choosers:
    """The methods of a design, each ready to rank the pool for a clip.

    Parameters
    ----------
    listener
        Separates voices, for all methods alike.
    recommend
        Makes a `Recommender` for a checkpoint by name or folder.
    """

    def __init__(
        self,
        design: Design,
        base: Path,
        pool: Mapping[str, Candidate],
        listener: Recommender,
        recommend: Callable[[str], Recommender],
        progress: Progress | None = None,
    ) -> None:
        self.design, self.base, self.pool, self.listener, self.progress = (
            design,
            base,
            pool,
            listener,
            progress,
        )
        self._recommend = cache(recommend)
        self._judged: dict[str, tuple[list[str], dict[str, NDArray[np.float32]]]] = {}
        self._similarity: dict[str, tuple[list[str], NDArray[np.float32]]] = {}

    def choose(self, method: Method, item: ClipItem, clip: Clip) -> list[Choice]:
        """Ranked choices of one method for one clip, at least one.

        Raises
        ------
        mrcmv.media.UserError
            The method has nothing to choose from for this clip.
        """
        if isinstance(method, NoMusic):
            return [Choice(None)]
        if isinstance(method, FixedTracks):
            track = method.tracks[item.id]
            if track not in self.pool:
                raise UserError(
                    f"The method {method.name} names {track}, which is not in the study's library."
                )
            return [Choice(track)]
        if isinstance(method, Checkpoint | Baseline):
            if isinstance(self.design.library, DataSet):
                return self._by_data(method, item)
            assert isinstance(method, Checkpoint)
            return self._by_network(method, clip)
        names = sorted(self.pool)
        if not isinstance(method, RandomTrack):
            wanted = {tag.lower() for tag in item.tags}
            names = [name for name in names if self.pool[name].words & wanted]
            if not names:
                raise UserError(
                    f"No track has one of the tags of the clip {item.id}: see the words in library list."
                )
        random.Random(f"{self.design.seed}/{method.name}/{item.id}").shuffle(names)
        return [Choice(name) for name in names[:DEEP]]

    def _by_network(self, method: Checkpoint, clip: Clip) -> list[Choice]:
        """As `Recommender.suggest` ranks, over the study's pool."""
        recommender = self._recommend(self._checkpoint(method))
        voice, _ = self.listener.separate_window(clip)
        heard = None if voice is None or method.sees == "picture" else to_mono(read_sound(voice))
        query = recommender.model.embed_query(clip.read_frames(), heard)
        index = recommender.index(progress=self.progress)
        found = index.search(query.vector, DEEP, lambda track: track.id in self.pool)
        best = self.design.sound.start == "best"
        return [Choice(match.track.id, match.start_s if best else 0.0) for match in found]

    def _checkpoint(self, method: Checkpoint) -> str:
        """A folder is meant from where the design lies; everything else is a name."""
        folder = self.base / method.checkpoint
        return str(folder) if folder.is_dir() else method.checkpoint

    def _by_data(self, method: Checkpoint | Baseline, item: ClipItem) -> list[Choice]:
        """As the tables of results rank: the clips of the split against their own clean tracks."""
        ids, similarity = self._matrix(method)
        if item.id not in ids:
            raise UserError(
                f"The clip {item.id} is none of the data set's prepared clips: run mrcmv data prepare first."
            )
        tracks = self._tracks_of(ids)
        order = np.lexsort((np.array(tracks), -similarity[ids.index(item.id)]))
        ranked = dict.fromkeys(tracks[place] for place in order)
        return [Choice(track) for track in ranked if track in self.pool][:DEEP]

    def _tracks_of(self, ids: list[str]) -> list[str]:
        from mrcmv.training.manifest import read_manifest

        known = {each.id: each.track for each in read_manifest(self._data)}
        return [known[name] for name in ids]

    @property
    def _data(self) -> Path:
        assert isinstance(self.design.library, DataSet)
        return self.base / self.design.library.data

    def _matrix(self, method: Checkpoint | Baseline) -> tuple[list[str], NDArray[np.float32]]:
        if method.name not in self._similarity:
            if isinstance(method, Checkpoint):
                self._similarity[method.name] = self._judge_network(method)
            else:
                self._similarity[method.name] = self._judge_baseline(method)
        return self._similarity[method.name]

    def _judge_network(self, method: Checkpoint) -> tuple[list[str], NDArray[np.float32]]:
        """Every checkpoint is judged once, whatever of the clip its methods see."""
        from mrcmv.model.checkpoint import available
        from mrcmv.training.results.network import judge_network

        name = self._checkpoint(method)
        if name not in self._judged:
            assert isinstance(self.design.library, DataSet)
            folder = available().get(name, Path(name))
            self._judged[name] = judge_network(folder, self._data, self.design.library.split)[:2]
        ids, similarity = self._judged[name]
        return ids, similarity[f"clean/{method.sees}"]

    def _judge_baseline(self, method: Baseline) -> tuple[list[str], NDArray[np.float32]]:
        from mrcmv.training.baselines import BASELINES, ClipSet
        from mrcmv.training.loop import clips_of
        from mrcmv.training.preparation import prepared_folder
        from mrcmv.training.results.run import PICTURE_SIZE

        if method.baseline not in BASELINES:
            raise UserError(
                f"There is no baseline {method.baseline}: take one of {', '.join(sorted(BASELINES))}."
            )
        assert isinstance(self.design.library, DataSet)
        prepared = prepared_folder(self._data, PICTURE_SIZE)
        train, validation, judged = (
            ClipSet(clips_of(self._data, prepared, split), self._data / "features-classic")
            for split in ("train", "validation", self.design.library.split)
        )
        if not len(train) or not len(judged):
            raise UserError("The data set has no prepared clips: run mrcmv data prepare first.")
        fitted = BASELINES[method.baseline](train, validation, method.seed)
        return [each.id for each in judged.items], fitted.similarity(judged, "clean")
