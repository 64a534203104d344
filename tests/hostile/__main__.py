"""Tries the whole corpus and prints the table of docs/hostile.md.

python -m tests.hostile [--only WORDS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.corpus import CASES, Bases, Case
from tests.hostile.makers import PlainCase
from tests.hostile.plain import PLAIN_CASES
from tests.hostile.trial import Outcome, attempt, try_here


def try_case(case: Case, bases: Bases, folder: Path) -> Outcome:
    """Make the file of a case below ``folder`` (empty) and try it."""
    private, place = folder / "private", folder / "upload"
    private.mkdir(parents=True)
    place.mkdir()
    source = place / case.name
    case.make(source, bases)
    return attempt(case.kind, source, private)


def try_plain(case: PlainCase, folder: Path, *, here: bool = False) -> Outcome:
    """Make the file of a case below ``folder`` and read it, in a process of its own unless ``here``."""
    private, place = folder / "private", folder / "upload"
    private.mkdir(parents=True)
    place.mkdir()
    source = place / "file"
    case.make(source)
    return (try_here if here else attempt)(case.kind, source, private)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose title has these words")
    only = parser.parse_args().only
    bad = 0
    print("| | as | becomes | what is said, or what was read | s | MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bases").mkdir()
        bases = Bases(folder / "bases")
        chosen = [case for case in (*CASES, *PLAIN_CASES) if only in case.title or only in case.kind]
        for number, case in enumerate(chosen):
            place = folder / str(number)
            plain = isinstance(case, PlainCase)
            found = try_plain(case, place) if plain else try_case(case, bases, place)
            wrong = found.wrongs(case.must, (str(folder),))
            bad += bool(wrong)
            said = found.said.replace("|", "\\|") + (f" **{'; '.join(wrong)}**" if wrong else "")
            print(
                f"| {case.title} | {case.kind} | {found.verdict} | {said} "
                f"| {found.seconds:.1f} | {found.bytes / 1e6:.0f} |",
                flush=True,
            )
    print(f"\n{len(chosen)} files, {bad} not as they should be", file=sys.stderr)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
