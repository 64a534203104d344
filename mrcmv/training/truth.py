"""What is known of training clips: which crops belong together, and how their music sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mrcmv.media import WINDOW_S
from mrcmv.training.batches import Clips
from mrcmv.training.labels import Scale
from mrcmv.training.pretrain import labelled
from mrcmv.training.pseudo import PseudoLabels


@dataclass(frozen=True)
class Truth:
    """Of n clips: pseudo labels, tracks int64 [n], standardised descriptors of the music [n, s]."""

    videos: tuple[str, ...]
    labels: PseudoLabels
    tracks: Tensor
    described: Tensor

    def label(self, clips: Sequence[int], starts: Sequence[float]) -> Tensor:
        """Pseudo labels, int64 [B], of crops given by clip and start in seconds."""
        pairs = zip(clips, starts, strict=True)
        return torch.tensor([self.labels.label(self.videos[clip], start) for clip, start in pairs])

    def part(self, clips: Sequence[int]) -> Truth:
        """Of some of the clips only; the numbers of the pseudo labels stay."""
        index = torch.as_tensor(np.asarray(clips, dtype=np.int64))
        videos = tuple(self.videos[clip] for clip in clips)
        return Truth(videos, self.labels, self.tracks[index], self.described[index])

    def state(self) -> dict[str, Any]:
        """Plain values and tensors, for `from_state`."""
        return {
            "videos": list(self.videos),
            "durations": self.labels.durations,
            "tracks": self.tracks,
            "described": self.described,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Truth:
        labels = PseudoLabels(state["durations"].items(), WINDOW_S)
        return cls(tuple(state["videos"]), labels, state["tracks"], state["described"])


def truth_of(clips: Clips, scale: Scale | None = None) -> tuple[Truth, Scale]:
    """Gather the truth of clips; descriptors are standardised by ``scale``, else by these clips."""
    rows, scale = labelled("music", clips, scale)
    described = torch.zeros(len(clips), len(scale.scalars))
    for row in rows:
        described[row.index] = torch.nan_to_num(torch.from_numpy(row.scalars))
    names = dict.fromkeys(item.track for item in clips.items)
    numbers = {name: number for number, name in enumerate(names)}
    # a rendition lies over the same excerpt of music, so its crops share the labels of the original's
    durations: dict[str, float] = {}
    for index, item in enumerate(clips.items):
        name = item.original or item.id
        durations[name] = max(durations.get(name, 0.0), clips.load(index).duration_s)
    truth = Truth(
        videos=tuple(item.original or item.id for item in clips.items),
        labels=PseudoLabels(durations.items(), WINDOW_S),
        tracks=torch.tensor([numbers[item.track] for item in clips.items]),
        described=described,
    )
    return truth, scale
