"""The files of an export found and analysed: answers.csv, ratings.csv and the design beside them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from mrcmv.media import UserError
from mrcmv.study import Design, load_design
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.results import Results, analyse
from mrcmv.study.analysis.votes import read_table
from mrcmv.study.appendix import PARTICIPANTS
from mrcmv.study.export import ANSWERS, DESIGN, RATINGS


def analyse_files(data: Path, design: Path | None = None, *, draws: int | None = None) -> Results:
    """Results of an exported folder, or of its answers.csv alone.

    Raises
    ------
    UserError : there are no answers or no design, or the answers were given to another design.
    """
    answers = data / ANSWERS if data.is_dir() else data
    if not answers.is_file():
        raise UserError(f"{data.name} holds no {ANSWERS}: export the answers of the study first.")
    rules = read_design(design or answers.parent / DESIGN)
    given = set(read_table(answers, ("design_hash",))["design_hash"])
    if not given <= {"", rules.hash}:
        raise UserError("The answers were given to another design: name the design that was run.")
    plan = Plan.from_design(rules)
    if draws is not None:
        plan = dataclasses.replace(plan, draws=draws)
    beside = (answers.parent / name for name in (RATINGS, PARTICIPANTS))
    return analyse(answers, plan, *(path if path.is_file() else None for path in beside))


def read_design(path: Path) -> Design:
    """A design as it was written (YAML) or as it was exported (JSON)."""
    if path.suffix != ".json":
        return load_design(path)
    try:
        return Design.from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        raise UserError(
            f"There is no {path.name} beside the answers: name the design with --design."
        ) from None
    except ValueError:
        raise UserError(f"The file {path.name} is no JSON: export the study again.") from None
