"""Hand-crafted features of the picture: light, colour, motion and cuts, from frames 2 per second.

Source: the low-level video features that music retrieval used before networks (colour moments,
motion and shot statistics, as in Hanjalic & Xu 2005, *Affective video content representation*).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
GRID = 3
BLOCKS = 4
STATISTICS = ("mean", "std", "p10", "p50", "p90", "contrast")


def picture_features(frames: NDArray[np.uint8]) -> dict[str, float]:
    """Named numbers of a crop's ``frames`` uint8 [n, S, S, 3], n at least 2.

    Every curve (one value per frame) becomes its mean, spread, 10th, 50th and 90th percentile and
    the spread of its means over four quarters of the crop.
    """
    found: dict[str, float] = {}
    thumbs = _thumbnails(frames)
    for name, curve in (_still_curves(thumbs) | _motion_curves(thumbs)).items():
        found.update(zip((f"{name} {each}" for each in STATISTICS), summarise(curve), strict=True))
    return found | _layout(thumbs)


def mean_frame(frames: NDArray[np.uint8]) -> FloatArray:
    """The mean over frames of what single frames show (light, colour, edges, layout), [k].

    For methods that average frame features, such as CBVMR.
    """
    thumbs = _thumbnails(frames)
    still = _still_curves(thumbs)
    grid = _grid(thumbs[..., :3]).reshape(len(thumbs), -1)
    histogram = _histogram(thumbs)
    columns = np.concatenate([np.stack(list(still.values()), 1), grid, histogram], axis=1)
    return np.asarray(columns.mean(0), dtype=np.float32)


def summarise(curve: FloatArray) -> list[float]:
    """The `STATISTICS` of a curve; a curve shorter than its quarters has a contrast of 0."""
    low, middle, high = np.percentile(curve, (10, 50, 90))
    quarters = np.array_split(curve, BLOCKS) if len(curve) >= BLOCKS else [curve]
    contrast = np.std([part.mean() for part in quarters])
    return [float(v) for v in (curve.mean(), curve.std(), low, middle, high, contrast)]


def _thumbnails(frames: NDArray[np.uint8], size: int = 28) -> FloatArray:
    """Area-averaged frames [n, size, size, 3] in 0..1; pictures no larger are only scaled to 0..1."""
    side = frames.shape[1]
    by = max(1, side // size)
    cut = side - side % by
    rows = np.add.reduce([frames[:, i:cut:by, :cut].astype(np.float32) for i in range(by)])
    small = np.add.reduce([rows[:, :, i:cut:by] for i in range(by)])
    return np.asarray(small / np.float32(255 * by * by), dtype=np.float32)


def _luma(thumbs: FloatArray) -> FloatArray:
    return np.asarray(thumbs @ np.array([0.299, 0.587, 0.114], dtype=np.float32))


def _still_curves(thumbs: FloatArray) -> dict[str, FloatArray]:
    count = len(thumbs)
    luma = _luma(thumbs)
    flat = luma.reshape(count, -1)
    red, green, blue = (thumbs[..., channel].reshape(count, -1) for channel in range(3))
    warm, lime = red - blue, green - 0.5 * (red + blue)
    saturation = thumbs.max(-1) - thumbs.min(-1)
    percentiles = np.percentile(flat, (5, 50, 95), axis=1)
    across = np.abs(np.diff(luma, axis=2)).mean((1, 2))
    down = np.abs(np.diff(luma, axis=1)).mean((1, 2))
    middle = luma.shape[1] // 3
    centre = luma[:, middle : 2 * middle, middle : 2 * middle].mean((1, 2))
    centred = flat - flat.mean(1, keepdims=True)
    skew = (centred**3).mean(1) / (flat.std(1) ** 3 + 1e-6)
    return {
        "light": flat.mean(1),
        "log light": np.log(flat.mean(1) + 0.01),
        "light spread": flat.std(1),
        "light skew": skew,
        "dark": percentiles[0],
        "middle": percentiles[1],
        "bright": percentiles[2],
        "warmth": warm.mean(1),
        "warmth spread": warm.std(1),
        "green": lime.mean(1),
        "green spread": lime.std(1),
        "saturation": saturation.reshape(count, -1).mean(1),
        "edges across": across,
        "edges down": down,
        "relative edges": (across + down) / (flat.mean(1) + 0.02),
        "centre light": centre - flat.mean(1),
    }


def _motion_curves(thumbs: FloatArray) -> dict[str, FloatArray]:
    luma = _luma(thumbs)
    step = np.abs(np.diff(luma, axis=0))
    mean = luma.mean((1, 2))
    moved = step.mean((1, 2))
    relative = moved / (0.5 * (mean[1:] + mean[:-1]) + 0.02)
    third = luma.shape[1] // 3
    centre = step[:, third : 2 * third, third : 2 * third].mean((1, 2))
    below = step[:, 2 * third :].mean((1, 2))
    flicker = np.abs(np.diff(mean))
    histogram = _histogram(thumbs)
    jump = np.abs(np.diff(histogram, axis=0)).sum(1) / 2
    sharp = np.maximum(0, luma[1:] - luma[:-1])
    curves = {
        "motion": moved,
        "relative motion": relative,
        "log motion": np.log(moved + 1e-3),
        "centre motion": centre,
        "low motion": below,
        "flicker": flicker,
        "changed": (step > 0.06).mean((1, 2)),
        "flashes": (sharp > 0.25).mean((1, 2)),
        "jump": jump,
        "cut": (relative > 2.0 * np.median(relative) + 1e-6).astype(np.float32) * jump,
    }
    return {name: np.concatenate([curve[:1], curve]).astype(np.float32) for name, curve in curves.items()}


def _histogram(thumbs: FloatArray, levels: int = 4) -> FloatArray:
    """Share of every coarse colour in every frame, [n, levels ** 3]."""
    cells = np.minimum((np.sqrt(thumbs) * levels).astype(int), levels - 1)
    index = (cells[..., 0] * levels + cells[..., 1]) * levels + cells[..., 2]
    flat = index.reshape(len(thumbs), -1)
    return (
        np.stack([np.bincount(row, minlength=levels**3) for row in flat]).astype(np.float32) / flat.shape[1]
    )


def _grid(values: FloatArray) -> FloatArray:
    """Means over a GRID x GRID of cells, [n, GRID * GRID, ...]."""
    rows = np.array_split(values, GRID, axis=1)
    cells = [part.mean((1, 2)) for row in rows for part in np.array_split(row, GRID, axis=2)]
    return np.stack(cells, axis=1)


def _layout(thumbs: FloatArray) -> dict[str, float]:
    """Light and motion of every cell of the picture, relative to the whole."""
    luma = _luma(thumbs)
    light = _grid(luma).mean(0)
    motion = _grid(np.abs(np.diff(luma, axis=0))).mean(0)
    found = {f"light of cell {i}": float(v - light.mean()) for i, v in enumerate(light)}
    return found | {f"motion of cell {i}": float(v - motion.mean()) for i, v in enumerate(motion)}
