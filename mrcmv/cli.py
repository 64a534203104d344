"""The verbs of the program for a terminal. Handlers are thin: parse, call, show."""

from __future__ import annotations

import typer

app = typer.Typer(help="Finds background music for short game videos.", no_args_is_help=True)


@app.command()
def version() -> None:
    """Print the version."""
    from mrcmv import __version__

    print(__version__)


def main() -> None:
    app()
