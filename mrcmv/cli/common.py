"""What the verbs share: options, output, progress."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mrcmv.media import Progress
    from mrcmv.recommender import Recommender, StageEvent

Checkpoint = Annotated[str, typer.Option(help="Name of a shipped checkpoint or a folder that holds one.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


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


def show_progress(label: str) -> Progress:
    """A progress callback that draws one line on a terminal and nothing into a file."""
    shown = -1

    def progress(done: float) -> None:
        nonlocal shown
        percent = int(100 * done)
        if sys.stderr.isatty() and percent != shown:
            shown = percent
            print(f"\r{label}: {percent} %", end="\n" if percent == 100 else "", file=sys.stderr)

    return progress
