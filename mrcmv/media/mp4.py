"""Length of a finished MP4 as a player presents it, read from its boxes (ISO/IEC 14496-12).

Only files that this program muxed are read. Measuring by the boxes costs no process and no decoding,
and takes edit lists into account: what lies before a clip's first shown picture does not count.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


@dataclass(frozen=True)
class Presented:
    """One track as it is shown: when it starts and how long it lasts, in seconds.

    ``rate`` is its mean number of samples (frames) per second; ``handler`` is "vide" or "soun".
    """

    handler: str
    start_s: float
    duration_s: float
    rate: float


def presented_tracks(path: Path) -> list[Presented]:
    """All tracks of an MP4 in the order of the file.

    Raises
    ------
    ValueError
        When the file is no complete MP4.
    """
    movie_scale, tracks = 1, []
    box: dict[bytes, bytes] = {}
    try:
        for kind, body in _boxes(_movie(path)):
            if kind == b"mvhd":
                movie_scale = _number(body, 20 if body[0] else 12, 4)
            elif kind == b"trak":
                box = {}
                tracks.append(box)
            else:
                box[kind] = body[: 1 << 20]
        return [_track(boxes, movie_scale) for boxes in tracks]
    except (KeyError, IndexError, ZeroDivisionError, struct.error) as error:
        raise ValueError("no complete MP4") from error


def _track(boxes: dict[bytes, bytes], movie_scale: int) -> Presented:
    mdhd = boxes[b"mdhd"]
    wide = mdhd[0] == 1
    media_s = _number(mdhd, 24 if wide else 16, 8 if wide else 4) / _number(mdhd, 20 if wide else 12, 4)
    start_s, duration_s = 0.0, media_s
    if b"elst" in boxes:
        start, duration = _edits(boxes[b"elst"])
        start_s, duration_s = start / movie_scale, duration / movie_scale
    samples = _number(boxes[b"stsz"], 8, 4)
    handler = boxes[b"hdlr"][8:12].decode("latin-1")
    return Presented(handler, start_s, duration_s, samples / media_s if media_s else 0.0)


def _edits(elst: bytes) -> tuple[int, int]:
    """Time before the first shown sample and time of all shown ones, in units of the movie."""
    wide = elst[0] == 1
    size = 8 if wide else 4
    start = duration = 0
    for entry in range(_number(elst, 4, 4)):
        at = 8 + entry * (2 * size + 4)
        length = _number(elst, at, size)
        if elst[at + size : at + 2 * size] == b"\xff" * size:  # an empty edit: nothing is shown yet
            start += length
        else:
            duration += length
    return start, duration


def _movie(path: Path) -> bytes:
    """Content of the moov box, wherever it lies in the file."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            taken = 8
            if size == 1:
                size, taken = _number(file.read(8), 0, 8), 16
            if kind == b"moov":
                return file.read(size - taken)
            if size < taken:
                break
            file.seek(size - taken, 1)
    raise ValueError("no moov box")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All boxes of the movie in order; those that hold other boxes come before their content."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            raise ValueError("a box without an end")
        body = data[at + 8 : at + size]
        yield kind, body
        if kind in _PARENTS:
            yield from _boxes(body)
        at += size


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size], "big")
