"""Tries every attack against a page and a study that are really served, and prints the table of docs/strangers.md.

python -m tests.strangers [--only WORDS]
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.strangers.attacks import Attack, all_attacks
from tests.strangers.scene import Came, Scene, scene


def attempt(attack: Attack, where: Scene) -> Came:
    """Nobody is there before it, nobody is left after it."""
    where.at_rest()
    try:
        return attack.run(where)
    finally:
        where.at_rest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="attacks whose title or aim has these words")
    only = parser.parse_args().only
    logging.disable()
    chosen = [attack for attack in all_attacks() if only in attack.title or only in attack.about]
    bad = 0
    out = sys.stdout
    out.write("| about | attack | what is asked | what comes back | holds |\n|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as name, scene(Path(name)) as where:
        for attack in chosen:
            began = time.monotonic()
            try:
                came = attempt(attack, where)
            except Exception:
                traceback.print_exc()
                came = Came(False, "the attack itself failed")
            bad += not came.holds
            said = came.said.replace("|", "\\|").replace("\n", " ")
            out.write(
                f"| {attack.about} | {attack.title} | {attack.asked} | {said} | {'yes' if came.holds else '**no**'} |\n"
            )
            out.flush()
            sys.stderr.write(f"{attack.title}: {time.monotonic() - began:.1f} s\n")
    sys.stderr.write(f"\n{len(chosen)} attacks, {bad} got through\n")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
