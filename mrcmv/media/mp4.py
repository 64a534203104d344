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
    """One track as it is shown: when it starts and how long it lasts (s), and its samples (frames)."""

    handler: str
    start_s: float
    duration_s: float
    samples: int


def presented_tracks(path: Path) -> list[Presented]:
    """All tracks of an MP4 in the order of the file; handler is "vide" or "soun".

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
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError("no complete MP4") from error


def _track(boxes: dict[bytes, bytes], movie_scale: int) -> Presented:
    start = duration = 0
    elst = boxes.get(b"elst")
    if elst is not None:
        wide = elst[0] == 1
        for entry in range(_number(elst, 4, 4)):
            at = 8 + entry * (20 if wide else 12)
            length = _number(elst, at, 8 if wide else 4)
            media_time = elst[at + 8 : at + 16] if wide else elst[at + 4 : at + 8]
            if media_time == b"\xff" * len(media_time):  # an empty edit: nothing is shown yet
                start += length
            else:
                duration += length
        seconds = duration / movie_scale
    else:
        mdhd = boxes[b"mdhd"]
        wide = mdhd[0] == 1
        seconds = _number(mdhd, 24 if wide else 16, 8 if wide else 4) / _number(mdhd, 20 if wide else 12, 4)
    return Presented(
        handler=boxes[b"hdlr"][8:12].decode("latin-1"),
        start_s=start / movie_scale,
        duration_s=seconds,
        samples=_number(boxes[b"stsz"], 8, 4),
    )


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
