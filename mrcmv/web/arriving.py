"""Bodies as they arrive: how large, how slow, and of an upload also how many files it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive


@dataclass(frozen=True)
class Limits:
    """Of all visitors, and of ``each`` address where it is known. Sizes in bytes, times in seconds."""

    upload_bytes: int = 512 * 1024**2 + 64 * 1024
    """One file of 512 MB and what a browser writes around it."""
    body_bytes: int = 1024**2
    upload_files: int = 8
    name_bytes: int = 1024
    uploads: int = 16
    uploads_each: int = 4
    streams: int = 512
    streams_each: int = 96
    joins_a_second: float = 100.0
    joins_a_second_each: float = 10.0
    stall_s: float = 30.0
    """Nothing came for so long: the body ends."""
    patience_s: float = 60.0
    least_bytes_a_second: float = 8_000.0
    """After ``patience_s`` a body has to have been at least this quick."""
    least_free_bytes: int = 2_000_000_000
    too_big: str = "This file exceeds the maximum allowed size of 512 MB."


CUT_OFF = "The upload was cut off: send the file once more."
TOO_SLOW = "The upload was too slow: send the file once more over a quicker line."
FILES_ONLY = "An upload holds a few files and nothing else."


def upload_body(receive: Receive, headers: Headers, limits: Limits) -> Receive:
    """``receive`` of an upload. What is wrong is raised as the error after which Gradio's parser cleans up.

    Only then does it delete what it has written: not when a connection breaks off, nor when a form holds a
    field that is no file. Such a field it would also collect in memory, with a copy for every piece.
    """
    look = _Form(headers.get("content-type", ""), limits)
    clock = _Clock(limits)
    size = 0

    async def next_message() -> Message:
        nonlocal size
        message = await clock.next(receive, lambda: MultiPartException(TOO_SLOW))
        if message["type"] == "http.disconnect":
            raise MultiPartException(CUT_OFF)
        piece = message.get("body", b"")
        size += len(piece)
        if size > limits.upload_bytes:
            raise MultiPartException(limits.too_big)
        look.at(piece)
        return message

    return next_message


def plain_body(receive: Receive, limits: Limits, *, measured: bool = True) -> Receive:
    """``receive`` of any other body. One that is not ``measured`` is measured by whoever reads it."""
    clock = _Clock(limits)
    size = 0
    whole = False

    async def next_message() -> Message:
        nonlocal size, whole
        if whole:  # whoever asks now waits for the visitor to leave
            return await receive()
        slow = HTTPException(408, "The request was too slow.") if measured else ClientDisconnect()
        message = await clock.next(receive, lambda: slow)
        size += len(message.get("body", b""))
        if measured and size > limits.body_bytes:
            raise HTTPException(413, "This is too much.")
        whole = not message.get("more_body", False)
        return message

    return next_message


class _Clock:
    """How long a body may take."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.began = time.monotonic()
        self.size = 0

    async def next(self, receive: Receive, error: Callable[[], Exception]) -> Message:
        try:
            message = await asyncio.wait_for(receive(), self.limits.stall_s)
        except TimeoutError:
            raise error() from None
        self.size += len(message.get("body", b""))
        took = time.monotonic() - self.began
        if took > self.limits.patience_s and self.size < took * self.limits.least_bytes_a_second:
            raise error()
        return message


class _Form:
    """Looks at the parts of a form on their way: files only, and few of them."""

    def __init__(self, content_type: str, limits: Limits) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        kind, options = parse_options_header(content_type)
        self.limits = limits
        self.files = 0
        self._name, self._value = b"", b""
        self._parse_options = parse_options_header
        self._parser: Any = None
        if kind == b"multipart/form-data" and options.get(b"boundary"):
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part,
                    "on_header_begin": self._header,
                    "on_header_field": self._field,
                    "on_header_value": self._worth,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_end,
                },
            )

    def at(self, piece: bytes) -> None:
        """Raises `MultiPartException` for a part that is none of ours; Gradio's parser tells the rest."""
        from python_multipart.exceptions import MultipartParseError

        if self._parser is None:
            return
        try:
            self._parser.write(piece)
        except MultipartParseError:
            raise MultiPartException(FILES_ONLY) from None

    def _part(self) -> None:
        self.files += 1
        self._named = False
        if self.files > self.limits.upload_files:
            raise MultiPartException(FILES_ONLY)

    def _header(self) -> None:
        self._name, self._value = b"", b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _worth(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            options = self._parse_options(self._value)[1]
            name = options.get(b"filename")
            self._named = (
                name is not None and len(name) <= self.limits.name_bytes and options.get(b"name") == b"files"
            )

    def _headers_end(self) -> None:
        if not self._named:
            raise MultiPartException(FILES_ONLY)
