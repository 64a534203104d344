"""The About page. Its numbers are read from `docs/results`, where a command wrote them; none is typed in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import mrcmv
from mrcmv.web.sessions import KEEP_MINUTES
from mrcmv.web.text import t

ROOT = Path(mrcmv.__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results" / "README.md"
METRICS = ROOT / "checkpoints" / "compact" / "metrics.json"
COLUMNS = ("R@1 %", "R@5 %", "R@10 %", "R@25 %", "median rank")
BEYOND = ("The same,", "Ceiling", "chance")
"""Beginnings of rows that are no method but a bound."""
_VALUE = re.compile(r"^([\d.]+)(?: \[([\d.]+), ([\d.]+)\])?$")


@dataclass(frozen=True)
class Result:
    """One row: a method's name and its cells in the order of `COLUMNS`, as they were written."""

    name: str
    cells: tuple[str, ...]

    @property
    def bound(self) -> bool:
        return self.name.startswith(BEYOND)


def results(path: Path = RESULTS) -> list[Result]:
    """The table of methods; empty when it does not ship or is written otherwise."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    part = text.partition("\n## Methods\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    if len(table) < 3 or not all(column in table[0] for column in COLUMNS):
        return []
    places = [table[0].index(column) for column in COLUMNS]
    return [
        Result(row[0], tuple(row[place] for place in places))
        for row in table[2:]
        if len(row) == len(table[0]) and all(_VALUE.match(row[place]) for place in places)
    ]


def network(path: Path = METRICS) -> dict[str, str]:
    """What the checkpoint's own card says: parameters and clips; empty when it does not ship."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        clips = plain["metrics"]["clips"]
        return {
            "parameters": f"{plain['parameters'] / 1e6:.1f}",
            "train": str(int(clips["train"])),
            "validation": str(int(clips["validation"])),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def body() -> str:
    """The whole page between header and end."""
    return (
        f'<article id="about" class="stack narrow"><h2 class="big">{t("about_title")}</h2>'
        f'<p class="lead">{t("about_lead")}</p>'
        + section("about_does", ["about_does_1", "about_does_2", "about_does_3", "about_does_4"])
        + section("about_not", ["about_not_1", "about_not_2", "about_not_3", "about_not_4"])
        + section(
            "about_private",
            ["about_private_1", "about_private_2", "about_private_3"],
            minutes=f"{KEEP_MINUTES:.0f}",
        )
        + results_section(results(), network())
        + section("about_limits", ["about_limits_1", "about_limits_2", "about_limits_3", "about_limits_4"])
        + section("about_rights", ["about_rights_1", "about_rights_2", "about_rights_3", "about_rights_4"])
        + f"<section><h3>{t('about_read')}</h3><p>{t('about_read_where')}</p><ul>{documents()}</ul></section>"
        f'<p class="hint num">MRCMV Studio {escape(mrcmv.__version__)}</p></article>'
    )


def section(title: str, keys: Sequence[str], **values: object) -> str:
    lines = "".join(f"<li>{t(key, **values)}</li>" for key in keys)
    return f'<section id="{title}"><h3>{t(title)}</h3><ul>{lines}</ul></section>'


def results_section(rows: Sequence[Result], facts: dict[str, str]) -> str:
    """How often the right track was among the first ones, with intervals."""
    if not rows:
        title, none = t("about_results"), t("about_no_results")
        return f'<section id="about_results"><h3>{title}</h3><p>{none}</p></section>'
    head = "".join(f'<th scope="col" class="num">{title}</th>' for title in heads())
    lines = "".join(
        f'<tr class="{"bound" if row.bound else "method"}"><th scope="row">{escape(row.name)}</th>'
        f"{''.join(cell(value) for value in row.cells)}</tr>"
        for row in rows
    )
    trained = f"<p>{t('about_network', **facts)}</p>" if facts else ""
    return (
        f'<section id="about_results"><h3>{t("about_results")}</h3>'
        f"<p>{t('about_results_what')}</p>{chart(rows)}"
        f'<div class="scroll" tabindex="0" role="region" aria-label="R@K"><table><thead><tr><th scope="col">'
        f"{t('about_method')}</th>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
        f'<p class="hint">{t("about_results_how")}</p>{trained}</section>'
    )


def heads() -> list[str]:
    first = [t("about_among", count=column[2:-2]) for column in COLUMNS[:-1]]
    return [*first, t("about_median")]


def cell(value: str) -> str:
    found = _VALUE.match(value)
    assert found is not None
    if found[2] is None:
        return f'<td class="num">{escape(found[1])}</td>'
    return f'<td class="num">{escape(found[1])} <small>{escape(found[2])}–{escape(found[3])}</small></td>'


def chart(rows: Sequence[Result]) -> str:
    """R@10 of every row as a bar with its interval; the table below has the numbers."""
    lines = []
    for row in rows:
        found = _VALUE.match(row.cells[2])
        assert found is not None
        value = float(found[1])
        low, high = float(found[2] or value), float(found[3] or value)
        lines.append(
            f'<div class="{"bound" if row.bound else "method"}"><span>{escape(row.name)}</span><span '
            'class="rail">'
            f'<i style="width:{value:.1f}%"></i><b '
            f'style="left:{low:.1f}%;width:{max(high - low, 0):.1f}%"></b></span>'
            f'<span class="num">{value:.0f} %</span></div>'
        )
    title = f"<figcaption>{t('about_chart')}</figcaption>"
    return f'<figure class="chart" aria-hidden="true">{title}{"".join(lines)}</figure>'


def documents() -> str:
    """The documents that lie beside the program."""
    listed = {
        "docs/model.md": "about_doc_model",
        "docs/results/README.md": "about_doc_results",
        "checkpoints/compact/README.md": "about_doc_card",
        "docs/freedoom400.md": "about_doc_data",
        "docs/library.md": "about_doc_library",
        "docs/mix.md": "about_doc_mix",
    }
    return "".join(
        f"<li><code>{escape(path)}</code> {t(key)}</li>"
        for path, key in listed.items()
        if (ROOT / path).is_file()
    )
