"""How hostile files that are no media are made, whatever reads them."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Maker = Callable[[Path], None]
"""Writes the file (or folder) of a case at this path."""
FIRED = "fired"
"""A pickle that is loaded makes a file of this name in the folder it lies in."""


@dataclass(frozen=True)
class PlainCase:
    """``kind`` is one of `tests.hostile.readers.READERS`; ``must`` is taken, refused or either."""

    title: str
    kind: str
    make: Maker
    must: str = "refused"


class Fires:
    """Unpickling this makes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return (open, (str(self.place), "w"))


def text(content: str | bytes) -> Maker:
    return lambda path: (
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        and None
    )


def plain_json(value: Any) -> Maker:
    return lambda path: text(json.dumps(value))(path)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Fires(path.parent / FIRED)))


def torch_pickled(path: Path) -> None:
    import torch

    torch.save({"weight": Fires(path.parent / FIRED)}, path)


def linked(target: str) -> Maker:
    return lambda path: os.symlink(target, path)


def folder(name: str, make: Maker, *others: tuple[str, Maker]) -> Maker:
    """A folder that holds what is hostile under this name, and other files."""

    def made(path: Path) -> None:
        path.mkdir()
        for each, maker in ((name, make), *others):
            maker(path / each)

    return made


DEEP = "[" * 100_000
JSON_ODD: tuple[tuple[str, Maker, str], ...] = (
    ("nothing", text(""), "refused"),
    ("not UTF-8", text(b"\xff\xfe\x00{"), "refused"),
    ("NUL bytes", text(b"\0" * 1000), "refused"),
    ("100,000 nested lists", text(DEEP), "refused"),
    ("10 MB of spaces and a brace", text(" " * 10_000_000 + "{"), "refused"),
    ("a list", plain_json([]), "refused"),
    ("a number", text("1e999"), "refused"),
    ("NaN", text("NaN"), "refused"),
    ("a number of 5000 digits", text("1" * 5000), "refused"),
    ("half of an object", text('{"a": '), "refused"),
    ("a pickle", pickled, "refused"),
    ("HTML", text("<script>alert(1)</script>"), "refused"),
    ("a device", linked("/dev/zero"), "refused"),
    ("a link to itself", linked("itself"), "refused"),
    ("a link to /etc/passwd", linked("/etc/passwd"), "refused"),
    ("a folder", lambda path: path.mkdir(), "refused"),
)


def put(*keys: Any, value: Any) -> Callable[[dict[str, Any]], Any]:
    """A change that puts ``value`` at a place of nested lists and objects."""

    def change(plain: dict[str, Any]) -> Any:
        place: Any = plain
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        return plain

    return change


NAMES = (
    "../../etc/passwd",
    "/etc/passwd",
    "<img src=x onerror=alert(1)>.mp4",
    "\U0001f3ae\u202e4pm.mp4",
    "a\0b.mp4",
    "x" * 5000 + ".mp4",
)
