"""Networks whose weights are about to be loaded, drawn without rolling dice for them first.

Random first weights cost time, and on the meta device more than that: torch fills a tensor without memory
through a decomposition in Python, which brings in its whole compiler (seconds of every start).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

_DICE = frozenset(
    {torch.Tensor.normal_, torch.Tensor.uniform_, init.normal_, init.uniform_, init.kaiming_uniform_}
)
"""All other initialisers of torch.nn.init end in the first two."""


class Blank(TorchFunctionMode):
    """A context in which tensors are not filled at random: what they hold is whatever memory held.

    Load every weight before the network is used.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _DICE:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))
