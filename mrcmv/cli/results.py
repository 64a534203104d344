"""Verbs about results: rows of the tables, run one by one, and the page made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.common import show_progress

app = typer.Typer()
results_app = typer.Typer(help="Results: run rows of the tables, make the page.", no_args_is_help=True)
app.add_typer(results_app, name="results")
Data = Annotated[Path, typer.Option(help="Folder of a data set with prepared clips.")]
Runs = Annotated[Path, typer.Option(help="Folder that keeps every row's run.")]


@results_app.command("list")
def list_rows() -> None:
    """What can be run."""
    from mrcmv.training.results import read_rows

    for row in read_rows().values():
        print(f"{row.name:26} {row.seeds} x  {row.title}")


@results_app.command("run")
def run(
    names: Annotated[list[str], typer.Argument(help="Rows by name, or: all.")],
    data: Data,
    runs: Runs,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds; else as the row says.")] = None,
    again: Annotated[bool, typer.Option(help="Judge anew what was judged before.")] = False,
) -> None:
    """Train and judge rows, each with its seeds; what is done is kept, what was stopped goes on."""
    from mrcmv.training.results import read_rows, run_row

    rows = read_rows()
    wanted = list(rows) if names == ["all"] else names
    for name in wanted:
        if name not in rows:
            raise typer.BadParameter(f"There is no row {name!r}: mrcmv results list names them.")
    for name in wanted:
        for seed in range(seeds or rows[name].seeds):
            label = f"{name}, seed {seed}"
            outcome = run_row(rows[name], seed, data, runs, again=again, progress=show_progress(label))
            found = outcome.judged[rows[name].headline].found()
            print(f"{label}: R@10 {100 * (found <= 10).mean():.1f} %, {outcome.about['seconds']} s")


@results_app.command("transfer")
def transfer(
    names: Annotated[list[str], typer.Argument(help="Rows that are networks, already run.")],
    data: Annotated[Path, typer.Option(help="Folder of the second game's data set.")],
    runs: Runs,
) -> None:
    """Judge trained networks on the clips of another data set."""
    from mrcmv.training.results import read_rows
    from mrcmv.training.results.run import judge_elsewhere

    for name in names:
        for outcome in judge_elsewhere(read_rows()[name], data, runs):
            found = outcome.judged["clean/both"].found()
            print(f"{name}, seed {outcome.seed}: R@10 {100 * (found <= 10).mean():.1f} % of {len(found)}")


@results_app.command("table")
def table(
    runs: Annotated[Path, typer.Option(help="Folder of runs, or the ranks.json of a page.")],
    out: Annotated[Path, typer.Option(help="Folder of the page.")] = Path("docs/results"),
    data: Annotated[Path | None, typer.Option(help="Data set, for distances by musicnn.")] = None,
    vggish: Annotated[
        Path | None, typer.Option(help="Public VGGish file to take instead of musicnn.")
    ] = None,
) -> None:
    """Make tables and plots of all results."""
    from mrcmv.training.results.page import make_page

    print(make_page(runs, out, data, vggish, progress=show_progress("Listening")))
