"""What the builder wrote down about a rendered clip, as named numbers: the perfect reader's notes.

Only what is to be seen or heard counts, and only within the first 32 s: the plan's own scores and the
energy that a line was asked to have are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import WINDOW_S
from mrcmv.training.labels import PITCH, SPEAKING
from mrcmv.training.prepared import STEP_S

Notes = dict[str, float]
ASKED = ("arousal",)
"""Curves of the voice that hold what was asked of the speech engine, not what came out."""
PARTS = 4


def read_picture(labels: dict[str, Any]) -> Notes:
    """State of the game: level, spread, contrast of the quarters and jumps of every curve, and kills."""
    found: Notes = {}
    for name, values in (labels.get("game") or {}).items():
        if isinstance(values, list):
            curve = _window(values)
            found.update(_describe(name, curve))
            found[f"{name} change"] = _mean(np.abs(np.diff(curve)))
            found[f"{name} jumps"] = _jumps(curve)
    steps = max((len(v) for v in (labels.get("game") or {}).values() if isinstance(v, list)), default=0)
    if steps and "kills" in labels:
        found["kills per s"] = float(labels["kills"]) / (steps * STEP_S)
    return found


def _jumps(curve: NDArray[np.float64]) -> float:
    """Share of the steps that change by three times the usual amount, as jump cuts make them do."""
    change = np.abs(np.diff(curve))
    change = change[np.isfinite(change)]
    return float((change > 3 * np.median(change) + 1e-9).mean()) if len(change) else float("nan")


def read_voice(labels: dict[str, Any]) -> Notes:
    """Measured delivery while somebody speaks, the lines as they were spoken, their words' mood, pauses."""
    voice = labels.get("voice") or {}
    speaking = _window(voice.get(SPEAKING) or [])
    found = {"speaking share": _mean(speaking)}
    for name, values in voice.items():
        if isinstance(values, list) and name not in (SPEAKING, *ASKED):
            curve = _window(values)
            there = (speaking > 0.5) & ((curve != 0) | (name != PITCH))
            found.update(_describe(name, curve[there], np.flatnonzero(there) / max(len(curve), 1)))
    found.update(_lines(labels.get("lines") or []))
    return found


def _lines(lines: list[dict[str, Any]]) -> Notes:
    """Rate, pitch and level of the lines relative to the speaker's neutral ones, words and pauses."""
    heard = [line for line in lines if line["start_s"] < WINDOW_S]
    if not heard:
        return {}
    found: Notes = {}
    for name in ("rate", "pitch"):
        values = np.log([line[name] for line in heard])
        found[f"line {name}"], found[f"line {name} spread"] = _mean(values), float(values.std())
    level = np.array([line["level_db"] for line in heard])
    found["line level"], found["line level spread"] = _mean(level), float(level.std())
    moods = [str(line["mood"]) for line in heard]
    for mood in ("calm", "excited", "bright", "dark"):
        found[f"words {mood}"] = sum(mood in each for each in moods) / len(moods)
    gaps = [b["start_s"] - a["end_s"] for a, b in pairwise(heard)]
    gaps = [max(gap, 0.05) for gap in gaps]
    found["log pause"] = _mean(np.log(gaps)) if gaps else np.nan
    found["log pause spread"] = float(np.std(np.log(gaps))) if gaps else np.nan
    return found


def _window(values: list[float | None]) -> NDArray[np.float64]:
    """The first 32 s of a curve; unknown steps are NaN."""
    steps = round(WINDOW_S / STEP_S)
    return np.array([np.nan if value is None else value for value in values[:steps]], dtype=np.float64)


def _describe(name: str, curve: NDArray[np.float64], place: NDArray[np.float64] | None = None) -> Notes:
    """Mean, spread, 10th and 90th percentile, and the spread of the means of the crop's quarters."""
    where = np.arange(len(curve)) / max(len(curve), 1) if place is None else place
    known = np.isfinite(curve)
    curve, where = curve[known], where[known]
    if len(curve) < 2:
        return {}
    quarter = np.minimum((where * PARTS).astype(int), PARTS - 1)
    means = [curve[quarter == part].mean() for part in range(PARTS) if (quarter == part).any()]
    low, high = np.percentile(curve, (10, 90))
    return {
        name: float(curve.mean()),
        f"{name} spread": float(curve.std()),
        f"{name} low": float(low),
        f"{name} high": float(high),
        f"{name} contrast": float(np.std(means)),
    }


def _mean(values: NDArray[np.floating]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


READERS: dict[str, Callable[[dict[str, Any]], Notes]] = {"picture": read_picture, "voice": read_voice}
"""Who reads which modality."""
