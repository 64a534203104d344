"""The verbs of the program for a terminal. Handlers are thin: parse, call, show.

``--json`` prints one object on stdout; everything else goes to stderr. Exit codes: 0 done,
1 the input cannot be used (one sentence says why), 2 the command line is wrong.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mrcmv.recommender import Recommender, StageEvent

app = typer.Typer(
    help="MRCMV Studio: finds background music for short game videos.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
library_app = typer.Typer(help="The music library: list, add, remove, verify.", no_args_is_help=True)
data_app = typer.Typer(help="Training data: build and check.", no_args_is_help=True)
app.add_typer(library_app, name="library")
app.add_typer(data_app, name="data")

Checkpoint = Annotated[str, typer.Option(help="Name of a shipped checkpoint or a folder that holds one.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
From = Annotated[float, typer.Option("--from", min=0.0, help="Go by the clip from this second on.")]
Until = Annotated[float | None, typer.Option("--until", help="Go by the clip until this second.")]


class KeepSound(StrEnum):
    """What stays of the clip's own sound."""

    VOICE = "voice"
    ORIGINAL = "original"
    NONE = "none"


def say(text: str) -> None:
    """A line for people; never on stdout when stdout carries JSON."""
    print(text, file=sys.stderr)


def show(result: Any) -> None:
    print(json.dumps(result, ensure_ascii=False, indent=2))


def make_recommender(checkpoint: str = "compact", device: str = "auto") -> Recommender:
    from mrcmv.recommender import Recommender

    return Recommender(checkpoint, device=device)


def show_stage(event: StageEvent) -> None:
    if event.seconds is not None:
        say(f"{event.stage}: {event.seconds:.1f} s")


def show_progress(label: str) -> Any:
    """A progress callback that draws one line on a terminal and nothing into a file."""
    shown = -1

    def progress(done: float) -> None:
        nonlocal shown
        percent = int(100 * done)
        if sys.stderr.isatty() and percent != shown:
            shown = percent
            print(f"\r{label}: {percent} %", end="\n" if percent == 100 else "", file=sys.stderr)

    return progress


@app.command("app")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
) -> None:
    """Open the page."""
    from mrcmv.web import launch

    launch(host, port)


@app.command()
def suggest(
    clip: Path,
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many tracks.")] = 5,
    start: From = 0.0,
    end: Until = None,
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Rank the library for CLIP."""
    with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
        found = make_recommender(checkpoint, device).suggest(
            clip, Path(folder), start_s=start, end_s=end, top_k=top_k, on_stage=show_stage
        )
        result = found.to_json()
    if as_json:
        show(result)
        return
    weights = result["weights"]
    print(f"picture {weights['picture']:.0%}, voice {weights['voice']:.0%}")
    for row in result["suggestions"]:
        print(
            f"{row['rank']:>2}  {row['similarity']:+.3f}  from {row['start_s']:>5.1f} s  "
            f"{row['title']} - {row['artist']}  [{row['track_id']}, {row['licence']}]"
        )


@app.command()
def separate(
    source: Annotated[Path, typer.Argument(metavar="CLIP_OR_AUDIO")],
    out: Annotated[Path, typer.Option(help="Folder for voice.wav and accompaniment.wav.")],
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Split the sound of a clip or sound file into voice.wav and accompaniment.wav (44.1 kHz, float)."""
    from mrcmv.recommender import separate_source

    stems = separate_source(source, out, device=device, progress=show_progress("Separating"))
    result = {"voice": str(stems.voice), "accompaniment": str(stems.accompaniment)}
    if as_json:
        show(result)
    else:
        print(*result.values(), sep="\n")


@app.command()
def render(
    clip: Path,
    track: Annotated[str, typer.Option(help="Id of a track, from `suggest` or `library list`.")],
    out: Annotated[Path, typer.Option(help="The MP4 to write.")],
    music_level: Annotated[
        float, typer.Option(min=0, max=40, help="How far the music lies under the voice, in LU.")
    ] = 13.0,
    keep: Annotated[KeepSound, typer.Option(help="What stays of the clip's own sound.")] = KeepSound.VOICE,
    start: Annotated[
        str, typer.Option(help="Second of the track to begin at; auto takes its best moment.")
    ] = "auto",
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Mix TRACK under CLIP and write an MP4."""
    if start != "auto":
        try:
            start_s: float | None = max(0.0, float(start))
        except ValueError:
            raise typer.BadParameter("--start takes auto or a number of seconds.") from None
    else:
        start_s = None
    from mrcmv.media import open_clip

    recommender = make_recommender(checkpoint, device)
    recommender.library.get(track)  # an unknown id is said before any work is done
    settings: Any = {"level_lu": music_level, "keep": keep.value, "progress": show_progress("Mixing")}
    with tempfile.TemporaryDirectory(prefix="mrcmv-") as name:
        folder = Path(name)
        if start_s is None:  # only the ranking knows the best moment
            found = recommender.suggest(clip, folder, top_k=len(recommender.library.tracks()))
            preview = recommender.render(found, track, out, **settings)
        else:
            preview = recommender.render_clip(
                open_clip(clip, folder), track, out, start_s=start_s, **settings
            )
    result = {
        "file": str(out),
        "duration_s": round(preview.duration_s, 3),
        "integrated_lufs": _rounded(preview.integrated_lufs),
        "true_peak_db": _rounded(preview.true_peak_db),
        "voice_to_music_lu": _rounded(preview.voice_to_music_lu),
        "credit": recommender.library.get(track).credit_line(),
    }
    if as_json:
        show(result)
    else:
        print(f"{out}\nCredit: {result['credit']}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


@library_app.command("list")
def library_list(as_json: AsJson = False) -> None:
    """Every track with its rights and sound facts."""
    from mrcmv.library import Library

    tracks = Library.open().tracks()
    if as_json:
        show({"tracks": [track.to_json() for track in tracks]})
        return
    for track in tracks:
        tempo = "" if track.tempo_bpm is None else f"{track.tempo_bpm:.0f} bpm"
        print(
            f"{track.id}  {track.title} - {track.artist}  {track.duration_s:.0f} s  "
            f"{track.mood or ''}  {tempo}  {track.key or ''}  [{track.rights.licence}]"
        )


@library_app.command("add")
def library_add(
    source: Annotated[Path, typer.Argument(metavar="FILE|FOLDER")],
    licence: Annotated[str, typer.Option(prompt="Licence (SPDX id such as CC-BY-4.0, or its name)")],
    origin: Annotated[str, typer.Option("--source", prompt="Where it is from (address or shop)")],
    title: Annotated[str | None, typer.Option(help="Default: the file's own tag, else its name.")] = None,
    artist: Annotated[str | None, typer.Option(help="Default: the file's own tag.")] = None,
    credit: Annotated[str | None, typer.Option(help="Credit text to be shown word for word.")] = None,
    commercial: Annotated[
        bool | None, typer.Option(help="May it be used for money? Needed when the licence is not known.")
    ] = None,
    derivatives: Annotated[
        bool | None, typer.Option(help="May it be cut and mixed? Needed when the licence is not known.")
    ] = None,
    proof: Annotated[
        str | None, typer.Option(help="Where the licence can be proven (a receipt, say).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a track, or all tracks of a folder, with the rights you state."""
    from mrcmv.library import Library, Rights

    library = Library.open()
    rights = Rights.state(
        licence, source=origin, credit=credit, commercial=commercial, derivatives=derivatives, proof=proof
    )
    if source.is_dir():
        report = library.add_folder(source, rights, artist=artist, progress=show_progress("Adding"))
        added, refused = list(report.added), [f"{name}: {why}" for name, why in report.refused]
    else:
        added = [library.add(source, rights, title=title, artist=artist, progress=show_progress("Adding"))]
        refused = []
    if as_json:
        show({"added": [track.to_json() for track in added], "refused": refused})
    else:
        for track in added:
            print(f"{track.id}  {track.title} - {track.artist}")
        for line in refused:
            say(line)
    if refused and not added:
        raise typer.Exit(1)


@library_app.command("remove")
def library_remove(track_id: str) -> None:
    """Remove one of your own tracks."""
    from mrcmv.library import Library

    Library.open().remove(track_id)


@library_app.command("packs")
def library_packs(as_json: AsJson = False) -> None:
    """Where the tracks come from."""
    from mrcmv.library import Library

    packs = Library.open().packs()
    if as_json:
        show({"packs": [pack.to_json() for pack in packs]})
    else:
        for pack in packs:
            print(f"{pack.name}  {pack.tracks} tracks  {pack.licence}")


@library_app.command("verify")
def library_verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Delete files that interrupted work left behind.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every sound file again and compare it with its hash."""
    from mrcmv.library import Library

    problems = Library.open().verify(repair=repair, progress=show_progress("Verifying"))
    if as_json:
        show({"problems": [str(problem) for problem in problems]})
    else:
        for problem in problems:
            say(str(problem))
    if problems:
        raise typer.Exit(1)


@library_app.command("embed")
def library_embed(checkpoint: Checkpoint = "compact", device: Device = "auto") -> None:
    """Bring the index up to date now instead of at the next suggestion."""
    index = make_recommender(checkpoint, device).index(progress=show_progress("Embedding"))
    say(f"{len(index.tracks)} tracks ready.")


@data_app.command("build")
def data_build(
    name: Annotated[str, typer.Argument(help="freedoom400")],
    out: Annotated[Path, typer.Option(help="Folder of the data set; an unfinished one is continued.")],
    clips: Annotated[int, typer.Option(min=8, max=401, help="How many of its 401 clips.")] = 401,
    workers: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed is another data set.")] = 0,
) -> None:
    """Make a training set on this machine."""
    if name != "freedoom400":
        raise typer.BadParameter(f"There is no data set {name!r}; there is freedoom400.")
    from mrcmv.training.freedoom400 import build

    build(out, clips=clips, workers=workers, seed=seed, progress=show_progress("Building"))


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
        show(report.to_json())
    else:
        print(report)
    if report.failures:
        raise typer.Exit(1)


@app.command()
def train(
    config: Annotated[Path, typer.Option(help="TOML file of the training.")],
    data: Annotated[Path, typer.Option(help="Folder of a data set.")],
    out: Annotated[Path, typer.Option(help="Folder for states, logs and the checkpoint.")],
    resume: Annotated[bool, typer.Option(help="Go on where an earlier run stopped.")] = False,
) -> None:
    """Train a network."""
    from mrcmv.training import train as run

    run(config, data, out, resume=resume, progress=show_progress("Training"))


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


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is installed, what is missing, in plain words."""
    from mrcmv.doctor import examine

    findings = examine()
    if as_json:
        show({"findings": [finding.to_json() for finding in findings]})
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.good else 'LACK'}  {finding.what}: {finding.says}")
    if not all(finding.good or finding.optional for finding in findings):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    from mrcmv import __version__

    print(__version__)


def main() -> None:
    """Entry point: a user's mistake is one sentence on stderr and exit code 1."""
    from mrcmv.media import Cancelled, UserError

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        app()
    except UserError as error:
        say(str(error))
        sys.exit(1)
    except (Cancelled, KeyboardInterrupt):
        say("Stopped.")
        sys.exit(1)
