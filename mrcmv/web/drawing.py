"""Waveforms, curves and bars as SVG, drawn here so that a browser needs no library for them.

Every number is formatted by this module and no text of a user enters a drawing. Colours come from
the style sheet by class, so a drawing follows the theme.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 600
"""Units across a drawing; it is stretched to the width of its place."""


def resample_peaks(peaks: Sequence[float] | NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """``count`` peaks in 0..1 out of any number: the highest of each part, scaled to the loudest.

    Values that are not numbers count as silence.
    """
    values = np.nan_to_num(np.abs(np.asarray(peaks, np.float64).ravel()), posinf=0.0)
    if values.size == 0:
        return np.zeros(count)
    edges = np.linspace(0, values.size, count + 1)
    starts = np.minimum(edges[:-1].astype(int), values.size - 1)
    ends = np.maximum(np.ceil(edges[1:]).astype(int), starts + 1)
    picked = np.array([values[a:b].max() for a, b in zip(starts, ends, strict=True)])
    loudest = picked.max()
    return picked / loudest if loudest > 0 else picked


def bars(
    peaks: Sequence[float] | NDArray[np.float32],
    *,
    count: int,
    height: float,
    middle: float,
    width: float,
    between: tuple[float, float] = (0.0, float("inf")),
) -> str:
    """SVG path data of upright bars around the line ``middle``, the loudest ``height`` units high.

    Only bars at an x in the half-open range ``between`` are drawn.
    """
    step = width / count
    parts = []
    for position, peak in enumerate(resample_peaks(peaks, count)):
        half = max(0.5, peak * height / 2)
        x = (position + 0.5) * step
        if not between[0] <= x < between[1]:
            continue
        parts.append(f"M{x:.1f} {middle - half:.1f}V{middle + half:.1f}")
    return "".join(parts)


def mini_waveform(peaks: Sequence[float], duration_s: float, start_s: float, clip_s: float) -> str:
    """A track's small waveform with the suggested part marked: from ``start_s``, as long as the clip."""
    height, duration = 40.0, max(duration_s, 1e-3)
    x = WIDTH * min(max(start_s / duration, 0.0), 1.0)
    end = WIDTH * min(max((start_s + clip_s) / duration, 0.0), 1.0)

    def drawn(between: tuple[float, float]) -> str:
        return bars(peaks, count=100, height=34, middle=height / 2, width=WIDTH, between=between)

    return (
        f'<svg class="wave mini" viewBox="0 0 {WIDTH} {height:.0f}" preserveAspectRatio="none" '
        'aria-hidden="true" focusable="false">'
        f'<rect class="part" x="{x:.1f}" y="0" width="{max(end - x, 2.0):.1f}" height="{height:.0f}"/>'
        f'<path class="bars" d="{drawn((0, x))}{drawn((end, WIDTH))}"/>'
        f'<path class="bars inside" d="{drawn((x, end))}"/>'
        f'<path class="mark" d="M{x:.1f} 0V{height:.0f}"/></svg>'
    )


def whole_waveform(peaks: Sequence[float]) -> str:
    """A track's waveform from end to end."""
    height = 56.0
    drawn = bars(peaks, count=200, height=height - 6, middle=height / 2, width=WIDTH)
    return (
        f'<svg class="wave" viewBox="0 0 {WIDTH} {height:.0f}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><path class="bars" d="{drawn}"/></svg>'
    )


def ducking_path(
    curve: Sequence[tuple[float, float]], duration_s: float, *, top: float, height: float, deepest_db: float
) -> str:
    """SVG path data of a gain curve: ``top`` is 0 dB, ``top + height`` is ``deepest_db`` (positive)."""
    if not curve or duration_s <= 0:
        return f"M0 {top:.1f}H{WIDTH}"
    points = []
    for time_s, gain_db in curve:
        x = WIDTH * min(max(time_s / duration_s, 0.0), 1.0)
        down = min(max(-gain_db / deepest_db, 0.0), 1.0)
        points.append(f"{x:.1f} {top + height * down:.1f}")
    first, last = points[0].split()[1], points[-1].split()[1]
    return f"M0 {first}L" + "L".join(points) + f"L{WIDTH} {last}"


def thin(curve: Sequence[tuple[float, float]], most: int = 400) -> list[tuple[float, float]]:
    """At most about ``most`` points of a curve; corners stay: of each part its lowest and highest point."""
    points = [(float(t), float(g)) for t, g in curve]
    if len(points) <= most:
        return points
    part = -(-2 * len(points) // most)
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(points), part):
        chunk = points[begin : begin + part]
        low, high = min(chunk, key=lambda p: p[1]), max(chunk, key=lambda p: p[1])
        kept.extend(sorted({low, high}))
    return [points[0], *kept, points[-1]]


def mix_drawing(
    voice_peaks: Sequence[float] | NDArray[np.float32],
    music_peaks: Sequence[float] | NDArray[np.float32],
    curve: Sequence[tuple[float, float]],
    duration_s: float,
) -> str:
    """Voice above, music below, and over the music how far it is turned down."""
    lane, gap = 56.0, 8.0
    height = 2 * lane + gap
    has_voice = np.asarray(voice_peaks).size > 0 and float(np.max(np.abs(voice_peaks))) > 0
    top = lane + gap
    voice = bars(voice_peaks, count=200, height=lane - 6, middle=lane / 2, width=WIDTH) if has_voice else ""
    music = bars(music_peaks, count=200, height=lane - 6, middle=top + lane / 2, width=WIDTH)
    duck = ducking_path(thin(curve), duration_s, top=top + 3, height=lane - 6, deepest_db=18.0)
    return (
        f'<svg class="wave mix" viewBox="0 0 {WIDTH} {height:.0f}" preserveAspectRatio="none" '
        'aria-hidden="true" focusable="false">'
        f'<path class="axis" d="M0 {lane / 2:.1f}H{WIDTH}"/><path class="bars voice" d="{voice}"/>'
        f'<path class="bars music" d="{music}"/><path class="duck" d="{duck}"/></svg>'
    )


def deepest_db(curve: Sequence[tuple[float, float]]) -> float:
    """How far a gain curve goes below 0 dB, as a positive number."""
    return max((-gain for _, gain in curve), default=0.0)
