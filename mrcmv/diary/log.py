"""The log on stderr: plain lines, or with ``MRCMV_LOG=json`` one JSON object per line.

Both tell where an error happened, but no text of it that looks like a path, an address or a quotation:
these may come from a visitor. The standard library's logging is enough for that.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import re
import sys
import time
import traceback
from types import TracebackType
from typing import TextIO

_PRIVATE = re.compile(r"""(['"`]).*?\1|\S*[/\\]\S*|\b\d{1,3}(\.\d{1,3}){3}\b""", re.DOTALL)
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(stream: TextIO | None = None) -> None:
    """Send all logs to ``stream`` (stderr) in the form that the environment asks for. May be called again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if os.environ.get("MRCMV_LOG") == "json" else PlainLines())
    handler.set_name("mrcmv")
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == "mrcmv"]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger("mrcmv").setLevel(logging.INFO)


def without_private(text: str) -> str:
    """A message without what may be somebody's: quotations, paths, addresses."""
    return _PRIVATE.sub("(…)", text)[:500]


def stack_of(error: BaseException) -> str:
    """Where an error and what caused it happened, the cause first."""
    parts: list[str] = []
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        frames = "".join(traceback.format_tb(each.__traceback__))
        parts.insert(0, f"{frames}{type(each).__name__}: {without_private(str(each))}")
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\nwhich led to\n".join(parts)


class PlainLines(logging.Formatter):
    """Time, level, who and what; the stack below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        mine = copy.copy(record)  # logging keeps the text of a stack in the record, for all formatters
        mine.exc_text = None
        return super().format(mine)

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's own name
        return stack_of(ei[1]) if ei[1] is not None else ""


class JsonLines(logging.Formatter):
    """One object per line: "time" (UTC), "level", "logger", "says", and what a piece of work tells."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["stack"] = stack_of(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False, default=str)
