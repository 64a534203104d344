"""The modern preset: encoders that pip brings with their weights, thin transformers, InfoNCE.

Frames by EfficientNet-Lite0 and by colour and motion, voice by prosody, music by musicnn and by its
spectrum; nothing but the thin network on top is trained, in a minute of one core.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress

if TYPE_CHECKING:
    from mrcmv.training.batches import Clips
    from mrcmv.training.modern.fit import ModernConfig, Use

__all__ = ["modern_similarity"]


def modern_similarity(
    data: Path,
    train_clips: Clips,
    validation_clips: Clips,
    test_clips: Clips,
    seed: int,
    *,
    use: Use = "both",
    config: ModernConfig | None = None,
    features: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Train on the training clips, ask with every test clip's first 32 s.

    Features are kept in ``data/features-modern`` (or ``features``) and computed where they are missing. The
    settings are fixed and the last averaged weights are taken, so the validation clips are not
    looked at; they are taken as an argument because every method of the results gets all three.

    Parameters
    ----------
    use
        ``both``, or a network of its own for ``picture`` or ``voice`` alone.

    Returns
    -------
    float32 [n, n] per pool, rows clips, columns music, both in the order of ``test_clips``: ``clean``,
    and ``separated`` where the prepared clips hold what separation left of the music.
    """
    from mrcmv.media import part_of
    from mrcmv.training.modern.features import FOLDER, load_features, make_features
    from mrcmv.training.modern.fit import ModernConfig, fit_and_judge

    folder = features or data / FOLDER
    for index, clips in enumerate((train_clips, test_clips)):
        part = part_of(progress, 0.4 * index, 0.4 * index + 0.4)
        make_features(clips, folder, workers=workers, progress=part)
    learned, judged = (
        [load_features(folder / f"{item.id}.npz") for item in clips.items]
        for clips in (train_clips, test_clips)
    )
    pools = ["clean"]
    if judged and all(len(clip.rest) for clip in judged):
        pools.append("separated")
    found = fit_and_judge(
        learned,
        [item.track for item in train_clips.items],
        judged,
        config or ModernConfig(),
        use,
        seed,
        pools,
    )
    if progress is not None:
        progress(1.0)
    return found
