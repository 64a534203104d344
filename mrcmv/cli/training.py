"""Verbs about training data, training and its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.common import (
    AsJson,
    Checkpoint,
    say,
    show,
    show_progress,
)

app = typer.Typer()
data_app = typer.Typer(
    help="Training data: build, fetch, list, check, look and listen.", no_args_is_help=True
)
app.add_typer(data_app, name="data")


@data_app.command("build")
def data_build(
    name: Annotated[str, typer.Argument(help="freedoom400, or racer: its test played in another game.")],
    out: Annotated[Path, typer.Option(help="Folder of the data set; an unfinished one is continued.")],
    clips: Annotated[
        int | None, typer.Option(min=8, max=401, help="How many of its clips (401; racer: 131).")
    ] = None,
    renditions: Annotated[int, typer.Option(min=0, max=20, help="More clips to each track of train.")] = 0,
    voices: Annotated[
        str, typer.Option(help="usual; or unheard: the test clips alone, spoken by another engine.")
    ] = "usual",
    training: Annotated[
        bool, typer.Option("--train", help="Of racer: all splits, not the test alone.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed is another data set.")] = 0,
) -> None:
    """Make a training set on this machine."""
    if name == "racer":
        from mrcmv.training import racer

        told = show_progress("Building")
        count = clips or (401 if training else 131)
        racer.build(out, clips=count, train=training, workers=workers, seed=seed, progress=told)
        return
    if name != "freedoom400":
        raise typer.BadParameter(f"There is no data set {name!r}; there are freedoom400 and racer.")
    if voices not in ("usual", "unheard"):
        raise typer.BadParameter("Voices are usual or unheard.")
    from mrcmv.training.freedoom400 import build

    build(
        out,
        clips=clips or 401,
        renditions=renditions,
        voices="unheard" if voices == "unheard" else "usual",
        workers=workers,
        seed=seed,
        progress=show_progress("Building"),
    )


@data_app.command("check")
def data_check(
    folder: Path,
    quick: Annotated[bool, typer.Option(help="Do not decode every clip.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a training set: counts, lengths, levels, licences, clean splits."""
    from mrcmv.training.freedoom400 import check

    report = check(folder, quick=quick)
    if as_json:
        show(report.as_dict())
    else:
        print(report)
    if report.problems:
        raise typer.Exit(1)


@data_app.command("prepare")
def data_prepare(
    folder: Path,
    size: Annotated[int, typer.Option(help="Side of the network's pictures in pixels.")] = 112,
    workers: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 1,
) -> None:
    """Decode and separate every clip once, as training will read it (training does what is missing)."""
    from mrcmv.training import prepare

    prepare(folder, size, workers=workers, progress=show_progress("Preparing"))


@data_app.command("sheet")
def data_sheet(
    folder: Path,
    out: Annotated[Path, typer.Option(help="The picture: .png or .jpg.")],
    count: Annotated[int, typer.Option(min=1, max=100, help="How many clips.")] = 24,
) -> None:
    """Draw a contact sheet: clips of all splits, from calm music to aroused, six pictures each."""
    from mrcmv.training.survey import contact_sheet, read_seen, sample

    contact_sheet(sample(read_seen(folder), count), out, progress=show_progress("Drawing"))


@data_app.command("listen")
def data_listen(
    folder: Path,
    clips: Annotated[str, typer.Option(help="Ids with commas between; without, three are chosen.")] = "",
    as_json: AsJson = False,
) -> None:
    """Measure the sound of whole clips: loudness, peaks, music under voice, offsets."""
    from mrcmv.training.survey import as_table, listen, pick

    found = listen(pick(folder, clips.split(",") if clips else ()), progress=show_progress("Listening"))
    if as_json:
        show([each.as_dict() for each in found])
    else:
        print(as_table(found))


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="hok400 or cfm400")],
    out: Annotated[Path, typer.Option(help="Folder of the data set; an unfinished one is continued.")],
    lists: Annotated[
        str | None, typer.Option(help="Folder or address of the two lists; the authors' repository if none.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most videos to ask for in this run.")] = None,
    pause: Annotated[float, typer.Option(min=0.0, help="Mean seconds between two questions.")] = 5.0,
    retry: Annotated[bool, typer.Option(help="Ask again for what was gone or refused.")] = False,
    local: Annotated[bool, typer.Option(help="Allow addresses of this machine and its network.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is left of the authors' data sets; the clips belong to their authors."""
    from mrcmv.training.fetch import Manners, fetch

    manners = Manners(pause_s=pause, local=local)
    report = fetch(name, out, lists=lists, limit=limit, manners=manners, retry=retry, tell=say)
    if as_json:
        show(report.as_dict())
    else:
        print(report)
    if report.broke_off or not report.survived:
        raise typer.Exit(1)


@data_app.command("manifest")
def data_manifest(
    folder: Annotated[Path, typer.Argument(help="Folder with clips of your own.")],
    out: Annotated[Path, typer.Option(help="Folder of the data set; gets manifest.jsonl.")],
    csv: Annotated[Path | None, typer.Option(help="Table with columns clip, split, music.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a training set of local clips; nothing is copied."""
    from mrcmv.training.folder import list_folder

    report = list_folder(folder, out, table=csv, progress=show_progress("Looking"))
    if as_json:
        show(report.as_dict())
    else:
        print(report)


@app.command()
def train(
    config: Annotated[Path, typer.Option(help="TOML file of the training.")],
    data: Annotated[Path, typer.Option(help="Folder of a data set.")],
    out: Annotated[Path, typer.Option(help="Folder for states, logs and the checkpoint.")],
    resume: Annotated[bool, typer.Option(help="Go on where an earlier run stopped.")] = False,
    encoders: Annotated[str, typer.Option(help="Folder of a run whose pre-trained encoders to take.")] = "",
    slowfast: Annotated[str, typer.Option(help="File of public SlowFast weights, preset paper.")] = "",
    vggish: Annotated[str, typer.Option(help="File of public VGGish weights, preset paper.")] = "",
) -> None:
    """Train a network; under accelerate launch by several processes."""
    from dataclasses import replace

    from mrcmv.training import TrainConfig
    from mrcmv.training import train as run

    plan = TrainConfig.read(config)
    public = replace(
        plan.public, slowfast=slowfast or plan.public.slowfast, vggish=vggish or plan.public.vggish
    )
    plan = replace(plan, encoders=encoders or plan.encoders, public=public)
    run(plan, data, out, resume=resume, progress=show_progress("Training"))


@app.command("train-report")
def train_report(
    run: Annotated[Path, typer.Argument(help="Folder of a training, also one that is still going on.")],
    out: Annotated[
        Path | None, typer.Option(help="PNG to write; by default curves.png in the folder.")
    ] = None,
) -> None:
    """Draw a training: losses, active hinges, gate shares, validation results, encoders."""
    from mrcmv.training.curves import draw_curves

    print(draw_curves(run, out))


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Folder of a data set.")],
    checkpoint: Checkpoint = "compact",
    as_json: AsJson = False,
) -> None:
    """Retrieval results of a checkpoint on the test split, with intervals and chance."""
    from mrcmv.training import evaluate as run

    result = run(checkpoint, data)
    if as_json:
        show(result)
    else:
        from mrcmv.training import format_results

        print(format_results(result))
