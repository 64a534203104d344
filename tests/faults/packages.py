"""Faults of what comes from packages: starter tracks, weights, checkpoints, packs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest import mock

from mrcmv.library import Library
from tests.faults.bench import CannotHere, Outcome, fault, sentence
from tests.faults.machine import flip_bit
from tests.faults.shelf import Words, own


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
    said = _weights(place, lambda path: flip_bit(path, 1_000_000))
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
    said = _checkpoint(place, lambda path: flip_bit(path, -100))
    assert "damaged" in said
    return Outcome(said, "refused; put back, it loads")


@fault("no network", "when a pack is installed", quick=False)
def _(place: Path) -> Outcome:
    from mrcmv.library import debian

    if debian.why_not():
        raise CannotHere("there is no apt-get")
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    with mock.patch.dict(os.environ, dead):
        said = sentence(lambda: debian.fetch("pathological", place / "packs", None, 8.0))
    assert "could not be fetched" in said or "list of packages" in said
    return Outcome(said, "the library is as it was; installed once there is a connection")
