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
from tests.hostile.trial import Outcome, Warm, attempt, try_here


def try_case(case: Case, bases: Bases, folder: Path) -> Outcome:
    """Make the file of a case below ``folder`` (empty) and try it."""
    private, place = folder / "private", folder / "upload"
    private.mkdir(parents=True)
    place.mkdir()
    source = place / case.name
    case.make(source, bases)
    return attempt(case.kind, source, private)


def try_plain(case: PlainCase, folder: Path, warm: Warm | None = None) -> Outcome:
    """Make the file of a case below ``folder`` and read it: here, or in a process that is warm for it."""
    private, place = folder / "private", folder / "upload"
    private.mkdir(parents=True)
    place.mkdir()
    source = place / "file"
    case.make(source)
    return try_here(case.kind, source, private) if warm is None else warm.attempt(source, private)


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
        warm: dict[str, Warm] = {}
        chosen = [case for case in (*CASES, *PLAIN_CASES) if only in case.title or only in case.kind]
        for number, case in enumerate(chosen):
            place = folder / str(number)
            if isinstance(case, PlainCase):
                if case.kind not in warm:
                    warm[case.kind] = Warm(case.kind)
                found = try_plain(case, place, warm[case.kind])
            else:
                found = try_case(case, bases, place)
            wrong = found.wrongs(case.must, (str(folder),))
            bad += bool(wrong)
            said = " ".join(found.said.split()).replace("|", "\\|") + (
                f" **{'; '.join(wrong)}**" if wrong else ""
            )
            print(
                f"| {case.title} | {case.kind} | {found.verdict} | {said} "
                f"| {found.seconds:.1f} | {found.bytes / 1e6:.0f} |",
                flush=True,
            )
        for each in warm.values():
            each.close()
    print(f"\n{len(chosen)} files, {bad} not as they should be", file=sys.stderr)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
