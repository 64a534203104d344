"""The report: one HTML page that needs nothing else, all numbers as JSON, tables as CSV, pictures as SVG."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from mrcmv.study.analysis import plots
from mrcmv.study.analysis.page import facts
from mrcmv.study.analysis.results import Results, per_clip
from mrcmv.study.analysis.tables import tables, write_tables


def write_report(results: Results, folder: Path) -> Path:
    """Write report.html, results.json, tables/*.csv and plots/*.svg; returns the page's path.

    Every text that comes from rows is escaped: names of methods and clips are whatever the file says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = draw(results)
    (folder / "plots").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (folder / "plots" / f"{name}.svg").write_bytes(picture)
    write_tables(tables(results), folder / "tables")
    numbers = json.dumps(results.to_json(), ensure_ascii=False, indent=1)
    (folder / "results.json").write_text(numbers, encoding="utf-8")
    page = folder / "report.html"
    page.write_text(render(results, pictures), encoding="utf-8")
    return page


def draw(results: Results) -> dict[str, bytes]:
    """Pictures by name; those that would be empty are left out."""
    main, level = results.main, results.plan.level
    out = {"flow": plots.flow_plot(results.kept.flow)}
    if main.preferences:
        out["preferences"] = plots.preference_plot(main.preferences, level)
        pairs = [
            (f"{each.a} / {each.b}", per_clip(results.kept.votes, each.a, each.b))
            for each in main.preferences
        ]
        out["clips"] = plots.clips_plot(pairs)
    if len(main.strengths.methods) > 2:
        out["strengths"] = plots.strengths_plot(main.strengths.methods, level)
    if results.kept.everyone["rt_ms"].notna().any():
        out["times"] = plots.times_plot(results.kept.everyone["rt_ms"] / 1000, results.plan.too_fast_s)
    return out


def render(results: Results, pictures: dict[str, bytes]) -> str:
    """The page as one text; pictures are inside it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("mrcmv.study.analysis", ".")
    names = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    inline = {
        name: _inline(pictures.get(name)) for name in ("flow", "preferences", "strengths", "clips", "times")
    }
    return names.get_template("report.html.j2").render(facts(results) | {"pictures": inline})


def _inline(picture: bytes | None) -> str:
    return "" if picture is None else f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
