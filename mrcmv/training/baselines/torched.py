"""Two small networks, one for queries and one for tracks, and the loop that trains them on whole clips."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from mrcmv.training.baselines.linear import mean_relative_rank

PairLoss = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
"""(query inputs, track inputs, query and track embeddings, bool [B, B]: the same track) -> loss."""


@dataclass(frozen=True)
class Streams:
    """Networks that bring a query [B, k] and a track [B, m] into one space [B, d]."""

    query: nn.Module
    track: nn.Module

    def similarity(self, query: Tensor, track: Tensor) -> NDArray[np.float32]:
        """Cosines, float32 [queries, tracks]; without dropout."""
        self.query.eval()
        self.track.eval()
        with torch.inference_mode():
            found = normalize(self.query(query), dim=1) @ normalize(self.track(track), dim=1).T
        return np.asarray(found.numpy(), dtype=np.float32)


def tensor(values: NDArray[np.floating]) -> Tensor:
    """float32 tensor of an array."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def batches(count: int, size: int, random: np.random.Generator) -> list[Tensor]:
    """Indices of all clips in random order, in batches of at least ``size`` where there are as many."""
    order = random.permutation(count)
    return [torch.from_numpy(part) for part in np.array_split(order, max(1, count // size))]


def train_streams(
    streams: Streams,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    loss: PairLoss,
    tracks: Sequence[str],
    *,
    seed: int,
    epochs: int,
    batch: int,
    rate: float,
    decay: float = 0.0,
) -> Streams:
    """Adam on batches of pairs; the state of the epoch with the best mean relative validation rank.

    ``tracks`` names the track of every training clip. The rank is smoothed over three epochs, as on a
    few dozen clips a single one is luck. Deterministic by ``seed`` on the same number of threads.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng([seed, 74])
    names = torch.from_numpy(np.unique(np.asarray(tracks), return_inverse=True)[1])
    parameters = [*streams.query.parameters(), *streams.track.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    history: list[float] = []
    best, kept = np.inf, _state(streams)
    for _ in range(epochs):
        streams.query.train()
        streams.track.train()
        for index in batches(len(train[0]), batch, random):
            query, track = train[0][index], train[1][index]
            optimizer.zero_grad()
            same = names[index][:, None] == names[index][None, :]
            found = loss(query, track, streams.query(query), streams.track(track), same)
            found.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        if len(validation[0]) > 1:
            history.append(mean_relative_rank(streams.similarity(*validation)))
            smooth = float(np.mean(history[-3:]))
            if len(history) >= min(3, epochs) and smooth < best:
                best, kept = smooth, _state(streams)
        else:
            kept = _state(streams)
    for network, state in zip((streams.query, streams.track), kept, strict=True):
        network.load_state_dict(state)
    return streams


def _state(streams: Streams) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return copy.deepcopy(streams.query.state_dict()), copy.deepcopy(streams.track.state_dict())
