"""Make faults and print the table: ``python -m tests.faults [--quick] [--only TEXT] [--write DOCUMENT]``."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import FAULTS
from tests.faults.bench import CannotHere, Fault, run

BEGIN, END = "<!-- made by python -m tests.faults -->", "<!-- end -->"
HEAD = ("fault", "when", "what is said", "what happens after", "lost", "left behind", "holds")


def row(one: Fault) -> tuple[list[str], bool]:
    """The table's row of one fault, and whether it holds."""
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        try:
            seen = run(one, Path(place))
        except CannotHere as error:
            return [one.what, one.when, f"not made: {error}", "", "", "", "-"], True
        except Exception as error:
            logging.exception("%s, %s", one.what, one.when)
            return [one.what, one.when, f"{type(error).__name__}", "", "?", "?", "**no**"], False
    told, left = seen.outcome, ", ".join(seen.left) or "nothing"
    holds = not seen.left
    return [one.what, one.when, told.said, told.after, told.lost, left, "yes" if holds else "**no**"], holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only those that make test makes")
    parser.add_argument("--only", default="", help="only those whose name has this in it")
    parser.add_argument("--write", type=Path, help="put the table into this document, between its marks")
    asked = parser.parse_args()
    logging.getLogger("mrcmv").addHandler(logging.NullHandler())
    logging.getLogger("mrcmv").propagate = False
    began, rows, good = time.monotonic(), [], True
    for one in [f for f in FAULTS if (f.quick or not asked.quick) and asked.only in f"{f.what} {f.when}"]:
        cells, holds = row(one)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        good = good and holds
        print(rows[-1], flush=True)
    table = "\n".join(["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD), *rows])
    holding = sum(line.endswith("| yes |") for line in rows)
    print(f"\n{len(rows)} faults, {holding} hold, {time.monotonic() - began:.0f} s")
    if asked.write:
        text = asked.write.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        asked.write.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
