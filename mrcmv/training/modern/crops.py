"""From features of whole clips to what the network takes: crops of 32 s, standardised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrcmv.training.modern import spoken
from mrcmv.training.modern.features import FRAME_STEP, Features

CROP = 64  # half seconds in 32 s
TOKENS = 32  # one a second
KINDS = ("picture", "voice", "music")
EDGE = 3.0
"""Standardised values are kept within this many spreads: an odd clip must not lead."""
_HABIT = ("pitch", "level", "peak_level", "tilt", "centroid")
"""What differs between speakers and microphones more than between moods."""
_PITCH, _LEVEL, _PEAK = (spoken.NAMES.index(name) for name in ("pitch", "level", "peak_level"))

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """One modality of one crop.

    ``curves`` [32, k] per second, ``described`` [32, d] by a network of others (d may be 0), ``summary`` [s].
    """

    curves: FloatArray
    described: FloatArray
    summary: FloatArray


def last_start(features: Features) -> int:
    """The latest half second at which a whole crop begins."""
    return max(0, features.steps - CROP)


def picture_view(features: Features, start: int) -> View:
    index = _index(features.steps, start)
    curves = features.picture[index]
    described = features.frames[np.minimum(index // FRAME_STEP, len(features.frames) - 1)]
    return View(_seconds(curves), _seconds(described), _summary(curves))


def music_view(curves: FloatArray, described: FloatArray, start: int) -> View:
    """Of clean music or of what separation left: `Features.music` and ``music_net``, or ``rest``."""
    index = _index(len(curves), start)
    part = curves[index]
    # musicnn's windows are spread evenly over the sound
    windows = np.minimum(index * len(described) // max(len(curves), 1), len(described) - 1)
    return View(_seconds(part), _seconds(described[windows]), _summary(part))


def voice_view(features: Features, start: int) -> View | None:
    """None where nobody speaks within the crop.

    Pitch, level and timbre are relative to their medians in the crop: a low voice is not a calm one, and a
    voice that was never heard in training must not look like a mood. Their spreads stay, as do
    pace, pauses and the share of voiced sound.
    """
    if not len(features.voice):
        return None
    curves = features.voice[_index(features.steps, start)].copy()
    spoken_steps = np.isfinite(curves[:, _LEVEL])
    if spoken_steps.sum() < 4:
        return None
    columns = [spoken.NAMES.index(name) for name in _HABIT]
    habit = [float(np.nanmedian(curves[:, i])) if np.isfinite(curves[:, i]).any() else 0.0 for i in columns]
    curves[:, columns] -= np.array(habit, dtype=np.float32)
    # how far the peaks stand out of the usual level matters, not how far out of the usual peaks
    curves[:, _PEAK] += np.float32(habit[_HABIT.index("peak_level")] - habit[_HABIT.index("level")])
    known = curves[spoken_steps]
    pitches = known[:, _PITCH][np.isfinite(known[:, _PITCH])]
    heights = np.percentile(pitches, (10, 90)) if len(pitches) else np.zeros(2)
    levels = np.percentile(known[:, _LEVEL], (10, 90))
    means = _nan_mean(curves)
    spreads = _nan_mean(np.square(np.nan_to_num(known) - np.nan_to_num(known).mean(axis=0))) ** 0.5
    summary = np.concatenate([means, spreads, heights, levels]).astype(np.float32)
    return View(_seconds(np.nan_to_num(curves)), np.zeros((TOKENS, 0), np.float32), np.nan_to_num(summary))


def _index(steps: int, start: int) -> NDArray[np.int64]:
    """Half seconds of a crop; a shorter clip goes on from its beginning."""
    return np.asarray(start + np.arange(CROP) % max(1, min(CROP, steps - start)), dtype=np.int64)


def _seconds(values: FloatArray) -> FloatArray:
    """[64, k] -> [32, k], the mean of both halves of a second."""
    return values.reshape(TOKENS, 2, -1).mean(axis=1).astype(np.float32)


def _summary(curves: FloatArray) -> FloatArray:
    """Mean, spread, and the contrast between the loudest and the quietest quarter of every curve."""
    ordered = np.sort(curves, axis=0)
    quarter = CROP // 4
    contrast = ordered[-quarter:].mean(axis=0) - ordered[:quarter].mean(axis=0)
    return np.concatenate([curves.mean(axis=0), curves.std(axis=0), contrast]).astype(np.float32)


def _nan_mean(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(total, dtype=np.float32)


@dataclass(frozen=True)
class Scale:
    """Standardises one modality: measured on training crops, the described part cut to its main directions.

    ``mean`` and ``spread`` are per curve, direction and summary; ``directions`` [d, p] comes from a
    principal component analysis of the training clips' means (what differs between clips counts,
    not what flickers within one).
    """

    centre: FloatArray
    directions: FloatArray
    mean: tuple[FloatArray, FloatArray, FloatArray]
    spread: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def fit(cls, views: Sequence[View], components: int) -> Scale:
        means = np.stack([view.described.mean(axis=0) for view in views])
        centre = means.mean(axis=0)
        kept = min(components, len(views) - 1, means.shape[1])
        directions = np.zeros((means.shape[1], 0), np.float32)
        if kept > 0:
            directions = np.linalg.svd(means - centre, full_matrices=False)[2][:kept].T.astype(np.float32)
        parts = (
            np.concatenate([view.curves for view in views]),
            np.concatenate([(view.described - centre) @ directions for view in views]),
            np.stack([view.summary for view in views]),
        )
        first, second, third = (part.mean(axis=0) for part in parts)
        spread = tuple(part.std(axis=0) + 1e-4 for part in parts)
        return cls(centre, directions, (first, second, third), (spread[0], spread[1], spread[2]))

    def tokens(self, view: View) -> FloatArray:
        """[32, k + p]."""
        described = ((view.described - self.centre) @ self.directions).astype(np.float32)
        parts: tuple[FloatArray, ...] = (view.curves, described)
        pair = [(part - self.mean[i]) / self.spread[i] for i, part in enumerate(parts)]
        return np.clip(np.concatenate(pair, axis=1), -EDGE, EDGE).astype(np.float32)

    def summary(self, view: View) -> FloatArray:
        """[s]."""
        return np.clip((view.summary - self.mean[2]) / self.spread[2], -EDGE, EDGE).astype(np.float32)

    @property
    def widths(self) -> tuple[int, int]:
        """(features of a token, numbers of a summary)."""
        return len(self.mean[0]) + self.directions.shape[1], len(self.mean[2])
