"""Folders of processes that were killed: what can go on is taken over, the rest is deleted."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from mrcmv.media import abandoned, named


def take_over(prefix: str, base: Path, root: Path, keep_s: float) -> list[Path]:
    """Move the recorded sessions of dead processes into ``root`` and delete everything else of theirs.

    Sessions that were last used more than ``keep_s`` seconds ago go, too. A folder is moved by one rename,
    so of two processes that start at the same time only one gets it.
    """
    from mrcmv.web import record

    taken = []
    for folder in named(prefix, base):
        with abandoned(folder) as dead:
            if not dead:
                continue
            for session in sorted(folder.iterdir()):
                with contextlib.suppress(OSError):
                    if session.is_symlink() or not session.is_dir() or record.age_s(session) > keep_s:
                        continue
                    mine = root / f"kept-{secrets.token_hex(6)}"
                    os.rename(session, mine)
                    taken.append(mine)
            shutil.rmtree(folder, ignore_errors=True)
    return taken
