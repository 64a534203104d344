"""Hostile data sets, checkpoints and published weights."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.hostile.makers import (
    DEEP,
    JSON_ODD,
    NAMES,
    Maker,
    PlainCase,
    folder,
    linked,
    pickled,
    plain_json,
    text,
    torch_pickled,
)

HUGE = 10**12


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


DATA_SETS: list[PlainCase] = [
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
]
CHECKPOINTS: list[PlainCase] = [
    PlainCase("as saved", "checkpoint", checkpoint(), "taken"),
    *(
        PlainCase(f"config.json: {title}", "checkpoint", checkpoint(config=make), must)
        for title, make, must in JSON_ODD
    ),
    *(
        PlainCase(f"metrics.json: {title}", "checkpoint", checkpoint(metrics=make), "either")
        for title, make, _ in JSON_ODD
    ),
    *(
        PlainCase(f"model.safetensors: {title}", "checkpoint", checkpoint(weights=make))
        for title, make, _ in JSON_ODD
    ),
    PlainCase(
        "a pickle of torch under the name of safetensors", "checkpoint", checkpoint(weights=torch_pickled)
    ),
    PlainCase(
        "pytorch_model.bin and model.pt, pickles, and nothing else",
        "checkpoint",
        folder("pytorch_model.bin", torch_pickled, ("model.pt", pickled)),
    ),
    PlainCase("a header of 2^60 bytes", "checkpoint", checkpoint(weights=header({}, 2**60))),
    PlainCase("a header of 2^64 - 1 bytes", "checkpoint", checkpoint(weights=header({}, 2**64 - 1))),
    PlainCase(
        "a tensor of 2^60 numbers",
        "checkpoint",
        checkpoint(weights=header({"a": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]}})),
    ),
    PlainCase(
        "tensors that lie over each other",
        "checkpoint",
        checkpoint(
            weights=header({n: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for n in "ab"})
        ),
    ),
    PlainCase("a header of 100,000 nested lists", "checkpoint", checkpoint(weights=header(DEEP.encode()))),
    PlainCase(
        "weights of other shapes", "checkpoint", checkpoint(weights=tensors(lambda each: each.flatten()[:1]))
    ),
    PlainCase(
        "weights that are NaN", "checkpoint", checkpoint(weights=tensors(lambda each: each * float("nan")))
    ),
    PlainCase(
        "weights that are infinite",
        "checkpoint",
        checkpoint(weights=tensors(lambda each: each + float("inf"))),
    ),
    PlainCase(
        "whole numbers as weights",
        "checkpoint",
        checkpoint(weights=tensors(lambda each: each.long())),
        "either",
    ),
    PlainCase("an unknown key in config.json", "checkpoint", checkpoint(config=config(d_modell=True))),
    *(
        PlainCase(f"{field} of 10^12", "checkpoint", checkpoint(config=config(**{field: HUGE})))
        for field in (
            "d_model",
            "layers",
            "embedding",
            "vggish_hidden",
            "picture_size",
            "fast_frames",
            "patches",
            "music_steps",
        )
    ),
    PlainCase(
        "many things a little too large",
        "checkpoint",
        checkpoint(config=config(d_model=65_536, layers=64, heads=8)),
    ),
    PlainCase(
        "a dimension of 0, NaN, text",
        "checkpoint",
        checkpoint(config=config(d_model=0, layers=float("nan"), heads="8")),
    ),
    PlainCase(
        "a model.safetensors that is a link to a device",
        "checkpoint",
        checkpoint(weights=linked("/dev/zero")),
    ),
    PlainCase(
        "a folder of checkpoints above", "checkpoint", lambda path: path.symlink_to("../../.."), "refused"
    ),
    PlainCase("no file at all", "checkpoint", lambda path: path.mkdir()),
]
PUBLISHED: list[PlainCase] = [
    *(PlainCase(title, "published weights", make, must) for title, make, must in JSON_ODD),
    PlainCase("a pickle of torch that makes a file", "published weights", torch_pickled),
]
