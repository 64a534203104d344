"""Reads a TensorFlow checkpoint ("bundle", version 2 of the saver) without TensorFlow.

Two files make one: ``.index`` is a sorted string table as LevelDB writes it (blocks of entries whose
keys share prefixes, then an index block, then a footer); its values are protocol buffers that name
type, shape, offset and size of every tensor. ``.data-00000-of-00001`` holds the raw tensors, little
endian. Formats: LevelDB's doc/table_format.md, TensorFlow's tensor_bundle.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError

MAGIC = 0xDB4775248B80FB57
FOOTER = 48  # bytes: two handles, padding, the magic number
FLOAT = 1  # tensorflow.DataType.DT_FLOAT

Field = int | bytes


class CheckpointError(UserError):
    """The file is no TensorFlow checkpoint, or it is damaged."""

    def __init__(self) -> None:
        super().__init__(
            "The weight files of the music tagger are damaged: delete them, and they are fetched anew."
        )


def read_checkpoint(index: Path, data: Path) -> dict[str, NDArray[np.float32]]:
    """All float32 tensors of a checkpoint by name, in their own shapes.

    Raises
    ------
    CheckpointError
        When a file is missing, cut short or of another kind.
    """
    try:
        table, raw = index.read_bytes(), data.read_bytes()
        return dict(_tensors(table, raw))
    except (OSError, IndexError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError from error


def _tensors(table: bytes, raw: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for key, value in _entries(table):
        entry = _message(value)
        if not key or entry.get(1) != FLOAT:  # the empty key holds the bundle's header
            continue
        shape = _shape(_bytes(entry.get(2, b"")))
        offset, size = _number(entry.get(4, 0)), _number(entry.get(5, 0))
        if size != 4 * int(np.prod(shape, dtype=np.int64)) or offset + size > len(raw):
            raise ValueError("a tensor lies outside of the file")
        values = np.frombuffer(raw, "<f4", size // 4, offset).astype(np.float32).reshape(shape)
        yield key.decode("utf-8"), values


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of the whole table, through its index block."""
    footer = table[-FOOTER:]
    if len(footer) < FOOTER or int.from_bytes(footer[-8:], "little") != MAGIC:
        raise ValueError("no table")
    _, place = _handle(footer, 0)  # the handle of the meta index, not needed
    handle, _ = _handle(footer, place)
    for _, block in _block(table, *handle):
        yield from _block(table, *_handle(block, 0)[0])


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of one block: each key is a prefix of the key before it and some bytes more."""
    if table[offset + size] != 0:
        raise ValueError("a compressed block")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end, place, key = len(block) - 4 * (restarts + 1), 0, b""
    while place < end:
        shared, place = _varint(block, place)
        fresh, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + fresh]
        place += fresh
        yield key, block[place : place + length]
        place += length


def _handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    """((offset, size) of a block, where the reading ended)."""
    offset, place = _varint(data, place)
    size, place = _varint(data, place)
    return (offset, size), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ended."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _fields(message: bytes) -> Iterator[tuple[int, Field]]:
    """(number, value) of every field of a protocol buffer, in order."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield tag >> 3, number
            continue
        if kind == 2:
            length, place = _varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("no protocol buffer")
        yield tag >> 3, message[place : place + length]
        place += length


def _message(data: bytes) -> dict[int, Field]:
    return dict(_fields(data))


def _shape(message: bytes) -> list[int]:
    """TensorShapeProto: field 2, again and again, is a dimension whose field 1 is its size."""
    return [_number(_message(_bytes(value)).get(1, 0)) for name, value in _fields(message) if name == 2]


def _number(value: Field) -> int:
    if not isinstance(value, int):
        raise TypeError("a number is needed")
    return value


def _bytes(value: Field) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("bytes are needed")
    return value
