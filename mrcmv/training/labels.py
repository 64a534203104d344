"""Free labels: what is known of every half second of a clip without asking anybody.

The game tells its state, the speech engine its delivery, and music is described from its sound.
Encoders learn these first: pairs alone teach a fresh encoder next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, UserError
from mrcmv.training.manifest import Item
from mrcmv.training.prepared import STEP_S, Prepared, to_float

Kind = Literal["picture", "voice", "music"]
GROUP = {"picture": "game", "voice": "voice"}
"""Which part of labels.json serves which encoder."""
SPEAKING = "speaking"
PITCH = "pitch"
LEAST_STEPS = 8
"""Entries of labels.json with fewer numbers are not curves."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Targets:
    """What one encoder should tell of one clip.

    ``curves`` maps names to [n] values per half second, NaN where unknown (the pitch of a pause);
    ``scalars`` maps names to numbers of the whole clip. ``group`` names the speaker, or nobody.
    """

    curves: dict[str, FloatArray]
    scalars: dict[str, float]
    group: str = ""


def read_labels(path: Path) -> dict[str, Any]:
    """A clip's labels.json; raises `UserError` when it cannot be read or has another step."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"The labels of {path.parent.name} cannot be read: build the data again.") from None
    if float(values.get("step_s", STEP_S)) != STEP_S:
        raise UserError(f"The labels of {path.parent.name} must have one value per {STEP_S} s.")
    return values


def targets_of(kind: Kind, item: Item, clip: Prepared) -> Targets | None:
    """The free labels of one clip for one encoder; None when there are none."""
    if kind == "music":
        return _music_targets(clip)
    if item.labels is None or not item.labels.is_file():
        return None
    curves = _curves(read_labels(item.labels).get(GROUP[kind]) or {})
    if kind == "voice":
        curves = _only_while_speaking(curves)
    return Targets(curves, _means(curves), item.speaker if kind == "voice" else "") if curves else None


def _music_targets(clip: Prepared) -> Targets | None:
    from mrcmv.training.freedoom400.descriptors import analyse

    if len(clip.music) < 2 * ANALYSIS_RATE:
        return None
    found = analyse(to_float(clip.music))
    curves = {name: np.asarray(values, dtype=np.float32) for name, values in found.curves.items()}
    curves["level"] = np.maximum(curves["level"] - np.median(curves["level"]), -30)
    scalars = {name: float(value) for name, value in found.scalars.as_dict().items()}
    return Targets(curves, scalars)


def _curves(group: dict[str, Any]) -> dict[str, FloatArray]:
    """The entries that are lists of numbers (null where unknown), one per half second."""
    found = {}
    for name, values in group.items():
        if isinstance(values, list) and len(values) >= LEAST_STEPS:
            numbers = [np.nan if value is None else value for value in values]
            if all(isinstance(number, int | float) for number in numbers):
                found[name] = np.asarray(numbers, dtype=np.float32)
    return found


def _only_while_speaking(curves: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Delivery has a value only while somebody speaks; a pitch of exactly 0 is an unvoiced step."""
    speaking = curves.get(SPEAKING)
    if speaking is None:
        return curves
    known = {}
    for name, values in curves.items():
        there = (speaking > 0.5) & ((values != 0) | (name != PITCH))
        known[name] = values if name == SPEAKING else np.where(there, values, np.nan).astype(np.float32)
    return known


def _means(curves: dict[str, FloatArray]) -> dict[str, float]:
    return {name: _mean(values) for name, values in curves.items()}


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


@dataclass(frozen=True)
class Scale:
    """Mean and spread of every label over the training clips, and the labels' order.

    Constant labels are left out. ``per_group`` holds means of single speakers: a low voice is not
    a calm one, so delivery is measured against the speaker's own habit.
    """

    curves: dict[str, tuple[float, float]]
    scalars: dict[str, tuple[float, float]]
    per_group: dict[str, dict[str, float]]

    @classmethod
    def fit(cls, targets: Sequence[Targets]) -> Scale:
        """Measured on the clips given, which must be training clips only."""
        groups = sorted({target.group for target in targets if target.group})
        names = list(dict.fromkeys(name for target in targets for name in target.curves))
        per_group: dict[str, dict[str, float]] = {}
        for group in groups:
            mine = [target for target in targets if target.group == group]
            per_group[group] = {
                name: _mean(np.concatenate([t.curves[name] for t in mine if name in t.curves]))
                for name in names
                if name != SPEAKING
            }
        plain = cls({}, {}, per_group)
        shifted = [plain.shift(target) for target in targets]
        curves = {
            name: _spread(np.concatenate([t.curves[name] for t in shifted if name in t.curves]))
            for name in names
        }
        scalar_names = list(dict.fromkeys(name for target in targets for name in target.scalars))
        scalars = {
            name: _spread(
                np.asarray([t.scalars[name] for t in shifted if name in t.scalars], dtype=np.float32)
            )
            for name in scalar_names
        }
        keep = {name: value for name, value in curves.items() if value[1] > 1e-6}
        return cls(keep, {name: value for name, value in scalars.items() if value[1] > 1e-6}, per_group)

    def shift(self, target: Targets) -> Targets:
        """Delivery against the speaker's own mean; unknown speakers are left as they are."""
        means = self.per_group.get(target.group)
        if not means:
            return target
        curves = {name: values - np.float32(means.get(name, 0.0)) for name, values in target.curves.items()}
        scalars = {name: value - means.get(name, 0.0) for name, value in target.scalars.items()}
        return Targets(curves, scalars, target.group)

    def standardise(self, target: Targets) -> tuple[FloatArray, FloatArray]:
        """([n, curves], [scalars]) with mean 0 and spread 1 over the training clips, within +-4."""
        shifted = self.shift(target)
        length = max((len(values) for values in shifted.curves.values()), default=0)
        matrix = np.full((length, len(self.curves)), np.nan, dtype=np.float32)
        for column, (name, (mean, spread)) in enumerate(self.curves.items()):
            if name in shifted.curves:
                matrix[: len(shifted.curves[name]), column] = (shifted.curves[name] - mean) / spread
        row = [
            (shifted.scalars.get(name, np.nan) - mean) / spread
            for name, (mean, spread) in self.scalars.items()
        ]
        return np.clip(matrix, -4, 4), np.clip(np.asarray(row, dtype=np.float32), -4, 4)


def _spread(values: FloatArray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.std())) if len(known) > 1 else (0.0, 0.0)


def at_times(curves: FloatArray, start_s: float, times_s: NDArray[np.floating]) -> FloatArray:
    """Rows of ``curves`` [n, k] at moments of a crop (seconds from its start): [T, k].

    A short clip repeats, so its curves do as well.
    """
    if not len(curves):
        return np.full((len(times_s), curves.shape[1]), np.nan, dtype=np.float32)
    index = np.floor((start_s + np.asarray(times_s)) / STEP_S + 1e-6).astype(int) % len(curves)
    return np.asarray(curves[index], dtype=np.float32)
