"""What of a clip made its query: each stretch of its picture and of its voice blanked in turn.

Occlusion (Zeiler and Fergus, 2014): the query is made again without the stretch, and what a track's
similarity loses is what the stretch gave. The blanked queries do not depend on the track, so one
`Attribution` explains every track. A blank is what the network takes for nothing: the clip's mean
picture, and the value that stands where nobody speaks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.media import ANALYSIS_RATE, WINDOW_S
from mrcmv.model.preprocess import FRAME, HOP, LOG_OFFSET, PATCH_FRAMES, PAUSE, WINDOW_SAMPLES, patch_starts

if TYPE_CHECKING:
    from mrcmv.model.config import ModelConfig
    from mrcmv.model.net import MrcmvNet

STRETCHES = 8
"""Of a clip: 4 s each at 32 s, so that every one holds a frame of the slow path."""
BATCH = 4  # clips at once in the picture encoder: its memory is what counts
_MEL_FRAMES = 1 + (WINDOW_SAMPLES - FRAME) // HOP


@dataclass(frozen=True)
class Attribution:
    """Queries with parts blanked, float32 [.., 512] each, and what the fusion gate let through.

    Attributes
    ----------
    edges_s
        [n + 1]: borders of the stretches, in seconds from the start of the window.
    picture_energy, voice_energy
        [n]: sum over depth of |g_v * V'| and |g_a * A'| in each stretch (`GateInfo`). Attention has
        mixed the moments before the gate, so this tells what the gate passed then, not whence it came.
    whole, picture_only, voice_only
        [512]: the query itself, and with one modality absent; ``voice_only`` is None without a voice.
    without_picture, without_voice
        [n, 512]: the picture or the voice of one stretch blanked; ``without_voice`` is [0, 512] without
        a voice.
    """

    edges_s: NDArray[np.float64]
    picture_energy: NDArray[np.float32]
    voice_energy: NDArray[np.float32]
    whole: NDArray[np.float32]
    picture_only: NDArray[np.float32]
    voice_only: NDArray[np.float32] | None
    without_picture: NDArray[np.float32]
    without_voice: NDArray[np.float32]


def stretch_edges(length_s: float, frame_rate: float) -> NDArray[np.float64]:
    """Borders of the stretches of a window: 8, fewer where one would be shorter than a frame."""
    length = min(max(length_s, 1 / frame_rate), WINDOW_S)
    return np.linspace(0.0, length, min(STRETCHES, max(1, int(length * frame_rate + 1e-6))) + 1)


def stretch_of(times_s: NDArray[np.float64], edges_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """To which stretch each time of the network's 32 s belongs; a shorter window repeats."""
    inside = np.mod(times_s + 1e-9, edges_s[-1])
    return np.clip(np.searchsorted(edges_s, inside, side="right") - 1, 0, len(edges_s) - 2)


def attribute(net: MrcmvNet, picture: Tensor, patches: Tensor | None, length_s: float) -> Attribution:
    """``picture`` [3, 64, S, S] and ``patches`` [72, 1, 96, 64] as the recipe makes them; None: no voice."""
    config = net.config
    edges = stretch_edges(length_s, config.fast_frames / WINDOW_S)
    count = len(edges) - 1
    seen = net.encode_picture(picture[None])
    heard = None if patches is None else net.encode_voice(patches[None])
    whole, gate = net.query_from_tokens(seen, heard)
    picture_only, _ = net.query_from_tokens(seen, None)

    blanked = torch.cat([net.encode_picture(part) for part in _without_picture(picture, edges, config)])
    many = None if heard is None else heard.expand(count, -1, -1)
    without_picture, _ = net.query_from_tokens(blanked, many)
    voice_only, without_voice = None, whole[:0]
    if patches is not None and heard is not None:
        absent = torch.zeros(1, dtype=torch.bool, device=picture.device)
        voice_only = net.query_from_tokens(seen, heard, None, absent)[0][0].cpu().numpy()
        silent = _without_voice(net, patches, heard[0], edges)
        without_voice, _ = net.query_from_tokens(seen.expand(count, -1, -1), silent)
    shares = torch.from_numpy(_step_shares(edges, config.grid_steps)).to(gate.picture_energy)
    return Attribution(
        edges,
        (shares @ gate.picture_energy[0]).cpu().numpy(),
        (shares @ gate.voice_energy[0]).cpu().numpy(),
        whole[0].cpu().numpy(),
        picture_only[0].cpu().numpy(),
        voice_only,
        without_picture.cpu().numpy(),
        without_voice.cpu().numpy(),
    )


def _without_picture(picture: Tensor, edges: NDArray[np.float64], config: ModelConfig) -> list[Tensor]:
    """Batches of the picture [b, 3, 64, S, S], in each clip one stretch shows the clip's mean picture."""
    owner = stretch_of(np.arange(config.fast_frames) * WINDOW_S / config.fast_frames, edges)
    mean = picture.mean(dim=1, keepdim=True)
    batches = []
    for first in range(0, len(edges) - 1, BATCH):
        rows = range(first, min(first + BATCH, len(edges) - 1))
        masks = torch.from_numpy(np.stack([owner == row for row in rows])).to(picture.device)
        batches.append(torch.where(masks[:, None, :, None, None], mean[None], picture[None]))
    return batches


def _without_voice(net: MrcmvNet, patches: Tensor, tokens: Tensor, edges: NDArray[np.float64]) -> Tensor:
    """Voice tokens [n, 72, 128], each row with one stretch silent; only what changes is heard anew."""
    config = net.config
    silence = PAUSE if config.voice_norm == "clip" else math.log(LOG_OFFSET)
    middle = (np.arange(_MEL_FRAMES) * HOP + FRAME / 2) / ANALYSIS_RATE
    owner = torch.from_numpy(stretch_of(middle, edges))
    starts = patch_starts(_MEL_FRAMES, config.patches)
    owners = torch.stack([owner[start : start + PATCH_FRAMES] for start in starts])  # [72, 96]
    rows = tokens.repeat(len(edges) - 1, 1, 1)
    for row in range(len(edges) - 1):
        blank = (owners == row).to(patches.device)
        changed = blank.any(dim=1).nonzero()[:, 0]
        if len(changed):
            quiet = patches[changed].masked_fill(blank[changed][:, None, :, None], silence)
            rows[row, changed] = net.encode_voice(quiet[None])[0]
    return rows


def _step_shares(edges: NDArray[np.float64], steps: int, fine: int = 64) -> NDArray[np.float32]:
    """[n, steps]: how much of each step of the gate's time line lies in each stretch; columns sum to 1."""
    times = (np.arange(steps * fine) + 0.5) * WINDOW_S / (steps * fine)
    owner = stretch_of(times, edges).reshape(steps, fine)
    return np.stack([(owner == row).mean(axis=1) for row in range(len(edges) - 1)]).astype(np.float32)
