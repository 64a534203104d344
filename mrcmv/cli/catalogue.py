"""Verbs about catalogues too large for the page's library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.common import AsJson, Checkpoint, say, show, show_progress

app = typer.Typer(help="Large catalogues: embed sound files, fill an index.", no_args_is_help=True)


@app.command("embed")
def catalogue_embed(
    place: Annotated[Path, typer.Argument(metavar="FOLDER|MANIFEST", help="Sound files, or a list of them.")],
    out: Annotated[Path, typer.Option(help="Folder for the vectors; what is there is not made again.")],
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Ray cluster, such as host:6379, or local.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes of this machine, without Ray.")] = 1,
    shard: Annotated[int, typer.Option(min=1, help="Tracks that are kept together.")] = 16,
    diary: Annotated[
        Path | None, typer.Option(help="File for a line at every track's beginning and end.")
    ] = None,
    checkpoint: Checkpoint = "compact",
    as_json: AsJson = False,
) -> None:
    """Embed every track that is not embedded yet. Stopped, it goes on the next time."""
    from mrcmv.catalogue import embed_catalogue, find_sources
    from mrcmv.model import load_model

    report = embed_catalogue(
        find_sources(place),
        out,
        load_model(checkpoint).sha256,
        checkpoint=checkpoint,
        workers=workers,
        ray_address=ray,
        shard=shard,
        diary=diary,
        progress=show_progress("Embedding"),
    )
    if as_json:
        show(report.to_json())
    else:
        for name, why in report.refused:
            say(f"{name}: {why}")
        say(
            f"{report.tracks} tracks, {report.windows} windows; {report.embedded} of them now, "
            f"{report.there} were there; {report.doubles} names of the same sound, "
            f"{len(report.refused)} refused; {report.seconds:.0f} s, {report.worked_s:.0f} s of work"
        )
    if not report.tracks:
        raise typer.Exit(1)


@app.command("index")
def catalogue_index(
    vectors: Annotated[Path, typer.Argument(metavar="FOLDER", help="As catalogue embed wrote it.")],
    into: Annotated[str, typer.Option(metavar="ADDRESS", help="Folder, FILE.db, or http://host:19530.")],
    anew: Annotated[bool, typer.Option(help="Replace the tracks that are there, too.")] = False,
    checkpoint: Checkpoint = "compact",
    as_json: AsJson = False,
) -> None:
    """Bring an index up to date: tracks that are new come in, tracks that are gone go out."""
    from mrcmv.catalogue import fill_index
    from mrcmv.index import open_index
    from mrcmv.model import load_model

    index = open_index(into)
    try:
        added, removed = fill_index(index, vectors, load_model(checkpoint).sha256, anew=anew)
        index.save()
        found = {"added": added, "removed": removed, "windows": len(index)}
    finally:
        index.close()
    if as_json:
        show(found)
    else:
        say(f"{added} tracks added, {removed} removed; {found['windows']} windows in the index")
