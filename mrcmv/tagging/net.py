"""The musicnn network (Pons and Serra 2019, "musicnn: pre-trained convolutional neural networks for music
audio tagging"), 790 thousand weights: convolutions shaped like timbres and like rhythms, three
residual layers over time, pooling over time, two dense layers.

Layers are numbered as TensorFlow numbered them, in the order in which the original makes them, so that
the checkpoint's names need no table.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mrcmv.tagging.spectrum import BANDS

EPSILON = 1e-3  # of TensorFlow's batch normalisation
TIMBRES = ((7, int(0.4 * BANDS)), (7, int(0.7 * BANDS)))  # frames x bands
RHYTHMS = (128, 64, 32)  # frames
TIMBRE_FILTERS, RHYTHM_FILTERS, MIDDLE_FILTERS, UNITS, TAGS = 204, 51, 64, 200, 50


class Musicnn(nn.Module):
    """Log-mel windows [B, T, 96] -> (tags [B, 50] between 0 and 1, penultimate features [B, 200]).

    Smaller sizes than the original's serve tests.
    """

    def __init__(
        self,
        timbre: int = TIMBRE_FILTERS,
        rhythm: int = RHYTHM_FILTERS,
        middle: int = MIDDLE_FILTERS,
        units: int = UNITS,
        tags: int = TAGS,
    ) -> None:
        super().__init__()
        front = 2 * timbre + 3 * rhythm
        pooled = 2 * (front + 3 * middle)
        self.conv2d = nn.ModuleList(
            [
                *(nn.Conv2d(1, timbre, size) for size in TIMBRES),
                *(nn.Conv2d(1, rhythm, (size, 1)) for size in RHYTHMS),
                *(nn.Conv2d(1, middle, (7, width)) for width in (front, middle, middle)),
            ]
        )
        norms = [1, timbre, timbre, rhythm, rhythm, rhythm, middle, middle, middle]
        self.batch_normalization = nn.ModuleList(
            [
                *(nn.BatchNorm2d(width, EPSILON) for width in norms),
                *(nn.BatchNorm1d(width, EPSILON) for width in (pooled, units)),
            ]
        )
        self.dense = nn.ModuleList([nn.Linear(pooled, units), nn.Linear(units, tags)])

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        norm = self.batch_normalization
        heard = norm[0](mel[:, None])
        sides = [(3, 3)] * len(TIMBRES) + [((size - 1) // 2, size // 2) for size in RHYTHMS]
        front = torch.cat([self._block(i, heard, pad).amax(3) for i, pad in enumerate(sides)], dim=1)
        layers = [front]
        for index in (5, 6, 7):
            fresh = self._block(index, layers[-1].transpose(1, 2)[:, None], (3, 3))[..., 0]
            layers.append(fresh if index == 5 else fresh + layers[-1])
        features = torch.cat(layers, dim=1)  # [B, 753, T]
        pooled = torch.stack([features.amax(2), features.mean(2)], dim=2).flatten(1)  # max, mean, max, ...
        penultimate = norm[10](F.relu(self.dense[0](norm[9](pooled))))
        return torch.sigmoid(self.dense[1](penultimate)), penultimate

    def _block(self, index: int, x: Tensor, sides: tuple[int, int]) -> Tensor:
        """Convolution (padded in time), ReLU, then normalisation: the original's order."""
        done: Tensor = self.batch_normalization[index + 1](
            F.relu(self.conv2d[index](F.pad(x, (0, 0, *sides))))
        )
        return done

    def load_tensorflow(self, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Take the weights of a checkpoint of the same sizes.

        Raises
        ------
        KeyError, RuntimeError
            When a tensor is missing or has another shape.
        """
        state = {}
        for name, value in self.state_dict().items():
            layer, number, leaf = name.split(".")
            scope = layer if number == "0" else f"{layer}_{number}"
            if leaf == "num_batches_tracked":
                state[name] = value
                continue
            tensor = torch.from_numpy(tensors[f"{scope}/{_leaf(layer, leaf)}"])
            # TensorFlow keeps [height, width, in, out] and [in, out]
            order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[tensor.dim()]
            state[name] = tensor.permute(order).contiguous()
        self.load_state_dict(state)


def _leaf(layer: str, leaf: str) -> str:
    if layer != "batch_normalization":
        return {"weight": "kernel"}.get(leaf, leaf)
    return {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }[leaf]
