"""The verbs of the program for a terminal. Handlers are thin: parse, call, show.

``--json`` prints one object on stdout; everything else goes to stderr. Exit codes: 0 done,
1 the input cannot be used (one sentence says why), 2 the command line is wrong.
"""

from __future__ import annotations

import logging
import sys

import typer

from mrcmv.cli import catalogue, clip, export, library, results, study, tags, training
from mrcmv.cli.common import AsJson, say, show

app = typer.Typer(
    help="MRCMV Studio: finds background music for short game videos.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(clip.app)
app.add_typer(export.app)
app.add_typer(library.app, name="library")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(training.app)
app.add_typer(results.app)
app.add_typer(tags.app)
app.add_typer(study.app, name="study")


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
    from mrcmv.media import Cancelled, UserError, trouble

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    # what ffmpeg and the probe say of a broken file is for the page's log, not for who asked in a terminal
    logging.getLogger("mrcmv.media").setLevel(logging.ERROR)
    try:
        app()
    except UserError as error:
        say(str(error))
        sys.exit(1)
    except (Cancelled, KeyboardInterrupt):
        say("Stopped.")
        sys.exit(1)
    except Exception as error:
        machine = trouble(error)
        if machine is None:
            raise
        say(str(machine))
        sys.exit(1)
