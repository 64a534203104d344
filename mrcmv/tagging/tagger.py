"""Music in, tags and features out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.media import Samples, UserError, thread_budget
from mrcmv.tagging.checkpoint import CheckpointError, read_checkpoint
from mrcmv.tagging.labels import MSD, MTT
from mrcmv.tagging.net import UNITS, Musicnn
from mrcmv.tagging.spectrum import windows
from mrcmv.tagging.wheels import Wheel, fetch

FEATURES = UNITS
"""Length of an embedding."""
_BATCH = 4  # windows at once: about 100 MB while they are in work
_LABELS = {"MTT": MTT, "MSD": MSD}
NAMES = tuple(_LABELS)
"""Of the two networks: trained on MagnaTagATune, and on the Million Song Dataset."""
WHEEL = Wheel(
    "musicnn==0.1.0",
    "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
    {
        "MTT.index": (
            "musicnn/MTT_musicnn/.index",
            "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
        ),
        "MTT.data": (
            "musicnn/MTT_musicnn/.data-00000-of-00001",
            "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
        ),
        "MSD.index": (
            "musicnn/MSD_musicnn/.index",
            "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
        ),
        "MSD.data": (
            "musicnn/MSD_musicnn/.data-00000-of-00001",
            "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
        ),
    },
)
"""musicnn 0.1.0 (ISC licence); it pins an old TensorFlow and numpy, so it cannot be installed here."""


class Tagger:
    """One of the musicnn networks; it may serve several threads.

    Sounds are float32 mono at 16 kHz, [n] with any n > 0; one window is 3 s (`WINDOW_SAMPLES`), and a
    shorter sound is repeated. Memory does not grow with the length of the sound.
    """

    def __init__(self, net: Musicnn, labels: tuple[str, ...], device: str = "cpu") -> None:
        self.labels = labels
        self._device = torch.device(device)
        self._net = net.eval().to(self._device)

    @classmethod
    def load(cls, name: str = "MTT", device: str = "cpu") -> Tagger:
        """The network trained on MagnaTagATune (``MTT``) or the Million Song Dataset (``MSD``).

        The first call fetches its weights (29 MB, once).

        Raises
        ------
        UserError
            When the weights cannot be fetched, or there is no such network.
        """
        if name not in _LABELS:
            raise UserError(f"There is no music tagger {name!r}: choose one of {', '.join(NAMES)}.")
        index, data = fetch(WHEEL, f"{name}.index", f"{name}.data")
        return cls.read(index, data, Musicnn(), _LABELS[name], device)

    @classmethod
    def read(
        cls, index: Path, data: Path, net: Musicnn, labels: tuple[str, ...], device: str = "cpu"
    ) -> Tagger:
        """From the two files of a TensorFlow checkpoint; raises `CheckpointError`."""
        torch.set_num_threads(thread_budget())
        try:
            net.load_tensorflow(read_checkpoint(index, data))
        except (KeyError, RuntimeError) as error:
            raise CheckpointError from error
        return cls(net, labels, device)

    def tags(self, sound: Samples) -> dict[str, float]:
        """How likely each tag is, 0..1, the mean over the windows; the likeliest first."""
        mean = self.tag_matrix(sound).mean(axis=0)
        return {self.labels[i]: float(mean[i]) for i in np.argsort(-mean)}

    def tag_matrix(self, sound: Samples) -> NDArray[np.float32]:
        """[w, 50], 0..1, in the order of ``labels``: a row for every window."""
        return np.concatenate([tags.cpu().numpy() for tags, _ in self._run(sound)])

    def embed(self, sound: Samples) -> NDArray[np.float32]:
        """[w, 200]: the layer before the tags."""
        return np.concatenate([features.cpu().numpy() for _, features in self._run(sound)])

    def mean_embedding(self, sound: Samples) -> NDArray[np.float32]:
        """[200], the mean of `embed` over the windows."""
        return self.embed(sound).mean(axis=0)

    def both(self, sound: Samples) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(`tag_matrix`, `embed`) for the price of one."""
        tags, features = zip(*self._run(sound), strict=True)
        return torch.cat(tags).cpu().numpy(), torch.cat(features).cpu().numpy()

    def _run(self, sound: Samples) -> Iterator[tuple[Tensor, Tensor]]:
        if sound.ndim != 1:
            raise ValueError(f"mono sound [n] is needed, got the shape {sound.shape}")
        if not len(sound):
            raise UserError("The sound is empty: choose a file that holds some sound.")
        for batch in windows(sound, _BATCH):
            with torch.inference_mode():
                yield self._net(batch.to(self._device))
