"""The picture encoder: pytorchvideo's SlowFast without its head, at alpha 8.

Feichtenhofer et al., *SlowFast Networks for Video Recognition* (ICCV 2019). Module names are
pytorchvideo's, so that its public weights fit.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mrcmv.model.config import ModelConfig
from mrcmv.model.grid import to_grid
from mrcmv.model.video import slowfast_builder


class SlowFastFeatures(NamedTuple):
    """Features after the mean over the picture plane.

    ``slow`` is [B, 8, Cs], ``fast`` [B, 64, Cf]: of a 32 s clip one step per 4 s and per 0.5 s.
    """

    slow: Tensor
    fast: Tensor

    def on_slow_grid(self) -> Tensor:
        """[B, 8, Cs + Cf]: the fast path's mean over the 8 frames of each slow step."""
        return torch.cat([self.slow, to_grid(self.fast, self.slow.shape[1])], dim=-1)

    def on_fast_grid(self) -> Tensor:
        """[B, 64, Cs + Cf]: each slow step beside every frame it covers; for labels per 0.5 s."""
        return torch.cat([to_grid(self.slow, self.fast.shape[1]), self.fast], dim=-1)


class SlowFast(nn.Module):
    """[B, 3, 64, S, S] frames -> `SlowFastFeatures`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = max(1, config.picture_size // 32)
        whole = slowfast_builder()(
            model_depth=config.slowfast_depth,
            stem_dim_outs=config.slowfast_stem,
            slowfast_fusion_conv_stride=(config.alpha, 1, 1),
            head=None,
            head_pool_kernel_sizes=((config.slow_frames, size, size), (config.fast_frames, size, size)),
        )
        # The last block pools and joins both paths; here they stay apart in time.
        self.blocks = nn.ModuleList(list(whole.blocks)[:5])
        for name, parameter in self.blocks.named_parameters():
            if name.endswith("branch2.norm_c.weight"):  # at 0 a block starts as its shortcut alone
                nn.init.constant_(parameter, config.slowfast_residual)
        self._slow_frames = slow_frame_indices(config)

    def forward(self, frames: Tensor) -> SlowFastFeatures:
        paths = [frames[:, :, self._slow_frames], frames]
        for block in self.blocks:
            paths = block(paths)
        slow, fast = (path.mean(dim=(3, 4)).transpose(1, 2) for path in paths)
        return SlowFastFeatures(slow, fast)


def slow_frame_indices(config: ModelConfig) -> list[int]:
    """Which of the fast path's frames the slow path sees.

    ``strided`` takes 0, 8, ..., 56, the frames at which the strided lateral convolutions land;
    ``spread`` takes frames from the first to the last at even distance, as pytorchvideo's examples.
    """
    if config.slow_sampling == "strided":
        return list(range(0, config.fast_frames, config.alpha))
    last, steps = config.fast_frames - 1, max(config.slow_frames - 1, 1)
    return [last * step // steps for step in range(config.slow_frames)]
