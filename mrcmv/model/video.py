"""pytorchvideo's builder of SlowFast, imported without what only its detectors need.

Its package imports ``torchvision.ops`` for one default argument of the detection heads, and that brings
in torchvision's models, data sets and torch's compiler: most of the program's start. While the package
is imported a module of that one name stands in; who imports torchvision later gets the real one.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_ABSENT = ("torchvision", "torchvision.ops")


def slowfast_builder() -> Callable[..., Any]:
    """``pytorchvideo.models.slowfast.create_slowfast``."""
    with warnings.catch_warnings():  # pytorchvideo uses torch.jit.script, which warns that it will go
        warnings.simplefilter("ignore")
        with _stand_in():
            module = importlib.import_module("pytorchvideo.models.slowfast")
    builder: Callable[..., Any] = module.create_slowfast
    return builder


@contextmanager
def _stand_in() -> Iterator[None]:
    """A ``torchvision.ops`` whose only name is RoIAlign, unless torchvision is there already."""
    if any(name in sys.modules for name in ("torchvision", "pytorchvideo.models.head")):
        yield
        return
    stands = {name: ModuleType(name) for name in _ABSENT}
    for name, module in stands.items():
        module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=name == "torchvision")
    stands["torchvision"].__path__ = []
    stands["torchvision.ops"].RoIAlign = None  # type: ignore[attr-defined]
    sys.modules.update(stands)
    try:
        yield
    finally:
        for name, module in stands.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
