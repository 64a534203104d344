"""Faults of the library on the disk: its list, its sounds, its vectors."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from pathlib import Path
from unittest import mock

import numpy as np

from mrcmv.library import Library
from tests.faults.bench import Outcome, fault, sentence
from tests.faults.machine import disk, fill, flip_bit
from tests.faults.shelf import Hearer, Words, library, own


def _broken_catalogue(place: Path, spoil, mend) -> tuple[str, Library]:  # type: ignore[no-untyped-def]
    ident = own(place, library(place))
    catalogue = place / "library" / "catalog.sqlite"
    with sqlite3.connect(catalogue) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    kept = catalogue.read_bytes()
    spoil(catalogue)
    said = sentence(lambda: library(place).tracks())
    assert list((place / "library" / "sounds").iterdir())
    mend(catalogue, kept)
    whole = library(place)
    assert whole.get(ident).title == "Own 0"
    assert whole.verify() == [] or all("starter" in line.lower() for line in whole.verify())
    return said, whole


def _put_back(catalogue: Path, kept: bytes) -> None:
    for path in catalogue.parent.glob("catalog.sqlite*"):
        path.unlink()
    catalogue.write_bytes(kept)


@fault("catalogue cut off", "when tracks are listed")
def _(place: Path) -> Outcome:
    said, _whole = _broken_catalogue(place, lambda path: os.truncate(path, 5000), _put_back)
    assert "damaged" in said
    return Outcome(said, "nothing is written over it; restored from a backup, all tracks are there")


@fault("catalogue overwritten", "when tracks are listed")
def _(place: Path) -> Outcome:
    said, _whole = _broken_catalogue(place, lambda path: path.write_bytes(bytes(range(256)) * 64), _put_back)
    assert "damaged" in said
    return Outcome(said, "nothing is written over it; restored from a backup, all tracks are there")


@fault("catalogue of a newer version", "when tracks are listed")
def _(place: Path) -> Outcome:
    def spoil(path: Path) -> None:
        head = bytearray(path.read_bytes())
        head[60:64] = struct.pack(">I", 99)  # user_version
        path.write_bytes(head)

    said, _whole = _broken_catalogue(place, spoil, _put_back)
    assert "newer version" in said
    return Outcome(said, "it is left alone; the newer program finds it as it was")


@fault("catalogue locked", "when a track is added")
def _(place: Path) -> Outcome:
    shelf = library(place)
    own(place, shelf)
    holder = sqlite3.connect(place / "library" / "catalog.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with mock.patch("mrcmv.library.catalog._WAIT_S", 0.2):
            said = sentence(lambda: own(place, shelf, 1))
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert "in use" in said
    assert shelf.get(own(place, shelf, 1)).title == "Own 1"
    assert not list((place / "library" / "incoming").iterdir())
    return Outcome(said, "added once it is free")


@fault("disk full", "when a track is added (file system of 8 MB)")
def _(place: Path) -> Outcome:
    with disk(place / "disk", 8) as small:
        shelf = library(place, small)
        first = own(place, shelf)
        ballast = fill(small, leave=100_000)
        said = sentence(lambda: own(place, shelf, 1))
        assert "disk is full" in said
        assert not list((small / "library" / "incoming").iterdir())
        assert shelf.get(first).title == "Own 0"
        ballast.unlink()
        assert shelf.get(own(place, shelf, 1)).title == "Own 1"
    return Outcome(said, "the tracks that were there stay; added once there is room")


@fault("disk full", "when vectors are kept (file system of 2 MB)")
def _(place: Path) -> Outcome:
    model = Hearer()
    with disk(place / "disk", 2) as small, Words() as words:
        shelf = library(place, small)
        fill(small)
        index = shelf.index(model)
        assert len(index.tracks) == 3
        said = next(line for line in words.lines if "cannot be kept" in line)
    return Outcome(
        f"log: {said}", "music is found all the same; the vectors are made again at the next start"
    )


def _mixes(shelf: Library, ident: str) -> str:
    return sentence(lambda: shelf.intact_path(ident))


@fault("track file missing", "when it is mixed")
def _(place: Path) -> Outcome:
    shelf = library(place)
    ident, other = own(place, shelf), own(place, shelf, 1)
    kept = shelf.sound_path(ident).read_bytes()
    shelf.sound_path(ident).unlink()
    said = _mixes(shelf, ident)
    assert "missing" in said
    shelf.intact_path(other)
    assert any("is missing" in line for line in shelf.verify())
    shelf.sound_path(ident).write_bytes(kept)
    shelf.intact_path(ident)
    return Outcome(said, "every other track works; library verify names it; put back, it works")


@fault("track file replaced", "when it is mixed")
def _(place: Path) -> Outcome:
    shelf = library(place)
    ident, other = own(place, shelf), own(place, shelf, 1)
    shutil.copy(shelf.sound_path(other), shelf.sound_path(ident))
    said = _mixes(shelf, ident)
    assert "replaced" in said
    assert any("is changed" in line for line in shelf.verify())
    shelf.intact_path(other)
    return Outcome(
        said, "every other track works; library verify names it", "only the file that was replaced"
    )


@fault("track file with one bit wrong", "when it is mixed")
def _(place: Path) -> Outcome:
    shelf = library(place)
    ident = own(place, shelf)
    path = shelf.sound_path(ident)
    middle = path.stat().st_size // 2
    flip_bit(path, middle)
    said = _mixes(shelf, ident)
    assert "damaged" in said
    flip_bit(path, middle)
    shelf.intact_path(ident)
    return Outcome(said, "every other track works; restored, it works")


def _vectors(place: Path, spoil) -> str:  # type: ignore[no-untyped-def]
    model = Hearer()
    wanted = library(place).index(model).track_vectors()
    files = sorted((place / "library" / "embeddings").rglob("*.npz"))
    assert len(files) == 3
    spoil(files[0])
    model.heard = 0
    with Words() as words:
        again = library(place).index(model)
    assert np.array_equal(again.track_vectors(), wanted)
    assert model.heard == 1  # of one track, its one window
    return f"log: {words.lines[0]}"


@fault("vectors cut off", "when the index is built")
def _(place: Path) -> Outcome:
    said = _vectors(place, lambda path: os.truncate(path, 200))
    return Outcome(said, "those of this track are made again; the index is the same")


@fault("vectors with one bit wrong", "when the index is built")
def _(place: Path) -> Outcome:
    said = _vectors(place, lambda path: flip_bit(path, path.read_bytes().index(b"NUMPY") + 130))
    return Outcome(said, "those of this track are made again; the index is the same")
