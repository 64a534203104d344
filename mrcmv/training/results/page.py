"""From a folder of runs, or from the ranks that a page keeps, to the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.media import Progress, UserError
from mrcmv.training.results import plots, sections
from mrcmv.training.results.outcome import Outcome, load_outcomes
from mrcmv.training.results.rows import Row, read_rows
from mrcmv.training.results.run import PICTURE_SIZE, TRANSFER
from mrcmv.training.results.summary import Line, by_seed, difference, line

DISTANCES = "distances.npy"
RANKS, PAGE = "ranks.json", "README.md"


def make_page(
    runs: Path,
    out: Path,
    data: Path | None = None,
    vggish: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the results page to ``out``; returns its path. ``data`` adds distances by musicnn or VGGish."""
    rows = read_rows()
    if runs.is_file():
        kept = json.loads(runs.read_text(encoding="utf-8"))
        transfer = [Outcome.from_dict(each) for each in kept["transfer"]]
        distances = None if kept["distances"] is None else np.asarray(kept["distances"])
        return write_page(load_outcomes(runs), rows, out, distances, transfer)
    outcomes = load_outcomes(runs)
    path, distances = runs / DISTANCES, None
    if path.is_file():
        distances = np.load(path, allow_pickle=False)
    elif data is not None:
        from mrcmv.training.loop import clips_of
        from mrcmv.training.preparation import prepared_folder
        from mrcmv.training.results.perceptual import distances as measure

        clips = clips_of(data, prepared_folder(data, PICTURE_SIZE), "test")
        if tuple(item.id for item in clips.items) != outcomes[0].ids:
            raise UserError(
                "The results are of other clips than this data set's: name the one they come from."
            )
        distances = measure(clips, vggish, progress)
        np.save(path, distances, allow_pickle=False)
    elsewhere = runs / TRANSFER
    transfer = load_outcomes(elsewhere) if elsewhere.is_dir() else []
    return write_page(outcomes, rows, out, distances, transfer)


def write_page(
    outcomes: Sequence[Outcome],
    rows: Mapping[str, Row],
    out: Path,
    table: np.ndarray | None = None,
    transfer: Sequence[Outcome] = (),
) -> Path:
    """Write ``README.md``, the plots and ``ranks.json`` (from which they can be made again) to ``out``.

    ``table``: [n, n] distances between the test tracks by a network that was not trained here;
    ``transfer``: results on the second game.
    """
    out.mkdir(parents=True, exist_ok=True)
    found = {name: seeds for name, seeds in by_seed(outcomes).items() if name in rows}
    found = {name: found[name] for name in rows if name in found}
    kept = {
        "outcomes": [asdict(each) for seeds in found.values() for each in seeds],
        "transfer": [asdict(each) for each in transfer],
        "distances": None if table is None else np.round(table, 4).tolist(),
    }
    (out / RANKS).write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
    parts = [
        sections.intro(found, rows),
        sections.main(found, rows, table),
        sections.paired(found, rows),
        sections.ablations(found, rows),
    ]
    parts += [
        sections.uses(found, rows),
        sections.voices(found, rows),
        sections.transfer(by_seed(transfer), rows),
        sections.cost(found, rows),
    ]
    (out / PAGE).write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    _draw(found, rows, out)
    return out / PAGE


def _draw(found: sections.Rows, rows: Mapping[str, Row], out: Path) -> None:
    lines: list[tuple[str, Line, str]] = []
    for group, colour in (("main", plots.BASELINE), ("ceiling", plots.CEILING)):
        for name in sections.members(rows, found, group):
            own = plots.OURS if rows[name].method in ("network", "modern") else colour
            lines.append((rows[name].title, line(found[name], rows[name].headline), own))
    for name in ("picture-only", "voice-only"):
        if name in found:
            title = f"MRCMV compact, {rows[name].title}"
            lines.append((title, line(found[name], rows[name].headline), plots.OURS))
    plots.draw_recalls(lines, out / "recalls.png", sections.HEAD)
    wanted = [
        name
        for name in sections.members(rows, found, "ablation")
        if rows[name].method == "network" and name != "heads"
    ]
    if "heads" in found and wanted:
        gaps = [
            (
                rows[name].title,
                difference(found[name], rows[name].headline, found["heads"], "clean/both", sections.HEAD),
            )
            for name in wanted
        ]
        label = "R@10 against the whole network (heads only), points; line: 95 % interval over clips"
        plots.draw_differences(gaps, out / "ablations.png", label)
    shown: dict[str, tuple[Any, str]] = {}
    colours = {"oracle-plan": plots.CEILING, "oracle-measured": "#d97706", "compact": plots.OURS,
               "picture-only": "#14b8a6", "modern": "#1d4ed8", "cca": plots.BASELINE,
               "cbvmr": "#9333ea"}  # fmt: skip
    for name, colour in colours.items():
        if name in found:
            ranks = np.concatenate([each.judged[rows[name].headline].found() for each in found[name]])
            shown[rows[name].title] = (ranks, colour)
    if shown:
        plots.draw_ranks(shown, len(next(iter(found.values()))[0].ids), out / "ranks.png")
