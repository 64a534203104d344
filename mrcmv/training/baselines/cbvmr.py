"""CBVMR: content-based video-music retrieval with soft intra-modal structure (Hong, Im & Yang 2018).

arXiv 1704.06761. Music: 1140 hand-crafted numbers (see `cbvmr_features`) -> 2048 -> 1024 -> 512; video:
the mean over frames of a frame's features -> 2048 -> 512; ReLU and dropout between, BatchNorm and unit
length at the end. Loss 3 L_xy + L_yx + 0.2 S_x + 0.2 S_y with x the music and y the video. Adam, 3e-4.
Only the picture is a query.

What differs: the frame's features are hand-crafted (light, colour, edges, layout and a colour histogram;
the original's are of an Inception network), and the epoch is chosen by the validation clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from mrcmv.training.baselines.clipset import MUSIC_OF, ClipSet, Fitted, Pool
from mrcmv.training.baselines.linear import Scaler
from mrcmv.training.baselines.torched import Streams, tensor, train_streams

MARGIN, HARDEST = 0.1, 10
MUSIC_TO_VIDEO, VIDEO_TO_MUSIC, STRUCTURE = 3.0, 1.0, 0.2
WIDTH, SIZE = 2048, 512
RATE, EPOCHS, BATCH = 3e-4, 40, 64


def stream(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    """Fully connected layers, ReLU and dropout between, BatchNorm at the end; unit length is made later."""
    layers: list[nn.Module] = []
    for place, (size, following) in enumerate(pairwise(sizes)):
        layers += [nn.ReLU(), nn.Dropout(dropout)] if place else []
        layers.append(nn.Linear(size, following))
    return nn.Sequential(*layers, nn.BatchNorm1d(sizes[-1]))


def ranking_loss(anchor: Tensor, other: Tensor, same: Tensor, hardest: int = HARDEST) -> Tensor:
    """L: mean of max(0, MARGIN - cos(i, i) + cos(i, k)) over the hardest negatives k of every anchor i.

    Parameters
    ----------
    anchor, other
        Unit vectors [B, d]; the pair is the same row.
    same
        bool [B, B]: the same track, so no negative; true on the diagonal.
    """
    similarity = anchor @ other.T
    own = similarity.diagonal()[:, None]
    worst = similarity.masked_fill(same, -torch.inf).topk(min(hardest, len(anchor) - 1), dim=1).values
    return torch.relu(MARGIN - own + worst)[worst.isfinite()].mean()


def structure_loss(given: Tensor, embedded: Tensor) -> Tensor:
    """S: keeps the order of distances inside one modality.

    Mean over distinct i, j, k of (sign(d_in(i,j) - d_in(i,k)) - sign(d_emb(i,j) - d_emb(i,k)))
    (d_emb(i,k) - d_emb(i,j)) with d = -cosine: 0 where the order is kept.

    Parameters
    ----------
    given, embedded
        Unit vectors [B, k] of the input features and [B, d] of the embedding; B at least 3.
    """
    inside, outside = -(given @ given.T), -(embedded @ embedded.T)
    before = inside[:, :, None] - inside[:, None, :]
    after = outside[:, :, None] - outside[:, None, :]
    each = (before.sign() - after.detach().sign()) * -after
    same = torch.eye(len(given), dtype=torch.bool)
    apart = ~(same[:, :, None] | same[:, None, :] | same[None, :, :])
    return each[apart].mean()


def cbvmr_loss(music_in: Tensor, video_in: Tensor, music: Tensor, video: Tensor, same: Tensor) -> Tensor:
    """3 L_xy + L_yx + 0.2 S_x + 0.2 S_y of input features and (not yet normalised) embeddings, all [B, *]."""
    x, y = normalize(music, dim=1), normalize(video, dim=1)
    ranking = MUSIC_TO_VIDEO * ranking_loss(x, y, same) + VIDEO_TO_MUSIC * ranking_loss(y, x, same)
    structure = structure_loss(normalize(music_in, dim=1), x) + structure_loss(normalize(video_in, dim=1), y)
    return ranking + STRUCTURE * structure


@dataclass(frozen=True)
class CbvmrFitted:
    """Scalers of both inputs and the two streams."""

    frame: Scaler
    music: Scaler
    streams: Streams

    def similarity(self, test: ClipSet, pool: Pool = "clean") -> NDArray[np.float32]:
        """float32 [n, n]; see `Fitted`."""
        track = test.table(f"cbvmr {MUSIC_OF[pool]}", self.music.names)
        return self.streams.similarity(
            tensor(self.frame(test.table("frame", self.frame.names))), tensor(self.music(track))
        )


def fit_cbvmr(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
    """Train both streams together; the epoch with the best validation rank is kept."""
    frame, music = Scaler.fit(train.table("frame")), Scaler.fit(train.table("cbvmr music"))

    def inputs(clips: ClipSet) -> tuple[Tensor, Tensor]:
        return (
            tensor(frame(clips.table("frame", frame.names))),
            tensor(music(clips.table("cbvmr music", music.names))),
        )

    torch.manual_seed(seed)
    query = stream((len(frame.names), WIDTH, SIZE), dropout=0.5)
    track = stream((len(music.names), WIDTH, WIDTH // 2, SIZE), dropout=0.5)
    streams = train_streams(
        Streams(query, track),
        inputs(train),
        inputs(validation),
        lambda q_in, t_in, q, t, same: cbvmr_loss(t_in, q_in, t, q, same),
        train.tracks,
        seed=seed,
        epochs=EPOCHS,
        batch=BATCH,
        rate=RATE,
    )
    return CbvmrFitted(frame, music, streams)
