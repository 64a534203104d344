"""Colour, light and motion of a clip, per half second, from its small frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NAMES = (
    "light",
    "contrast",
    "dark",
    "bright",
    "red",
    "blue",
    "saturation",
    "edges",
    "motion",
    "motion_spread",
    "motion_middle",
    "flicker",
    "cut",
    "moved_share",
)
CUT = 0.16
"""Mean change of a frame (of full scale) above which it is taken for a cut."""
SIDE = 28
"""Frames are averaged to this many pixels first: noise and dither are not motion."""

FloatArray = NDArray[np.float32]


def picture_curves(frames: NDArray[np.uint8]) -> FloatArray:
    """uint8 [n, S, S, 3] at 2 per second -> float32 [n, 14], see `NAMES`; any scale, to be standardised."""
    small = _shrink(frames)
    red, blue = small[..., 0], small[..., 2]
    light = small @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    change = np.abs(np.diff(light, axis=0, prepend=light[:1]))
    mean = light.mean(axis=(1, 2))
    moved = change.mean(axis=(1, 2))
    quarter = SIDE // 4
    middle = change[:, quarter:-quarter, quarter:-quarter].mean(axis=(1, 2))
    total = small.sum(axis=3) + 1e-3
    edges = np.abs(np.diff(light, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(light, axis=2)).mean(
        axis=(1, 2)
    )
    columns = [
        np.log(mean + 0.01),
        np.log(light.std(axis=(1, 2)) + 0.01),
        (light < 0.06).mean(axis=(1, 2)),
        (light > 0.6).mean(axis=(1, 2)),
        (red / total).mean(axis=(1, 2)),
        (blue / total).mean(axis=(1, 2)),
        (small.max(axis=3) - small.min(axis=3)).mean(axis=(1, 2)),
        np.log(edges + 0.005),
        # relative to the light, too: a dark scene moves as much as a bright one
        np.log(moved + 0.003),
        np.log(change.std(axis=(1, 2)) + 0.003),
        np.log(middle + 0.003) - np.log(mean + 0.01),
        np.abs(np.diff(mean, prepend=mean[:1])),
        (moved > CUT).astype(np.float32),
        (change > 0.05).mean(axis=(1, 2)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _shrink(frames: NDArray[np.uint8]) -> FloatArray:
    """uint8 [n, S, S, 3] -> float32 [n, 28, 28, 3] in 0..1, by area where the sizes allow."""
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    out = [np.zeros((0, SIDE, SIDE, 3), np.float32)]
    for start in range(0, len(frames), 32):
        part = torch.from_numpy(np.ascontiguousarray(frames[start : start + 32])).permute(0, 3, 1, 2).float()
        out.append(adaptive_avg_pool2d(part, SIDE).permute(0, 2, 3, 1).numpy() / np.float32(255))
    return np.concatenate(out)
