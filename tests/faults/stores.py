"""Faults of what lies on the disk: catalogue, tracks, vectors, weights, answers of a study."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import struct
from pathlib import Path
from unittest import mock

import numpy as np

from mrcmv.library import Library, Rights
from mrcmv.media import write_sound
from tests.faults.bench import Outcome, fault, sentence
from tests.faults.machine import disk, fill
from tests.library.helpers import small_pack

FREE = Rights.state("CC0-1.0", source="https://example.org/pack")


class Words(logging.Handler):
    """Collects what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> Words:
        logging.getLogger("mrcmv").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mrcmv").removeHandler(self)


class Hearer:
    """A network of almost nothing: the mean and the spread of a window, and how often it was asked."""

    name, sha256 = "hearer", "5" * 64

    def __init__(self) -> None:
        self.heard = 0

    def embed_music(self, windows):  # type: ignore[no-untyped-def]
        self.heard += len(windows)
        return np.array(
            [[1.0, float(window.std()), float(abs(window).max())] for window in windows], np.float32
        )


def library(place: Path, home: Path | None = None) -> Library:
    return Library((home or place) / "library", small_pack(place / "starter"), place / "shipped")


def own(place: Path, shelf: Library, seed: int = 0) -> str:
    sound = np.random.default_rng(seed).uniform(-0.2, 0.2, (44_100 * 4, 2)).astype(np.float32)
    write_sound(place / f"own{seed}.wav", sound)
    return shelf.add(place / f"own{seed}.wav", FREE, title=f"Own {seed}", artist="Me").id


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
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    said = _mixes(shelf, ident)
    assert "damaged" in said
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
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
    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.index(b"NUMPY") + 130] ^= 4
        path.write_bytes(content)

    said = _vectors(place, spoil)
    return Outcome(said, "those of this track are made again; the index is the same")


@fault("starter pack missing", "when the library opens")
def _(place: Path) -> Outcome:
    from mrcmv.library import starter

    with mock.patch.object(starter, "sounds_folder", return_value=None), Words() as words:
        pack = starter.load_starter()
    assert pack.tracks == ()
    shelf = Library(place / "library", pack, place / "shipped")
    assert [track.id for track in shelf.tracks()] == []
    ident = own(place, shelf)
    assert [track.id for track in shelf.tracks()] == [ident]
    assert "pip install" in words.lines[0]
    return Outcome(words.lines[0], "own tracks are suggested as always")


@fault("starter track damaged", "when the library opens")
def _(place: Path) -> Outcome:
    from mrcmv.library import starter

    there = starter.sounds_folder()
    assert there is not None
    copy = place / "tracks"
    shutil.copytree(there, copy)
    name = next(iter(starter.load_starter().paths.values())).relative_to(there)
    first = copy / name
    first.write_bytes(first.read_bytes()[:1000])
    with Words() as words:
        pack = starter.load_starter(sounds=copy)
    assert len(pack.tracks) == len(starter.load_starter().tracks) - 1
    assert len(words.lines) == 1
    return Outcome(words.lines[0], "the other tracks are suggested as always")


def _weights(place: Path, spoil) -> str:  # type: ignore[no-untyped-def]
    from mrcmv.separation.weights import FILES, read_weights, weights_folder

    name = FILES["voice"][0]
    copy = place / "weights"
    copy.mkdir()
    shutil.copy(weights_folder() / name, copy / name)
    spoil(copy / name)
    return sentence(lambda: read_weights("voice", copy))


@fault("Spleeter's weights missing", "when the separator loads")
def _(place: Path) -> Outcome:
    said = _weights(place, lambda path: path.unlink())
    assert "missing" in said
    return Outcome(said, "refused until they are installed; nothing is unpickled")


@fault("Spleeter's weights with one bit wrong", "when the separator loads")
def _(place: Path) -> Outcome:
    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(1_000_000)
            byte = file.read(1)
            file.seek(1_000_000)
            file.write(bytes([byte[0] ^ 1]))

    said = _weights(place, spoil)
    assert "damaged" in said
    return Outcome(said, "refused until they are installed again; nothing is unpickled")


def _checkpoint(place: Path, spoil) -> str:  # type: ignore[no-untyped-def]
    from mrcmv.model import ModelConfig, build, load_model, save_checkpoint

    folder = save_checkpoint(place, build(ModelConfig.debug(), seed=0), "mine", {})
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    spoil(folder / "model.safetensors")
    said = sentence(lambda: load_model(folder, device="cpu"))
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    load_model(folder, device="cpu")
    return said


@fault("checkpoint missing", "when the network loads")
def _(place: Path) -> Outcome:
    said = _checkpoint(place, lambda path: path.unlink())
    assert "checkpoint" in said
    return Outcome(said, "refused; put back, it loads")


@fault("checkpoint cut off", "when the network loads")
def _(place: Path) -> Outcome:
    said = _checkpoint(place, lambda path: os.truncate(path, path.stat().st_size // 2))
    assert "damaged" in said
    return Outcome(said, "refused; put back, it loads")


@fault("checkpoint with one bit wrong", "when the network loads")
def _(place: Path) -> Outcome:
    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[-100] ^= 16
        path.write_bytes(content)

    said = _checkpoint(place, spoil)
    assert "damaged" in said
    return Outcome(said, "refused; put back, it loads")


@fault("no network", "when a pack is installed", quick=False)
def _(place: Path) -> Outcome:
    from mrcmv.library import debian
    from tests.faults.bench import CannotHere

    if debian.why_not():
        raise CannotHere("there is no apt-get")
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    with mock.patch.dict(os.environ, dead):
        said = sentence(lambda: debian.fetch("pathological", place / "packs", None, 8.0))
    assert "could not be fetched" in said or "list of packages" in said
    return Outcome(said, "the library is as it was; installed once there is a connection")


def _store(folder: Path):  # type: ignore[no-untyped-def]
    from mrcmv.study.store import Store
    from tests.study.designs import small
    from tests.study.stimuli import fake_manifest

    design = small(session={"trials": 4, "watch_share": 0})
    return Store(f"sqlite:///{folder / 'answers.sqlite'}", fake_manifest(folder.parent / "stimuli", design))


@fault("disk full", "when a participant of a study answers (file system of 1 MB)")
def _(place: Path) -> Outcome:
    from mrcmv.study.store import Answer, Told

    with disk(place / "disk", 1) as small:
        store = _store(small)
        token = store.join(Told("1"))
        store.checks(token, "yes")
        shown = store.where(token).trial
        ballast = fill(small)
        said = sentence(lambda: [store.vote(token, shown.trial, Answer("one", 0)), _more(store, small)])
        ballast.unlink()
        store.vote(token, shown.trial, Answer("one", 0))
        assert store.where(token).trial.number == shown.number + 1
        assert not store.vote(token, shown.trial, Answer("one", 0))  # it counted once
        store.close()
    return Outcome(said, "the same answer is taken once there is room, and counts once")


def _more(store, small: Path) -> None:  # type: ignore[no-untyped-def]
    """The write-ahead log may have had room for one answer."""
    from mrcmv.study.store import Told

    for _ in range(200):
        store.join(Told("1"))


@fault("database gone", "when a participant of a study answers")
def _(place: Path) -> Outcome:
    from mrcmv.study.store import Answer, Told

    folder = place / "data"
    folder.mkdir()
    store = _store(folder)
    token = store.join(Told("1"))
    store.checks(token, "yes")
    shown = store.where(token).trial
    store.close()
    away = place / "away"
    os.rename(folder, away)
    said = sentence(lambda: store.vote(token, shown.trial, Answer("one", 0)))
    os.rename(away, folder)
    assert store.vote(token, shown.trial, Answer("one", 0))
    store.close()
    return Outcome(said, "the same answer is taken once the database is back")
