"""One training by several processes, started by ``accelerate launch`` or ``torchrun``.

Every process takes its share of each batch. The embeddings of all are gathered, so that the loss
sees the whole batch with all its negatives, and gradients are summed: the result is that of one
process with the same batch, but for the rounding of sums. A single process needs none of this and
opens no connection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from mrcmv.media import UserError

PATIENCE = timedelta(days=7)
"""How long the others wait for the first process, which prepares clips and pretrains alone."""
CPU = torch.device("cpu")
Value = TypeVar("Value")


def move(given: Value, device: torch.device | str) -> Value:
    """A tensor, or a dataclass of tensors, on ``device``: the one way by which inputs get there."""
    if isinstance(given, Tensor):
        return given.to(device, non_blocking=True)  # type: ignore[return-value]
    return type(given)(*(move(getattr(given, field.name), device) for field in fields(given)))  # type: ignore[arg-type]


def device_of(module: nn.Module) -> torch.device:
    """Where a module's weights lie."""
    return next(module.parameters()).device


def pick_device(name: str, local_rank: int = 0) -> torch.device:
    """``auto`` is the card when there is one; raises `UserError` when ``cuda`` is asked for in vain."""
    there = torch.cuda.is_available() and os.environ.get("ACCELERATE_USE_CPU", "").lower() not in (
        "true",
        "1",
    )
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("There is no CUDA device here: train with device = 'auto' or 'cpu'.")
    if name == "cpu" or not there:
        return torch.device("cpu")
    return torch.device("cuda", local_rank % torch.cuda.device_count())


@dataclass(frozen=True)
class Team:
    """The processes of a run and this one's place among them; by default it is alone.

    All methods but `share` and `counts` are meetings: every process must call them, in the same order.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @property
    def lead(self) -> bool:
        """The first process writes states, log and checkpoint."""
        return self.rank == 0

    def counts(self, count: int) -> list[int]:
        """How many of ``count`` rows each process takes."""
        return [count // self.size + (place < count % self.size) for place in range(self.size)]

    def share(self, count: int) -> slice:
        """This process's rows of a batch of ``count``."""
        counts = self.counts(count)
        return slice(sum(counts[: self.rank]), sum(counts[: self.rank + 1]))

    def gather(self, own: Tensor, count: int) -> Tensor:
        """[own rows, ...] of every process -> [count, ...] in the order of the batch, with gradients.

        A gradient flows back into the own rows only; as every process computes the whole loss,
        that is all there is.
        """
        if self.size == 1:
            return own
        gathered: Tensor = _Gather.apply(own, self.rank, tuple(self.counts(count)))
        return gathered

    def sum_gradients(self, module: nn.Module, whole: nn.Module | None = None) -> None:
        """Sum the gradients of ``module`` over all processes; those of ``whole``, a part of it that
        every process computes from the whole batch, are averaged instead.

        Parameters that no process has a gradient for are left without one.
        """
        if self.size == 1:
            return
        import torch.distributed as dist

        parameters = list(module.parameters())
        known = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.int32)
        known = known.to(self.device)
        dist.all_reduce(known)
        used = [parameter for parameter, count in zip(parameters, known.tolist(), strict=True) if count]
        everywhere = {id(parameter) for parameter in whole.parameters()} if whole is not None else set()
        for parameter in used:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            elif id(parameter) in everywhere:
                parameter.grad /= self.size
        _together([parameter.grad for parameter in used if parameter.grad is not None], dist.all_reduce)

    def same_weights(self, module: nn.Module) -> None:
        """Give every process the first one's weights and statistics."""
        if self.size == 1:
            return
        import torch.distributed as dist

        with torch.no_grad():
            _together(list(module.state_dict().values()), lambda flat: dist.broadcast(flat, 0))

    def same(self, value: Value) -> Value:
        """The first process's value, for everybody."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        held = [value]
        dist.broadcast_object_list(held, 0)
        return held[0]

    def collect(self, own: Sequence[Value]) -> list[Value]:
        """The lists of all processes, one after the other."""
        if self.size == 1:
            return list(own)
        import torch.distributed as dist

        held: list[list[Value]] = [[] for _ in range(self.size)]
        dist.all_gather_object(held, list(own))
        return [value for part in held for value in part]

    def wait(self) -> None:
        """Until everybody is here."""
        self.same(None)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, own: Tensor, rank: int, counts: tuple[int, ...]) -> Tensor:
        import torch.distributed as dist

        context.rows = slice(sum(counts[:rank]), sum(counts[: rank + 1]))
        padded = own.new_zeros(max(counts), *own.shape[1:])
        padded[: len(own)] = own
        parts = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(parts, padded)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0][context.rows].contiguous(), None, None


def _together(tensors: list[Tensor], meet: Any) -> None:
    """Send tensors as one flat buffer per kind of number, and take the answer back into them."""
    for kind in dict.fromkeys(tensor.dtype for tensor in tensors):
        mine = [tensor for tensor in tensors if tensor.dtype == kind]
        flat = torch.cat([tensor.reshape(-1) for tensor in mine])
        meet(flat)
        for tensor, part in zip(mine, flat.split([tensor.numel() for tensor in mine]), strict=True):
            tensor.copy_(part.view_as(tensor))


@contextmanager
def team(device: str = "auto") -> Iterator[Team]:
    """The team that the launcher's environment names (``RANK``, ``WORLD_SIZE``), joined for a while."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Team(device=pick_device(device))
        return
    import torch.distributed as dist

    place = pick_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if place.type == "cuda":
        torch.cuda.set_device(place)
    mine = not dist.is_initialized()
    if mine:
        dist.init_process_group("cpu:gloo,cuda:nccl" if place.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Team(dist.get_rank(), size, place)
    finally:
        if mine:
            dist.destroy_process_group()
