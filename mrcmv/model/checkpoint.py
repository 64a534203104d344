"""Checkpoints: ``checkpoints/<name>/{model.safetensors, config.json, metrics.json, README.md}``.

Nothing is pickled: a checkpoint from somewhere else can hold wrong numbers, but no program.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mrcmv
from mrcmv.media import UserError, home, read_small, write_whole
from mrcmv.model.config import ModelConfig
from mrcmv.model.mrcmv import Mrcmv, build, pick_device, weights_bytes
from mrcmv.model.net import MrcmvNet

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, CONFIG, METRICS, CARD = "model.safetensors", "config.json", "metrics.json", "README.md"
MOST_BYTES, MOST_METRICS = 4_000_000_000, 20_000_000


class CheckpointError(UserError):
    """A checkpoint that is not there, damaged or not what its configuration says."""


def checkpoint_folders() -> list[Path]:
    """Where names are looked up: the project's own checkpoints, then the user's."""
    return [Path(mrcmv.__file__).resolve().parent.parent / "checkpoints", home() / "checkpoints"]


def available() -> dict[str, Path]:
    """Name -> folder of every checkpoint that can be loaded by name; the project's own come first."""
    found: dict[str, Path] = {}
    for parent in checkpoint_folders():
        for weights in sorted(parent.glob(f"*/{WEIGHTS}")):
            found.setdefault(weights.parent.name, weights.parent)
    return found


def save_checkpoint(folder: Path, net: MrcmvNet, name: str, metrics: Mapping[str, Any]) -> Path:
    """Write ``folder/name/`` and return it. Each file appears whole or not at all.

    ``metrics`` must be JSON; it becomes ``metrics.json``, with the weights' SHA-256 beside it. A card is
    written only where there is none yet.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise CheckpointError("A checkpoint's name may hold letters, digits, dots, dashes and underscores.")
    target = Path(folder) / name
    target.mkdir(parents=True, exist_ok=True)
    weights = weights_bytes(net)
    facts = {
        "name": name,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "metrics": dict(metrics),
    }
    write_whole(target / WEIGHTS, weights)
    write_whole(target / CONFIG, net.config.to_json().encode())
    write_whole(target / METRICS, (json.dumps(facts, indent=2) + "\n").encode())
    if not (target / CARD).exists():
        write_whole(target / CARD, _card(facts).encode())
    return target


def load_model(name_or_path: str | Path = "compact", device: str = "auto") -> Mrcmv:
    """A checkpoint by name or folder, ready to embed.

    ``device``: auto (cuda, else mps, else cpu) or one of them. Without a checkpoint of that name
    ``debug`` is a tiny network of random weights, for trying the program out.

    Raises
    ------
    CheckpointError
        It is not there, its files are damaged, or weights and configuration do not fit.
    """
    chosen = pick_device(device)
    folder = _find(name_or_path)
    if folder is None:
        return Mrcmv(ModelConfig.debug(), name="debug", device=chosen)
    net, name = load_net(folder), folder.resolve().name
    return Mrcmv(net.config, net=net, name=name, device=chosen)


def load_net(folder: Path) -> MrcmvNet:
    """The network of the checkpoint in this folder, on the CPU, in eval mode; hash-checked."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    from mrcmv.model.blank import Blank

    try:
        config = ModelConfig.read(folder / CONFIG)
        weights = read_small(folder / WEIGHTS, MOST_BYTES)
        metrics = folder / METRICS
        facts = json.loads(read_small(metrics, MOST_METRICS)) if metrics.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"The checkpoint {folder.name!r} cannot be read: it needs {WEIGHTS} and {CONFIG}."
        ) from error
    wanted = facts.get("sha256", "") if isinstance(facts, dict) else ""
    if wanted and hashlib.sha256(weights).hexdigest() != wanted:
        raise CheckpointError(f"The weights of {folder.name!r} are damaged: get the checkpoint again.")
    try:
        state = load(weights)
        _check(state, config)
        with Blank():
            net = build(config)
        net.load_state_dict(state)
    except (SafetensorError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"The weights of {folder.name!r} do not fit its {CONFIG}: get the checkpoint again."
        ) from error
    return net.eval()


def _check(state: Mapping[str, Tensor], config: ModelConfig) -> None:
    """Raise ValueError unless these are finite weights of that very network, before any of it is made.

    The network is drawn without memory first: a configuration can claim more than a machine has.
    """
    import torch

    from mrcmv.model.blank import Blank

    with torch.device("meta"), Blank():
        wanted = {name: each.shape for name, each in build(config).state_dict().items()}
    if {name: each.shape for name, each in state.items()} != wanted:
        raise ValueError("other shapes")
    if not all(bool(each.isfinite().all()) for each in state.values()):
        raise ValueError("numbers that are none")


def _find(name_or_path: str | Path) -> Path | None:
    """The folder meant; None for the random ``debug`` network."""
    known = available()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    if (path / WEIGHTS).exists():
        return path
    if str(name_or_path) == "debug":
        return None
    names = ", ".join([*known, "debug"])
    raise CheckpointError(
        f"There is no checkpoint {path.name!r}: choose one of {names}, or name a folder that holds "
        f"{WEIGHTS} and {CONFIG}."
    )


def _card(facts: Mapping[str, Any]) -> str:
    lines = [
        f"# {facts['name']}",
        "",
        f"{facts['parameters']:,} parameters. SHA-256 of `{WEIGHTS}`: `{facts['sha256']}`.",
        f"Every choice of the network stands in `{CONFIG}`, what was measured in `{METRICS}`.",
        "",
    ]
    numbers = {key: value for key, value in facts["metrics"].items() if isinstance(value, int | float)}
    if numbers:
        lines += ["| measure | value |", "|---|---|"]
        lines += [f"| {key} | {value:g} |" for key, value in numbers.items()] + [""]
    return "\n".join(lines)
