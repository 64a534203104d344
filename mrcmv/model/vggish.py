"""The sound encoder: VGGish, with a width, on log-mel patches.

Hershey et al., *CNN Architectures for Large-Scale Audio Classification* (ICASSP 2017). At width 1
and without BatchNorm the modules carry the names of the public PyTorch port, so its weights fit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mrcmv.model.config import ModelConfig

CHANNELS: tuple[int | None, ...] = (64, None, 128, None, 256, 256, None, 512, 512, None)
"""Channels of VGGish's convolutions; None is a pooling that halves time and frequency."""


class VGGish(nn.Module):
    """[B, P, 1, 96, 64] patches -> [B, P, vggish_out] tokens.

    The last layer has no ReLU (as in AudioSet's own later release), so that no dimension of a token
    can die. BatchNorm, where the configuration asks for it, goes between convolution and ReLU.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for channels in CHANNELS:
            if channels is None:
                layers.append(nn.MaxPool2d(2))
                continue
            width = max(1, round(channels * config.vggish_width))
            batch = config.vggish_norm == "batch"
            layers.append(nn.Conv2d(before, width, 3, padding=1, bias=not batch))
            if batch:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            before = width
        # Channels last in memory: the narrow convolutions then take half the time on a CPU.
        self.features = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.embeddings = nn.Sequential(
            nn.Linear(before * 6 * 4, config.vggish_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.vggish_hidden, config.vggish_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.vggish_hidden, config.vggish_out),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                # He's initialisation: with torch's default the signal fades from layer to layer.
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, patches: Tensor) -> Tensor:
        maps = self.features(patches.flatten(0, 1))
        # TensorFlow's order (time, frequency, channel), in which the public weights were trained.
        tokens = self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
        return tokens.unflatten(0, patches.shape[:2])
