"""Writes a TensorFlow checkpoint as TensorFlow does, a few lines' worth of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

MAGIC = 0xDB4775248B80FB57


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Entries with shared prefixes, one restart point, and the trailer (kind 0, checksum)."""
    out, before = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), None)
        shared = min(len(before), len(key)) if shared is None else shared
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0" + b"\0\0\0\0"


def write_checkpoint(index: Path, data: Path, tensors: Mapping[str, np.ndarray], step: int = 5) -> None:
    """Float32 tensors, and the step as an int64 tensor, as a training run leaves it."""
    entries = [(b"", number(1, 1) + text(3, number(1, 1)))]
    raw = b""
    for name in sorted([*tensors, "global_step"]):
        value = tensors.get(name, np.asarray(step, np.int64))
        shape = b"".join(text(2, number(1, size)) for size in value.shape)
        kind = 1 if value.dtype == np.float32 else 9
        entry = number(1, kind) + text(2, shape) + number(4, len(raw)) + number(5, value.nbytes)
        entries.append((name.encode(), entry + varint(6 << 3 | 5) + b"\0\0\0\0"))
        raw += np.ascontiguousarray(value).tobytes()
    half = len(entries) // 2
    table, places = b"", []
    for part in (entries[:half], entries[half:]):  # two blocks, so that the index block is really read
        made = block(part)
        places.append((part[-1][0], varint(len(table)) + varint(len(made) - 5)))
        table += made
    meta = block([])
    handles = varint(len(table)) + varint(len(meta) - 5)
    table += meta
    made = block(places)
    handles += varint(len(table)) + varint(len(made) - 5)
    table += made
    index.write_bytes(table + handles.ljust(40, b"\0") + MAGIC.to_bytes(8, "little"))
    data.write_bytes(raw)
