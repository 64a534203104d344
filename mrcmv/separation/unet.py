"""Spleeter's U-Net: one network for each stem, from magnitudes of the mix to magnitudes of the stem.

Hennequin, Khlif, Voituret, Moussallam: "Spleeter: a fast and efficient music source separation tool
with pre-trained models", JOSS 5(50), 2020; the shape is that of Jansson et al., ISMIR 2017. The details
(order of activation and normalisation, TensorFlow's uneven padding) follow the released 2stems model.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (16, 32, 64, 128, 256, 512)
DEPTH = len(CHANNELS)
NORM_EPSILON = 1e-3
"""Of the batch normalisations: Keras' default, not torch's."""
LEAK = 0.2


class UNet(nn.Module):
    """Magnitudes of the mix -> magnitudes of one stem, both [batch, 2 channels, 512 frames, 1024 bins].

    It is for inference only: normalisation uses the stored statistics and memory is reused in place.
    """

    def __init__(self) -> None:
        super().__init__()
        widths_in = (2, *CHANNELS[:-1])
        self.encode = nn.ModuleList(
            nn.Conv2d(a, b, 5, stride=2) for a, b in zip(widths_in, CHANNELS, strict=True)
        )
        # The deepest convolution is used as it is, so it has no normalisation.
        self.encode_norm = nn.ModuleList(nn.BatchNorm2d(width, eps=NORM_EPSILON) for width in CHANNELS[:-1])
        widths_out = (*CHANNELS[-2::-1], 1)
        # A decoder layer takes the one below and the skip of the same height, side by side.
        widths_below = (CHANNELS[-1], *(2 * width for width in widths_out[:-1]))
        self.decode = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 5, stride=2, padding=1)
            for a, b in zip(widths_below, widths_out, strict=True)
        )
        self.decode_norm = nn.ModuleList(nn.BatchNorm2d(width, eps=NORM_EPSILON) for width in widths_out)
        self.output = nn.Conv2d(1, 2, 4, padding=3, dilation=2)
        self.eval().requires_grad_(False)

    @classmethod
    def of(cls, weights: dict[str, Tensor]) -> UNet:
        """The network with these weights, on their device."""
        with torch.device("meta"):  # no memory and no random numbers for what is replaced at once
            network = cls()
        network.load_state_dict(weights, assign=True)
        # Convolutions are a tenth faster with the channels last.
        return network.to(memory_format=torch.channels_last)

    def forward(self, magnitudes: Tensor) -> Tensor:
        skips: list[Tensor] = []
        hidden = magnitudes
        for i, convolution in enumerate(self.encode):
            # TensorFlow's "same" with stride 2 and an even size: one before, two after.
            hidden = convolution(F.pad(hidden, (1, 2, 1, 2)))
            if i < DEPTH - 1:
                skips.append(hidden)  # raw: before normalisation and activation
                hidden = F.leaky_relu_(self.encode_norm[i](hidden), LEAK)
        for i, convolution in enumerate(self.decode):
            # TensorFlow's "same" cuts one line before (``padding=1``) and two after.
            hidden = convolution(hidden)[:, :, :-1, :-1]
            hidden = self.decode_norm[i](F.relu_(hidden))
            if skips:
                hidden = torch.cat((skips.pop(), hidden), dim=1)
        return torch.sigmoid_(self.output(hidden)).mul_(magnitudes)
