"""Data sets, losses, the training loop and the evaluation; never imported by the app.

What is exported here is loaded when it is asked for, so that the command line starts without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrcmv.training.config import TrainConfig
    from mrcmv.training.evaluation import evaluate, format_results
    from mrcmv.training.loop import train
    from mrcmv.training.preparation import prepare

_HOME = {
    "TrainConfig": "config",
    "evaluate": "evaluation",
    "format_results": "evaluation",
    "prepare": "preparation",
    "train": "loop",
}

__all__ = ["TrainConfig", "evaluate", "format_results", "prepare", "train"]


def __getattr__(name: str) -> Any:
    """Import the module of an exported name on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value  # a submodule of the same name must not shadow the function
    return value
