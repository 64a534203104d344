"""What is wrong with the machine and not with the file: a full disk, no memory, a process that was killed.

Such trouble comes up as a dozen different errors; `trouble` knows them and says it in one sentence.
"""

from __future__ import annotations

import errno
import sqlite3

from mrcmv.media.errors import ToolError
from mrcmv.media.types import UserError

NO_ROOM = "The disk is full, so nothing can be written. Make room, or wait a few minutes, and try once more."
READ_ONLY = (
    "The program may not use a file or folder that it needs: it is read-only or somebody else's. "
    "Name folders of your own: MRCMV_HOME for your tracks, TMPDIR for temporary files."
)
NO_MEMORY = "The machine has run out of memory. Close other programs, or wait a few minutes, and try again."
KILLED = "The work was ended from outside, most likely for lack of memory. Wait a few minutes and try again."

_OF_ERRNO = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: NO_ROOM,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.ENOMEM: NO_MEMORY,
    errno.EAGAIN: NO_MEMORY,  # no further process or thread may be started
}
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: NO_ROOM,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_NOMEM: NO_MEMORY,
}
_OF_TEXT = {
    "No space left on device": NO_ROOM,
    "Disk quota exceeded": NO_ROOM,
    "File too large": NO_ROOM,
    "requested and ": NO_ROOM,  # numpy: "1024 requested and 0 written"
    "unexpected pos": NO_ROOM,  # torch's writer of archives
    "file write failed": NO_ROOM,
    "Read-only file system": READ_ONLY,
    "Cannot allocate memory": NO_MEMORY,
    "Resource temporarily unavailable": NO_MEMORY,  # ffmpeg: no room for the stack of one more thread
    "can't allocate memory": NO_MEMORY,  # torch's allocator
    "not enough memory": NO_MEMORY,
    "bad_alloc": NO_MEMORY,
    "can't start new thread": NO_MEMORY,
}


class MachineError(UserError):
    """The machine cannot do it now; nothing is wrong with what was asked, and it may work later."""


def trouble(error: BaseException) -> MachineError | None:
    """The machine's trouble behind an error or behind what caused it; None when there is none."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return None
        if isinstance(seen, MachineError):
            return seen
        said = _said(seen)
        if said is not None:
            return MachineError(said)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return None


def _said(error: BaseException) -> str | None:
    if isinstance(error, ToolError):
        return KILLED if error.killed else _of_text(error.details)
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _OF_SQLITE.get(code & 0xFF)
    if isinstance(error, OSError):
        return _OF_ERRNO.get(error.errno or 0) or (None if error.errno else _of_text(str(error)))
    if isinstance(error, RuntimeError):
        return _of_text(str(error))
    return None


def _of_text(text: str) -> str | None:
    return next((said for mark, said in _OF_TEXT.items() if mark in text), None)
