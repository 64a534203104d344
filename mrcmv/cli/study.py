"""Verbs of the blind study: a design is checked, stimuli are made, participants served, rows exported."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrcmv.cli import study_analysis
from mrcmv.cli.common import AsJson, Device, say, show, show_progress

if TYPE_CHECKING:
    from mrcmv.study.manifest import Manifest

app = typer.Typer(help="Blind preference studies; docs/study.md tells how.", no_args_is_help=True)
app.add_typer(study_analysis.app)


class ExportFormat(StrEnum):
    """Long format only."""

    CSV = "csv"


DesignFile = Annotated[Path, typer.Argument(metavar="DESIGN", help="The design's YAML file.")]


class Template(StrEnum):
    """Forms of a study to start from."""

    TABLE2 = "table2"
    TABLE3 = "table3"


@app.command("new")
def new(
    template: Annotated[
        Template,
        typer.Option(help="table2: methods against each other; table3: one against random under tags."),
    ],
    out: Annotated[Path, typer.Option(help="The design to write.")],
    clips: Annotated[
        Path | None, typer.Option(help="Folder of the clips (table3) or of the data set (table2).")
    ] = None,
) -> None:
    """Write a design to start from."""
    from mrcmv.study.starting import new_design

    named = new_design(template, out, clips)
    if named:
        say(f"{named} clips: write the styles that fit each of them into its tags.")


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


StimuliFolder = Annotated[Path, typer.Option("--stimuli", help="Folder that `study stimuli` made.")]
Database = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE or postgresql://...; default: answers.sqlite beside the stimuli."),
]


def _manifest(design: Path, stimuli: Path) -> Manifest:
    """The stimuli of a design; another design's are refused."""
    from mrcmv.media import UserError
    from mrcmv.study import load_design
    from mrcmv.study.manifest import read_manifest

    manifest = read_manifest(stimuli)
    if load_design(design, manifest.design).hash != manifest.design.hash:
        raise UserError("The design has changed since its stimuli were made: run study stimuli again.")
    return manifest


def loudness_spread(manifest: Manifest) -> float:
    """The largest difference in loudness between stimuli of one clip, in LU."""
    spread = 0.0
    for clip in manifest.design.clips:
        levels = [each.lufs for each in manifest.stimuli if each.clip_id == clip.id]
        spread = max(spread, max(levels) - min(levels))
    return spread


def _database(given: str | None, stimuli: Path) -> str:
    return given or os.environ.get("MRCMV_STUDY_DATABASE") or f"sqlite:///{stimuli / 'answers.sqlite'}"


@app.command()
def stimuli(
    design: DesignFile,
    out: Annotated[Path, typer.Option(help="Folder for the stimuli; a stopped run goes on there.")],
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Mix every clip with every method's music, equally loud, under names that tell nothing."""
    from mrcmv.recommender import Recommender
    from mrcmv.study import load_design
    from mrcmv.study.stimuli import make_stimuli

    found = load_design(design)
    made = make_stimuli(
        found,
        design.parent,
        out,
        lambda checkpoint: Recommender(checkpoint, device=device),
        progress=show_progress("Stimuli"),
    )
    spread = loudness_spread(made)
    facts = {
        "stimuli": len(made.stimuli),
        "largest_difference_lu": round(spread, 2),
        "equal_top1": [
            {"clip": each.clip_id, "methods": [each.first, each.second], "treatment": each.treatment}
            for each in made.equal
        ],
        "design_hash": made.design.hash,
    }
    if as_json:
        show(facts)
        return
    print(f"{len(made.stimuli)} stimuli; on one clip they differ by {spread:.2f} LU at most.")
    for each in made.equal:
        print(f"{each.clip_id}: {each.first} and {each.second} chose the same track ({each.treatment}).")


@app.command()
def serve(
    design: DesignFile,
    stimuli: StimuliFolder,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 7870,
    database: Database = None,
    backup: Annotated[
        str | None,
        typer.Option(help="Private data set repository (OWNER/NAME) of Hugging Face to back answers up to."),
    ] = None,
) -> None:
    """Serve the study on its own address until the process ends."""
    from mrcmv.study.server import serve as serve_study

    serve_study(_manifest(design, stimuli), _database(database, stimuli), host, port, backup)


@app.command()
def export(
    design: DesignFile,
    stimuli: StimuliFolder,
    out: Annotated[Path, typer.Option(help="Folder for answers.csv, ratings.csv and codebook.md.")],
    database: Database = None,
    recruiter_ids: Annotated[
        Path | None, typer.Option(help="Also write the recruiter's ids, into this file of their own.")
    ] = None,
    format_: Annotated[ExportFormat, typer.Option("--format", help="Only csv.")] = ExportFormat.CSV,
    as_json: AsJson = False,
) -> None:
    """Write every answer as one row of a long table, with a codebook."""
    from mrcmv.study.export import export as write
    from mrcmv.study.export import export_recruiter_ids
    from mrcmv.study.store import Store

    store = Store(_database(database, stimuli), _manifest(design, stimuli))
    written = write(store, out)
    if recruiter_ids is not None:
        written[recruiter_ids.name] = export_recruiter_ids(store, recruiter_ids)
    if as_json:
        show(written)
    else:
        for name, count in written.items():
            print(f"{name}: {count} rows")
