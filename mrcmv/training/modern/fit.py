"""Training the thin network on cached features, and the similarities that it then gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.training.losses import infonce
from mrcmv.training.modern.crops import (
    KINDS,
    TOKENS,
    Scale,
    View,
    last_start,
    music_view,
    picture_view,
    voice_view,
)
from mrcmv.training.modern.features import Features
from mrcmv.training.modern.net import ModernNet, Side
from mrcmv.training.pairs import batches_of
from mrcmv.training.runner import Averager

Use = Literal["both", "picture", "voice"]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class ModernConfig:
    """The preset; chosen by cross-validation within training clips.

    ``components`` of the described frames and music are kept; ``crops`` random crops of every training clip
    are cut; ``noise`` is in spreads of the features; ``drop_picture`` and ``drop_voice`` are chances to take
    a modality away; ``alone`` weighs the losses of picture alone and voice alone; ``average`` is the decay
    per step of the averaged weights that are judged; ``members`` networks of different seeds vote.
    """

    width: int = 48
    dropout: float = 0.5
    components: int = 24
    crops: int = 6
    epochs: int = 40
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    noise: float = 0.3
    drop_picture: float = 0.15
    drop_voice: float = 0.15
    alone: float = 0.5
    temperature: float = 0.1
    average: float = 0.98
    members: int = 3


class Preparation:
    """Scales measured on training clips, and the tensors of any clips by them."""

    def __init__(self, clips: Sequence[Features], components: int) -> None:
        views: dict[str, list[View]] = {kind: [] for kind in KINDS}
        for clip in clips:
            for start in {0, last_start(clip)}:
                for kind, view in _views(clip, start).items():
                    if view is not None:
                        views[kind].append(view)
        if not views["voice"]:  # nobody speaks in any clip: the voice's side is there but never heard
            views["voice"] = [_silence()]
        self.scales = {kind: Scale.fit(found, components) for kind, found in views.items()}

    @property
    def widths(self) -> dict[str, tuple[int, int]]:
        return {kind: scale.widths for kind, scale in self.scales.items()}

    def sides(
        self, clips: Sequence[Features], starts: Sequence[int], separated: bool = False
    ) -> tuple[dict[str, Side], Tensor]:
        """One crop of every clip: (sides, who speaks as bool [n])."""
        rows: dict[str, list[tuple[FloatArray, FloatArray]]] = {kind: [] for kind in KINDS}
        heard = []
        for clip, start in zip(clips, starts, strict=True):
            views = _views(clip, start, separated)
            heard.append(views["voice"] is not None)
            for kind, view in views.items():
                scale = self.scales[kind]
                token, summary = scale.widths
                empty = (np.zeros((TOKENS, token), np.float32), np.zeros(summary, np.float32))
                rows[kind].append(empty if view is None else (scale.tokens(view), scale.summary(view)))
        sides = {
            kind: Side(*(torch.from_numpy(np.stack(part)) for part in zip(*found, strict=True)))
            for kind, found in rows.items()
        }
        return sides, torch.tensor(heard)


def _views(clip: Features, start: int, separated: bool = False) -> dict[str, View | None]:
    curves, described = (clip.rest, clip.rest_net) if separated else (clip.music, clip.music_net)
    return {
        "picture": picture_view(clip, start),
        "voice": voice_view(clip, start),
        "music": music_view(curves, described, start),
    }


def _silence() -> View:
    from mrcmv.training.modern.spoken import NAMES

    return View(
        np.zeros((TOKENS, len(NAMES)), np.float32),
        np.zeros((TOKENS, 0), np.float32),
        np.zeros(2 * len(NAMES) + 4, np.float32),
    )


def train_net(
    clips: Sequence[Features],
    tracks: Sequence[str],
    preparation: Preparation,
    config: ModernConfig,
    use: Use,
    seed: int,
) -> ModernNet:
    """One network; the same for the same seed on the same number of threads."""
    random = np.random.default_rng([seed, 4711])
    crops = [
        preparation.sides(clips, [int(random.integers(last_start(clip) + 1)) if k else 0 for clip in clips])
        for k in range(config.crops)
    ]
    names = {track: number for number, track in enumerate(dict.fromkeys(tracks))}
    track = torch.tensor([names[name] for name in tracks])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = ModernNet(preparation.widths, config.width, config.dropout, config.temperature)
        optimizer = torch.optim.AdamW(
            net.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        averager = Averager(net, config.average)
        steps = config.epochs * len(list(batches_of(len(clips), config.batch, random)))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps)
        net.train()
        for _ in range(config.epochs):
            for chosen in batches_of(len(clips), config.batch, random):
                sides, heard = crops[int(random.integers(config.crops))]
                rows = torch.as_tensor(chosen)
                loss = _loss(
                    net,
                    {kind: side.rows(rows).noisy(config.noise) for kind, side in sides.items()},
                    heard[rows],
                    track[rows],
                    config,
                    use,
                )
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                averager.update()
    net.load_state_dict(averager.weights)
    return net.eval()


def _loss(
    net: ModernNet, sides: dict[str, Side], heard: Tensor, track: Tensor, config: ModernConfig, use: Use
) -> Tensor:
    """InfoNCE of the query, and of picture and voice alone; clips of the same track are no negatives."""
    draw = torch.rand(len(heard))
    seen = torch.ones_like(heard)
    if use == "both":
        seen = ~(heard & (draw < config.drop_picture))
        listened = heard & (draw < 1 - config.drop_voice)
    else:
        listened = heard if use == "voice" else torch.zeros_like(heard)
        seen = ~heard if use == "voice" else seen
    query, looks, sounds, _ = net.query(sides["picture"], sides["voice"], seen, listened)
    music = net.music(sides["music"])
    same = track[:, None] == track[None, :]
    loss = infonce(query, music, same, net.temperature)
    if use == "both" and config.alone:
        loss = loss + config.alone * infonce(looks, music, same, net.temperature)
        if heard.sum() > 1:
            pairs = same[heard][:, heard]
            loss = loss + config.alone * infonce(sounds[heard], music[heard], pairs, net.temperature)
    return loss


def similarity(
    net: ModernNet, preparation: Preparation, clips: Sequence[Features], use: Use, separated: bool = False
) -> FloatArray:
    """Cosines [n, n] of the first 32 s of every clip with the same part of every clip's music."""
    starts = [0] * len(clips)
    sides, heard = preparation.sides(clips, starts, separated)
    with torch.inference_mode():
        # a clip without a voice is asked by its picture, whatever may be used
        seen = torch.ones_like(heard) if use != "voice" else ~heard
        listened = heard if use != "picture" else torch.zeros_like(heard)
        query = net.query(sides["picture"], sides["voice"], seen, listened)[0]
        return np.asarray((query @ net.music(sides["music"]).T).numpy(), dtype=np.float32)


def fit_and_judge(
    train: Sequence[Features],
    tracks: Sequence[str],
    judged: Sequence[Features],
    config: ModernConfig,
    use: Use,
    seed: int,
    pools: Sequence[str] = ("clean",),
) -> dict[str, FloatArray]:
    """Train on ``train`` alone; the mean similarity of the members on ``judged`` by pool."""
    preparation = Preparation(train, config.components)
    total: dict[str, FloatArray] = {}
    for member in range(config.members):
        net = train_net(train, tracks, preparation, config, use, 1000 * seed + member)
        for pool in pools:
            found = similarity(net, preparation, judged, use, separated=pool == "separated")
            total[pool] = total.get(pool, np.zeros_like(found)) + found / np.float32(config.members)
    return total
