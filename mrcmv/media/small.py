"""Small files, read whole (never a device, a pipe or something of unexpected size) and written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_small(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of at most ``most_bytes``; raises `OSError` for anything else.

    A link to a device has no size and no end, and opening a pipe waits for ever; so what it is is looked at
    before it is opened, and the size once more while it is read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a file")
    if found.st_size > most_bytes:
        raise OSError("too large")
    with open(
        path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
    ) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError("too large")
    return content


def write_whole(path: Path, content: bytes | str, mode: int = 0o666) -> None:
    """Make ``content`` the file's (text as UTF-8), as a whole or not at all.

    After a kill or on a full disk there is what was there before, and at most a ``.partial`` beside it,
    which the next writer takes. One writer at a time.
    """
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    os.replace(partial, path)
