"""The report page: one HTML file that needs nothing else and runs no script."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

REPORT = "report.html"
WIDTH, HEIGHT = 600.0, 72.0
DEEPEST_DB = 24.0
_DRAWING: dict[str, Any] = {"voice": [], "music": [], "ducking": []}
_BLANK: dict[str, Any] = {"suggestions": [], "track": None, "measured": None, "note": None, "thumbnail": ""}


def write_report(
    out: Path, verb: str, options: dict[str, Any], records: list[dict[str, Any]], total: int
) -> Path:
    """Draw the report; appears whole or not at all."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # file names and titles are other people's texts
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"outline": outline, "curve": curve, "clock": clock, "place": place, "signed": signed}
    html = pages.get_template("report.html.j2").render(
        verb=verb,
        options={name: value for name, value in options.items() if value not in (None, "", [], {})},
        records=[
            {**_BLANK, **record, "drawing": {**_DRAWING, **record.get("drawing", {})}} for record in records
        ],
        total=total,
        failed=sum(not record["ok"] for record in records),
    )
    path, partial = out / REPORT, out / (REPORT + ".partial")
    partial.write_text(html, encoding="utf-8")
    os.replace(partial, path)
    return path


def outline(peaks: list[float], middle: float = HEIGHT / 2, height: float = HEIGHT) -> str:
    """SVG path data of upright bars; numbers only."""
    if not peaks:
        return ""
    step = WIDTH / len(peaks)
    bars = []
    for number, peak in enumerate(peaks):
        half = max(0.5, min(1.0, float(peak)) * height / 2)
        bars.append(f"M{(number + 0.5) * step:.1f} {middle - half:.1f}V{middle + half:.1f}")
    return "".join(bars)


def curve(points: list[list[float]], duration_s: float) -> str:
    """SVG path data of the ducking: the top is 0 dB, the bottom 24 dB lower."""
    if not points or duration_s <= 0:
        return ""
    top = max(db for _, db in points)
    places = [
        f"{min(1.0, at / duration_s) * WIDTH:.1f} {min(1.0, (top - db) / DEEPEST_DB) * HEIGHT:.1f}"
        for at, db in points
    ]
    return "M" + "L".join(places)


def clock(seconds: float) -> str:
    """75.4 -> "1:15"."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def signed(value: float) -> str:
    """One decimal, with a minus sign instead of a hyphen."""
    return f"{value:.1f}".replace("-", "−")


def place(name: str) -> str:
    """A file name as an address relative to the report."""
    return "./" + quote(name)
