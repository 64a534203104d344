"""Hugging Face ZeroGPU: a GPU is lent for the length of one decorated call. Elsewhere: nothing.

The decorated call runs in a forked process that inherits this one's memory: models go to "cuda" when
they are loaded, and only arrays cross the border, as arguments and results.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def on_zerogpu() -> bool:
    """Whether this is a ZeroGPU Space: its variable is set and its package is there."""
    asked = os.environ.get("SPACES_ZERO_GPU", "").lower() in {"1", "t", "true"}
    return asked and importlib.util.find_spec("spaces") is not None


def lent_gpu(seconds: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """``spaces.GPU(duration=seconds)`` on ZeroGPU; elsewhere the function itself, untouched."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if not on_zerogpu():
            return function
        import spaces

        lent: Callable[P, R] = spaces.GPU(duration=seconds)(function)
        return lent

    return decorate
