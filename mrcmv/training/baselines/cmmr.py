"""CMMR-style: two streams that learn emotion tags first and to match afterwards.

After Li & Kumar 2019 (*Query by Video: Cross-modal Music Retrieval*, ISMIR), of which only the abstract
was at hand, hence *style*. Their tags were given by people; ours are quartiles, taken over the training
clips: of the track's flux (arousal) and spectral centroid (brightness) for the music stream, of the
game's intensity (or enemies) and light, which the game tells, for the picture stream. No test clip's
tag is used. The streams are small fully connected networks on hand-crafted features, where the original's are
CNNs: 243 clips teach a CNN nothing. Only the picture is a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from mrcmv.media import UserError
from mrcmv.training.baselines.clipset import ClipSet, Fitted, Pool
from mrcmv.training.baselines.linear import Scaler
from mrcmv.training.baselines.torched import Streams, batches, tensor, train_streams

LEVELS = 4
MUSIC_TAGS = ("flux", "centroid")
PICTURE_TAGS = (("intensity", "enemies"), ("light",))
"""What the game tells, the first that is there."""
HIDDEN, SIZE, DROPOUT = 128, 64, 0.5
TAG_EPOCHS, MATCH_EPOCHS, BATCH = 60, 60, 64
TAG_RATE, MATCH_RATE, DECAY, MARGIN = 2e-3, 5e-4, 1e-2, 0.2


def quartiles(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """0..3 for every value: in which quarter of the values it lies."""
    edges = np.quantile(values, np.arange(1, LEVELS) / LEVELS)
    return np.asarray(np.searchsorted(edges, values, side="left"), dtype=np.int64)


def picture_tags(labels: Sequence[dict[str, Any]]) -> NDArray[np.int64]:
    """[n, 2] quartiles of what the game tells of every clip's intensity and light (means over the clip)."""
    columns = []
    for names in PICTURE_TAGS:
        name = next((each for each in names if all(each in clip.get("game", {}) for clip in labels)), None)
        if name is not None:
            columns.append(quartiles(np.array([float(np.mean(clip["game"][name])) for clip in labels])))
    if not columns:
        raise UserError("CMMR-style needs clips whose labels tell the game's state: build the data again.")
    return np.stack(columns, axis=1)


def stream(size: int) -> nn.Sequential:
    """Features [B, size] -> embedding [B, SIZE]."""
    return nn.Sequential(
        nn.Dropout(0.1), nn.Linear(size, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, SIZE)
    )


def learn_tags(network: nn.Module, inputs: Tensor, tags: Tensor, seed: int) -> float:
    """First stage: ``network`` learns to tell ``tags`` [n, t] of its inputs [n, k]; the last epoch's loss."""
    torch.manual_seed(seed)
    random = np.random.default_rng([seed, 75])
    heads = nn.Linear(SIZE, LEVELS * tags.shape[1])
    optimizer = torch.optim.AdamW(
        [*network.parameters(), *heads.parameters()], lr=TAG_RATE, weight_decay=DECAY
    )
    network.train()
    said = 0.0
    for _ in range(TAG_EPOCHS):
        losses = []
        for index in batches(len(inputs), BATCH, random):
            told = heads(torch.relu(network(inputs[index]))).reshape(-1, LEVELS)
            loss = cross_entropy(told, tags[index].reshape(-1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
        said = float(np.mean(losses))
    return said


def match_loss(query: Tensor, track: Tensor, same: Tensor) -> Tensor:
    """Second stage: cosine hinge over all pairs of a batch that are not of the ``same`` track, both ways."""
    similarity = normalize(query, dim=1) @ normalize(track, dim=1).T
    own = similarity.diagonal()
    rows = torch.relu(MARGIN - own[:, None] + similarity)[~same]
    columns = torch.relu(MARGIN - own[None, :] + similarity)[~same]
    return rows.mean() + columns.mean()


@dataclass(frozen=True)
class CmmrFitted:
    """Scalers of both inputs and the two streams."""

    picture: Scaler
    music: Scaler
    streams: Streams

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        return self.streams.similarity(
            tensor(self.picture(test.table("picture", self.picture.names))),
            tensor(self.music(test.music(pool, self.music.names))),
        )


def fit_cmmr(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """Both streams on tags, then together on pairs."""
    table = train.music()
    picture, music = Scaler.fit(train.table("picture")), Scaler.fit(table)

    def inputs(clips: ClipSet) -> tuple[Tensor, Tensor]:
        return (
            tensor(picture(clips.table("picture", picture.names))),
            tensor(music(clips.music(like=music.names))),
        )

    torch.manual_seed(seed)
    streams = Streams(stream(len(picture.names)), stream(len(music.names)))
    query, track = inputs(train)
    heard = np.stack([quartiles(table.values[:, table.names.index(name)]) for name in MUSIC_TAGS], axis=1)
    learn_tags(streams.query, query, torch.from_numpy(picture_tags(train.labels())), seed)
    learn_tags(streams.track, track, torch.from_numpy(heard), seed)
    train_streams(
        streams,
        (query, track),
        inputs(validation),
        lambda _query_in, _track_in, q, t, same: match_loss(q, t, same),
        train.tracks,
        seed=seed,
        epochs=MATCH_EPOCHS,
        batch=BATCH,
        rate=MATCH_RATE,
        decay=DECAY,
    )
    return CmmrFitted(picture, music, streams)
