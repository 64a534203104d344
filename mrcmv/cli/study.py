"""Verbs of the blind study: a design is checked, stimuli are made, participants served, rows exported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli import study_analysis
from mrcmv.cli.common import AsJson, say, show

app = typer.Typer(help="Blind preference studies; docs/study.md tells how.", no_args_is_help=True)
app.add_typer(study_analysis.app)
DesignFile = Annotated[Path, typer.Argument(metavar="DESIGN", help="The design's YAML file.")]


@app.command()
def check(design: DesignFile, as_json: AsJson = False) -> None:
    """Check a design and print its hash and how large the study is."""
    from mrcmv.study import load_design

    found = load_design(design)
    facts = {
        "study": found.study,
        "hash": found.hash,
        "clips": len(found.clips),
        "methods": len(found.methods),
        "pairs": len(found.pairs),
    }
    if as_json:
        show(facts)
    else:
        for key, value in facts.items():
            print(f"{key:8} {value}")
        say("The design is sound.")
