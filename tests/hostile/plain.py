"""Hostile files that are no media: manifests, designs, checkpoints, settings.

Each is made in a folder of its own and read by what reads it in the program. The same has to hold as for
media: taken, or refused with one plain sentence, within 20 s and 1.5 GB, and nothing is left over.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Maker = Callable[[Path], None]
"""Writes the file (or folder) of a case at this path."""
FIRED = "fired"
"""A pickle that is loaded makes a file of this name in the folder it lies in."""


@dataclass(frozen=True)
class PlainCase:
    """``kind`` is one of `READERS`; ``must`` is taken, refused or either."""

    title: str
    kind: str
    make: Maker
    must: str = "refused"


# -- what reads them -------------------------------------------------------------------------------


def read_design(path: Path) -> str:
    from mrcmv.study.reading import load_design

    made = load_design(path)
    return f"{len(made.clips)} clips, {len(made.method_names)} methods"


def read_stimuli(path: Path) -> str:
    from mrcmv.media import UserError
    from mrcmv.study.manifest import read_manifest

    made = read_manifest(path)
    problems = made.problems()
    if problems:
        raise UserError(problems[0])
    return f"{len(made.stimuli)} stimuli"


def read_data(path: Path) -> str:
    from mrcmv.training.manifest import read_manifest

    return f"{len(read_manifest(path))} clips"


def read_settings(path: Path) -> str:
    from mrcmv.cli.clip import mix_settings

    track, settings = mix_settings(path, None, None, None, "auto")
    return f"{settings.level_lu:g} LU" + (", a track" if track else "")


def read_checkpoint(path: Path) -> str:
    from mrcmv.model import load_model

    model = load_model(path, device="cpu")
    return f"{sum(each.numel() for each in model.net.parameters()):,} numbers"


def read_published(path: Path) -> str:
    """Published weights of VGGish, which lie in a file of torch."""
    from mrcmv.model import ModelConfig
    from mrcmv.model.net import MrcmvNet
    from mrcmv.model.public import load_public_vggish

    load_public_vggish(MrcmvNet(ModelConfig.debug()).voice_encoder, path)
    return "weights"


def read_catalogue(path: Path) -> str:
    """The list of own tracks and packs."""
    from mrcmv.library.catalog import Catalog

    return f"{len(Catalog(path).tracks())} tracks"


def read_facts(path: Path) -> str:
    """The manifest of the starter pack."""
    from mrcmv.library.starter import load_starter

    found = load_starter(path, path.parent)
    if found.problems:
        from mrcmv.media import UserError

        raise UserError(found.problems[0])
    return f"{len(found.tracks)} tracks"


def read_rights(path: Path) -> str:
    """What is stated of an own track, as the page gets it."""
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from mrcmv.media import UserError
    from mrcmv.web.shelf import Access, Bookcase, routes
    from tests.web.fakes import FakeRecommender

    case = Bookcase(FakeRecommender(path.parent / "fake", mixed=False), Access(editable=True))  # type: ignore[arg-type]
    client = TestClient(Starlette(routes=routes(case)), base_url="http://127.0.0.1")
    answer = client.post(
        "/library/own", content=path.read_bytes(), headers={"Content-Type": "application/json"}
    )
    case.close()
    if answer.status_code >= 500:
        raise RuntimeError(answer.text)
    if answer.status_code != 200:
        raise UserError(_english(answer.json()["error"]))
    return "rights"


def _english(html: str) -> str:
    from html import unescape

    found = re.search(r'<span class="en"[^>]*>(.*?)</span>', html, re.DOTALL)
    return unescape(found[1] if found else html)


READERS: dict[str, Callable[[Path], str]] = {
    "design": read_design,
    "stimuli": read_stimuli,
    "data set": read_data,
    "settings": read_settings,
    "checkpoint": read_checkpoint,
    "published weights": read_published,
    "list of tracks": read_catalogue,
    "starter pack": read_facts,
    "rights": read_rights,
}


# -- how they are made -----------------------------------------------------------------------------


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


@cache
def good_settings() -> dict[str, Any]:
    from mrcmv.export.settings import settings_document
    from mrcmv.mix import MixSettings

    return settings_document(MixSettings().to_json(), track=None, measured={})


def settings(**changes: Any) -> Maker:
    def made(path: Path) -> None:
        document = good_settings()
        path.write_text(json.dumps({**document, "settings": {**document["settings"], **changes}}))

    return made


YAML = """\
study: three
title: Music for game clips
seed: 7
clips:
  - {id: one, file: one.mp4, tags: [calm]}
  - two.mp4
methods:
  - {name: network, kind: checkpoint}
  - {name: chance, kind: random}
comparison: {kind: pairs}
questions:
  - {kind: preference, text: "Which music fits better?", tie: true}
consent: {version: "1", text: I take part.}
instructions: Watch both videos.
session: {trials: 2}
assignments_per_cell: 20
"""
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def design(old: str = "", new: str = "", *, links: str = "") -> Maker:
    """The design above with something replaced; ``links`` is where its second clip leads."""

    def made(path: Path) -> None:
        (path.parent / "one.mp4").write_bytes(b"one")
        if links:
            (path.parent / "two.mp4").symlink_to(links)
        else:
            (path.parent / "two.mp4").write_bytes(b"two")
        path.write_bytes(YAML.replace(old, new).encode("utf-8", "surrogatepass"))

    return made


def stimuli(change: Callable[[dict[str, Any]], Any] = lambda plain: plain) -> Maker:
    """A folder of stimuli with its manifest changed."""

    def made(path: Path) -> None:
        from tests.study.designs import small
        from tests.study.stimuli import fake_manifest

        fake_manifest(path, small())
        file = path / "manifest.json"
        file.write_text(json.dumps(change(json.loads(file.read_text()))))

    return made


def put(*keys: Any, value: Any) -> Callable[[dict[str, Any]], Any]:
    """A change that puts ``value`` at a place of nested lists and objects."""

    def change(plain: dict[str, Any]) -> Any:
        place: Any = plain
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        return plain

    return change


def data_set(**row: Any) -> Maker:
    good = {
        "id": "one",
        "split": "train",
        "clip": "clips/one.mp4",
        "track": {"id": "song"},
        "duration_s": 32.0,
    }
    return folder("manifest.jsonl", text(json.dumps({**good, **row}) + "\n"))


def checkpoint(
    weights: Maker | None = None, config: Maker | None = None, metrics: Maker | None = None
) -> Maker:
    """The shape of a checkpoint of the debug network, with files replaced."""

    def made(path: Path) -> None:
        for name, content in good_checkpoint().items():
            path.mkdir(exist_ok=True)
            (path / name).write_bytes(content)
        for name, maker in (
            ("model.safetensors", weights),
            ("config.json", config),
            ("metrics.json", metrics),
        ):
            if maker is not None:
                (path / name).unlink(missing_ok=True)
                maker(path / name)

    return made


@cache
def good_checkpoint() -> dict[str, bytes]:
    from mrcmv.model import ModelConfig
    from mrcmv.model.mrcmv import weights_bytes
    from mrcmv.model.net import MrcmvNet

    net = MrcmvNet(ModelConfig.debug())
    return {"model.safetensors": weights_bytes(net), "config.json": net.config.to_json().encode()}


def header(value: Any, size: int | None = None) -> Maker:
    """A safetensors file with this header, claimed to be so long."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return text(struct.pack("<Q", len(content) if size is None else size) + content + bytes(64))


def tensors(change: Callable[[Any], Any]) -> Maker:
    """Good weights, each changed."""

    def made(path: Path) -> None:
        from safetensors.torch import load, save_file

        save_file(
            {
                name: change(each).contiguous()
                for name, each in load(good_checkpoint()["model.safetensors"]).items()
            },
            path,
        )

    return made


def config(**changes: Any) -> Maker:
    return lambda path: plain_json({**json.loads(good_checkpoint()["config.json"]), **changes})(path)


def catalogue(*statements: str) -> Maker:
    """A list of tracks with these statements done to it."""

    def made(path: Path) -> None:
        import sqlite3

        from mrcmv.library.catalog import Catalog

        with Catalog(path).writing():
            pass
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    return made


TRACK_ROW = (
    "INSERT INTO tracks (id, sound, origin, added, facts, revision) VALUES ('a', 'b', 'c', 'd', '{}', 1)"
)
RIGHTS = {"licence": "CC0-1.0", "source": "https://example.org/song", "artist": "Ada"}
HUGE = 10**12
NAMES = ("../../etc/passwd", "/etc/passwd", "<img src=x onerror=alert(1)>.mp4", "\U0001f3ae\u202e4pm.mp4", "a\0b.mp4",
         "x" * 5000 + ".mp4")  # fmt: skip

PLAIN_CASES: list[PlainCase] = [
    *(PlainCase(title, "settings", make, must) for title, make, must in JSON_ODD),
    PlainCase("as exported", "settings", settings(), "taken"),
    *(PlainCase(f"a level of {value!r:.12}", "settings", settings(level_lu=value))
      for value in (float("nan"), float("inf"), -1e308, 10**400, True, "13", None, [13], {})),
    PlainCase("an unknown setting", "settings", settings(__class__="x")),
    PlainCase("a setting named in HTML", "settings", settings(**{"<img src=x onerror=alert(1)>": 1})),
    PlainCase("another format", "settings", plain_json({"format": "x", "settings": {}})),
    PlainCase("another version", "settings", plain_json({"format": "mrcmv-mix", "version": 10**30, "settings": {}})),
    PlainCase("a track that is a path", "settings",
              lambda path: path.write_text(json.dumps({**good_settings(), "track": {"id": "../../etc/passwd"}})) and None, "taken"),
    # designs
    *(PlainCase(title, "design", make, must) for title, make, must in JSON_ODD),
    PlainCase("as written", "design", design(), "taken"),
    PlainCase("a billion laughs", "design", text(LAUGHS)),
    PlainCase("one anchor", "design", design("title: Music", "title: &a Music"), "taken"),
    PlainCase("an alias", "design", design("[calm]", "[&a calm, *a]")),
    PlainCase("a merge of itself", "design", text("a: &a {<<: *a}\n")),
    PlainCase("!!python/object", "design", design("Music for game clips", "!!python/object/apply:os.system ['touch fired']")),
    PlainCase("!!python/name", "design", design("seed: 7", "seed: !!python/name:os.system")),
    PlainCase("an unknown tag", "design", design("seed: 7", "seed: !x 7")),
    PlainCase("!!binary", "design", design("Music for game clips", "!!binary aGVsbG8="), "either"),
    PlainCase("3 MB of text", "design", design("I take part.", "x" * 3_000_000)),
    PlainCase("20,000 nested braces", "design", text("{a: " * 20_000)),
    PlainCase("20,000 nested indents", "design", text("".join(" " * n + "a:\n" for n in range(800)))),
    PlainCase("a NUL byte in a title", "design", design("Music", "Mu\0sic")),
    PlainCase("a seed of 5000 digits", "design", design("seed: 7", "seed: " + "9" * 5000)),
    PlainCase("a seed that is a list", "design", design("seed: 7", "seed: [7]")),
    PlainCase("NaN assignments", "design", design("assignments_per_cell: 20", "assignments_per_cell: .nan")),
    PlainCase("a billion trials", "design", design("trials: 2", "trials: 1000000000")),
    PlainCase("a key that is a list", "design", design("seed: 7", "seed: 7\n? [a]\n: b")),
    PlainCase("a key twice", "design", design("seed: 7", "seed: 7\nseed: 8")),
    PlainCase("methods that are a text", "design", design("methods:\n  - {name: network, kind: checkpoint}\n  - {name: chance, kind: random}",
                                                          "methods: all")),
    *(PlainCase(f"a clip called {name!r:.24}", "design", design("file: one.mp4", f"file: {json.dumps(name)}"), "either") for name in NAMES),
    PlainCase("a clip that is a link to a device", "design", design(links="/dev/zero")),
    PlainCase("a clip that is a link to itself", "design", design(links="two.mp4")),
    PlainCase("an id of HTML and emoji", "design", design("id: one", 'id: "<b>\U0001f3ae"')),
    PlainCase("a title of HTML and emoji", "design", design("Music for game clips", '"<script>alert(1)</script> \U0001f3ae"'), "taken"),
    PlainCase("a folder of everything", "design",
              design("clips:\n  - {id: one, file: one.mp4, tags: [calm]}\n  - two.mp4", "clips: {glob: /**/*}"), "either"),
    # stimuli
    *(PlainCase(title, "stimuli", folder("manifest.json", make), must) for title, make, must in JSON_ODD),
    PlainCase("as made", "stimuli", stimuli(), "taken"),
    PlainCase("no manifest", "stimuli", lambda path: path.mkdir()),
    PlainCase("another design's hash", "stimuli", stimuli(put("design_hash", value="0" * 64))),
    PlainCase("an unknown key", "stimuli", stimuli(put("stimuli", 0, "x", value=1))),
    *(PlainCase(f"a stimulus called {name!r:.24}", "stimuli", stimuli(put("stimuli", 0, "id", value=name))) for name in NAMES),
    PlainCase("a number as the file's name", "stimuli", stimuli(put("stimuli", 0, "id", value=7))),
    PlainCase("stimuli that are a text", "stimuli", stimuli(put("stimuli", value="all"))),
    PlainCase("a length of NaN", "stimuli", stimuli(put("stimuli", 0, "duration_s", value=float("nan")))),
    # data sets
    *(PlainCase(title, "data set", folder("manifest.jsonl", make), "either") for title, make, _ in JSON_ODD),
    PlainCase("as built", "data set", data_set(), "taken"),
    *(PlainCase(f"a clip at {name!r:.24}", "data set", data_set(clip=name), "either") for name in NAMES),
    *(PlainCase(f"music at {name!r:.24}", "data set", data_set(music=name), "either") for name in NAMES[:2]),
    PlainCase("an id with a path", "data set", data_set(id="..")),
    PlainCase("a length of NaN", "data set", data_set(duration_s=float("nan"))),
    PlainCase("a length of 10^400", "data set", data_set(duration_s=10**400)),
    PlainCase("a track that is a text", "data set", data_set(track="song")),
    PlainCase("a clip that is a list", "data set", data_set(clip=["a"])),
    PlainCase("100,000 nested lists in a line", "data set", folder("manifest.jsonl", text(DEEP + "\n"))),
    # checkpoints
    PlainCase("as saved", "checkpoint", checkpoint(), "taken"),
    *(PlainCase(f"config.json: {title}", "checkpoint", checkpoint(config=make), must) for title, make, must in JSON_ODD),
    *(PlainCase(f"metrics.json: {title}", "checkpoint", checkpoint(metrics=make), "either")
      for title, make, _ in JSON_ODD),
    *(PlainCase(f"model.safetensors: {title}", "checkpoint", checkpoint(weights=make)) for title, make, _ in JSON_ODD),
    PlainCase("a pickle of torch under the name of safetensors", "checkpoint", checkpoint(weights=torch_pickled)),
    PlainCase("pytorch_model.bin and model.pt, pickles, and nothing else", "checkpoint",
              folder("pytorch_model.bin", torch_pickled, ("model.pt", pickled))),
    PlainCase("a header of 2^60 bytes", "checkpoint", checkpoint(weights=header({}, 2**60))),
    PlainCase("a header of 2^64 - 1 bytes", "checkpoint", checkpoint(weights=header({}, 2**64 - 1))),
    PlainCase("a tensor of 2^60 numbers", "checkpoint",
              checkpoint(weights=header({"a": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]}}))),
    PlainCase("tensors that lie over each other", "checkpoint",
              checkpoint(weights=header({n: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for n in "ab"}))),
    PlainCase("a header of 100,000 nested lists", "checkpoint", checkpoint(weights=header(DEEP.encode()))),
    PlainCase("weights of other shapes", "checkpoint", checkpoint(weights=tensors(lambda each: each.flatten()[:1]))),
    PlainCase("weights that are NaN", "checkpoint", checkpoint(weights=tensors(lambda each: each * float("nan")))),
    PlainCase("weights that are infinite", "checkpoint", checkpoint(weights=tensors(lambda each: each + float("inf")))),
    PlainCase("whole numbers as weights", "checkpoint", checkpoint(weights=tensors(lambda each: each.long())), "either"),
    PlainCase("an unknown key in config.json", "checkpoint", checkpoint(config=config(d_modell=True))),
    *(PlainCase(f"{field} of 10^12", "checkpoint", checkpoint(config=config(**{field: HUGE})))
      for field in ("d_model", "layers", "embedding", "vggish_hidden", "picture_size", "fast_frames", "patches", "music_steps")),
    PlainCase("many things a little too large", "checkpoint", checkpoint(config=config(d_model=65_536, layers=64, heads=8))),
    PlainCase("a dimension of 0, NaN, text", "checkpoint", checkpoint(config=config(d_model=0, layers=float("nan"), heads="8"))),
    PlainCase("a model.safetensors that is a link to a device", "checkpoint", checkpoint(weights=linked("/dev/zero"))),
    PlainCase("a folder of checkpoints above", "checkpoint", lambda path: path.symlink_to("../../.."), "refused"),
    PlainCase("no file at all", "checkpoint", lambda path: path.mkdir()),
    # published weights
    *(PlainCase(title, "published weights", make, must) for title, make, must in JSON_ODD),
    PlainCase("a pickle of torch that makes a file", "published weights", torch_pickled),
    # the library
    PlainCase("as made", "list of tracks", catalogue(), "taken"),
    *(PlainCase(title, "list of tracks", make, "either" if title in ("nothing", "a folder", "a link to itself") else "refused") for title, make, _ in JSON_ODD
      if title not in ("a device",)),
    PlainCase("facts that are empty", "list of tracks", catalogue(TRACK_ROW)),
    PlainCase("facts that are no JSON", "list of tracks", catalogue(TRACK_ROW.replace("{}", "[["))),
    PlainCase("a table less", "list of tracks", catalogue("DROP TABLE tracks")),
    PlainCase("a trigger on every change", "list of tracks",
              catalogue("CREATE TRIGGER x AFTER UPDATE ON clock BEGIN DELETE FROM tracks; END"), "either"),
    PlainCase("a version to come", "list of tracks", catalogue("PRAGMA user_version = 1000")),
    *(PlainCase(title, "starter pack", make, must) for title, make, must in JSON_ODD),
    PlainCase("a track without facts", "starter pack", plain_json({"tracks": [{}]})),
    PlainCase("tracks that are a text", "starter pack", plain_json({"tracks": "all"})),
    # rights of an own track
    *(PlainCase(title, "rights", make, must) for title, make, must in JSON_ODD
      if title not in ("a device", "a link to itself", "a folder")),
    PlainCase("as stated", "rights", plain_json(RIGHTS), "taken"),
    *(PlainCase(f"{field}: {value!r:.20}", "rights", plain_json({**RIGHTS, field: value}), "either")
      for field in ("licence", "source", "artist", "content_id")
      for value in ("<img src=x onerror=alert(1)>", "\U0001f3ae\u202e", "\0", "x" * 20_000, ["a"], 7)),
]  # fmt: skip
