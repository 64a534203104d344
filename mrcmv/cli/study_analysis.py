"""Verbs of the blind study that need no participants: results of an export, power, simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.common import AsJson, say, show, show_progress

app = typer.Typer()
True_ = Annotated[float, typer.Option("--true", help="The true share of votes, such as 0.6.")]


@app.command()
def power(
    true: True_,
    votes: Annotated[int | None, typer.Option(min=1, help="Power of so many decided votes.")] = None,
    power: Annotated[float, typer.Option(help="Votes needed for this power.")] = 0.8,
    alpha: Annotated[float, typer.Option(help="Two-sided level of the test.")] = 0.05,
    participants: Annotated[int, typer.Option(min=2, help="With clusters: people.")] = 40,
    clips: Annotated[int, typer.Option(min=2, help="With clusters: clips.")] = 26,
    each: Annotated[int | None, typer.Option(min=1, help="With clusters: votes of each person.")] = None,
    icc_participant: Annotated[
        float, typer.Option(min=0, max=0.9, help="How alike one person's votes are.")
    ] = 0,
    icc_clip: Annotated[float, typer.Option(min=0, max=0.9, help="How alike votes on one clip are.")] = 0,
    studies: Annotated[int, typer.Option(min=50, help="With clusters: simulated studies.")] = 500,
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """How many votes a study needs, or what so many can show.

    Without clusters exact, for the two-sided binomial test. With --each, --icc-participant or --icc-clip,
    studies of that size are simulated and analysed by the cluster bootstrap.
    """
    from mrcmv.study.analysis.power import exact_power, simulated_power, votes_needed

    if each is not None or icc_participant or icc_clip:
        found = simulated_power(
            true, participants, clips, each or min(clips, 20), icc_participant=icc_participant,
            icc_clip=icc_clip, studies=studies, alpha=alpha, seed=seed, progress=show_progress("Simulating"),
        )  # fmt: skip
        facts = {name: round(value, 3) for name, value in vars(found).items()}
        lines = [
            f"{found.votes} votes by {participants} people on {clips} clips, {studies} simulated studies",
            f"power {found.power:.1%} (± {1.96 * found.error:.1%}) by the cluster bootstrap's test",
            f"{found.power_exact_test:.1%} by the exact test, which takes votes as independent",
            f"the share varies {found.design_effect:.2f} times as much as with independent votes",
        ]
    elif votes is not None:
        reached = exact_power(votes, true, alpha)
        facts = {"votes": votes, "power": round(reached, 4)}
        lines = [f"{votes} decided votes, true share {true:.0%}: power {reached:.1%}"]
    else:
        needed = votes_needed(true, power, alpha)
        facts = {"votes": needed.votes, "first": needed.first, "power": round(needed.power, 4)}
        lines = [
            f"{needed.votes} decided votes, true share {true:.0%}: power {needed.power:.1%}",
            f"({needed.first} votes reach {power:.0%} first; between them some sizes miss it)",
        ]
    if as_json:
        show(facts)
        return
    for line in lines:
        print(line)
    if votes is None and not (icc_participant or icc_clip):
        say("Votes cluster by participant and clip: look with --icc-participant and --icc-clip as well.")


@app.command()
def results(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of an export, or its answers.csv.")],
    out: Annotated[Path, typer.Option(help="Folder for the report, tables, plots and results.json.")],
    design: Annotated[
        Path | None, typer.Option(help="The design (YAML, or the export's design.json).")
    ] = None,
    draws: Annotated[int | None, typer.Option(min=50, help="Resamples per source, 2000 unless told.")] = None,
    as_json: AsJson = False,
) -> None:
    """From the answers to the tables, intervals and tests that the design asks for, with a report page."""
    from mrcmv.study.analysis.files import analyse_files
    from mrcmv.study.analysis.report import write_report

    found = analyse_files(data, design, draws=draws)
    page = write_report(found, out)
    if as_json:
        show(found.to_json())
        return
    for each in found.main.preferences:
        low, high = (100 * end for end in each.interval)
        print(
            f"{each.a} over {each.b}: {100 * each.share:.1f} % [{low:.1f}, {high:.1f}], {each.decided} votes"
        )
    say(f"The report is {page}.")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the export, the report and the database.")],
    template: Annotated[str, typer.Option(help="table2 or table3.")] = "table3",
    design: Annotated[Path | None, typer.Option(help="A design of your own instead of a template.")] = None,
    participants: Annotated[int, typer.Option(min=1, help="How many people take part.")] = 40,
    gap: Annotated[float, typer.Option(help="Log-odds between the first method and the last.")] = 0.8,
    ties: Annotated[float, typer.Option(min=0, help="Davidson's tie parameter.")] = 0.4,
    side: Annotated[float, typer.Option(help="Log-odds that the left side gains by being left.")] = 0.15,
    participant_sd: Annotated[float, typer.Option(min=0, help="How people differ, in log-odds.")] = 0.5,
    clip_sd: Annotated[float, typer.Option(min=0, help="How clips differ, in log-odds.")] = 0.5,
    inattentive: Annotated[float, typer.Option(min=0, max=1, help="Share that answers by chance.")] = 0.1,
    draws: Annotated[int | None, typer.Option(min=50, help="Resamples per source, 2000 unless told.")] = None,
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """Let simulated people, whose preferences are known, take part; then analyse as if they were real.

    The videos are pretended; everything else is the study's own: order, store, export, exclusions, report.
    """
    from mrcmv.study import load_design
    from mrcmv.study.analysis.drive import simulate_study

    known = simulate_study(
        out, template=template, design=None if design is None else load_design(design),
        participants=participants, gap=gap, draws=draws, progress=show_progress("Taking part"),
        ties=ties, side=side, participant_sd=participant_sd, clip_sd=clip_sd, inattentive=inattentive,
        seed=seed,
    )  # fmt: skip
    if as_json:
        show({"truths": [vars(each) for each in known]})
        return
    for each in known:
        place = "inside" if each.held else "OUTSIDE"
        ends = f"[{each.low:.3f}, {each.high:.3f}]"
        print(f"{each.what}: true {each.truth:.3f}, found {each.found:.3f} {ends}, {place}")
    say(f"The report is {out / 'report' / 'report.html'}.")
