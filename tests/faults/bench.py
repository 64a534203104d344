"""What a fault is, how it is run, and what is looked at afterwards whatever the fault."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from mrcmv.media import trouble
from tests.processes import alive, children


class CannotHere(Exception):
    """The fault cannot be made on this machine; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """``said`` is the sentence a person gets, ``after`` what was seen to happen next. Whatever a fault
    asserts is not repeated here; ``lost`` is what is gone."""

    said: str
    after: str
    lost: str = "nothing"


@dataclass(frozen=True)
class Fault:
    what: str
    when: str
    make: Callable[[Path], Outcome]
    quick: bool = True

    @property
    def name(self) -> str:
        return f"{self.what}, {self.when}".replace(" ", "_")


FAULTS: list[Fault] = []


def fault(
    what: str, when: str, *, quick: bool = True
) -> Callable[[Callable[[Path], Outcome]], Callable[[Path], Outcome]]:
    """Enter a function into the list. It gets an empty folder and asserts what must hold."""

    def enter(make: Callable[[Path], Outcome]) -> Callable[[Path], Outcome]:
        FAULTS.append(Fault(what, when, make, quick))
        return make

    return enter


@dataclass(frozen=True)
class Seen:
    outcome: Outcome
    left: tuple[str, ...]
    """Temporary files and processes that remain; empty is what holds."""


def run(one: Fault, place: Path) -> Seen:
    """Make a fault in ``place`` with a temporary folder and a home of its own."""
    scratch, home = place / "tmp", place / "home"
    scratch.mkdir(parents=True)
    before = {"TMPDIR": os.environ.get("TMPDIR"), "MRCMV_HOME": os.environ.get("MRCMV_HOME")}
    known = children()
    os.environ |= {"TMPDIR": str(scratch), "MRCMV_HOME": str(home)}
    tempfile.tempdir = str(scratch)
    try:
        outcome = one.make(place)
    finally:
        tempfile.tempdir = None
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return Seen(outcome, (*leftovers(place), *processes(known)))


def leftovers(place: Path) -> list[str]:
    """Names of half-written files and work folders."""
    marks = ("intake-", "sound-", ".mix-", "pack-", "print-", "stems-", ".export-", "mrcmv-", "draft-")
    found = [path.name for path in place.rglob("*") if path.suffix == ".partial"]
    folders = [path.name for path in place.rglob("*") if path.is_dir() and path.name.startswith(marks)]
    return sorted(found + [name for name in folders if not name.startswith("stems-0-")])


def processes(known: set[psutil.Process]) -> list[str]:
    """Children that are alive and were not before, after a moment to end."""
    ends = time.monotonic() + 5.0
    while True:
        living = [f"process {child.name()}" for child in children() - known if alive(child)]
        if not living or time.monotonic() > ends:
            return living
        time.sleep(0.05)


def sentence(make: Callable[[], object]) -> str:
    """The sentence that a person gets for what ``make`` raises, by the rules of page and terminal."""
    from mrcmv.media import UserError

    try:
        make()
    except UserError as error:
        return str(error)
    except Exception as error:
        machine = trouble(error)
        if machine is None:
            raise
        return str(machine)
    raise AssertionError("The fault was not noticed.")
