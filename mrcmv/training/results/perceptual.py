"""How far the first track lies from the true one for a network that was not trained here.

The paper measures this with AudioSet's VGGish; its file is in no package registry, so musicnn's
features (Pons and Serra, 2019) stand in for it, and VGGish is taken where its file is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, WINDOW_S, Progress
from mrcmv.training.batches import Clips
from mrcmv.training.metrics import mean_interval
from mrcmv.training.prepared import to_float
from mrcmv.training.results.outcome import Outcome
from mrcmv.training.results.summary import Figure


def distances(
    clips: Clips, vggish: Path | None = None, progress: Progress | None = None
) -> NDArray[np.float64]:
    """[n, n] cosine distances (0 the same, 1 unrelated, 2 opposite) between the clips' clean music.

    Features are means over the first 32 s, standardised over the clips, by musicnn or by the public
    VGGish file ``vggish``.
    """
    rows = []
    embed = _vggish(vggish) if vggish is not None else _musicnn()
    for index in range(len(clips)):
        sound = to_float(clips.load(index).music[: round(WINDOW_S * ANALYSIS_RATE)])
        rows.append(embed(sound))
        if progress is not None:
            progress((index + 1) / len(clips))
    features = np.stack(rows).astype(np.float64)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    unit = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-9)
    return np.asarray(1.0 - unit @ unit.T)


def _musicnn():  # type: ignore[no-untyped-def]
    from mrcmv.tagging import Tagger

    tagger = Tagger.load("MTT")
    return lambda sound: tagger.embed(sound).mean(axis=0)


def _vggish(path: Path):  # type: ignore[no-untyped-def]
    import dataclasses

    import torch

    from mrcmv.model import ModelConfig, Recipe, VGGish, load_public_vggish

    config = dataclasses.replace(ModelConfig.paper())
    net, recipe = VGGish(config).eval(), Recipe(config)
    load_public_vggish(net, path)

    def embed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            features: NDArray[np.float32] = net(recipe.music(sound)[None])[0].mean(dim=0).numpy()
        return features

    return embed


def of_first(outcomes: Sequence[Outcome], name: str, table: NDArray[np.float64]) -> Figure:
    """Mean distance between the track that came first and the true one, over seeds and clips."""
    rows = np.arange(len(table))
    values = np.stack([table[rows, list(each.judged[name].first)] for each in outcomes])
    low, high = mean_interval(values.mean(axis=0))
    return Figure(float(values.mean()), low, high)


def of_chance(table: NDArray[np.float64]) -> float:
    """What a random track of the pool would have."""
    return float(table.mean())
