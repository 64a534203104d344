"""`Mrcmv`: the network with its recipe of inputs; arrays in, vectors out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.media import Samples, UserError
from mrcmv.model.attribution import Attribution, attribute
from mrcmv.model.config import ModelConfig
from mrcmv.model.net import MrcmvNet
from mrcmv.model.preprocess import Recipe
from mrcmv.model.zerogpu import lent_gpu

Vector = NDArray[np.float32]
MUSIC_BATCH = 4  # windows at once: 72 patches each, so memory stays near 100 MB for `compact`


@dataclass(frozen=True)
class QueryEmbedding:
    """A clip as the network hears and sees it.

    Attributes
    ----------
    vector
        float32 [512], to be compared with music by cosine.
    picture_share, voice_share
        Shares of both modalities in the fused feature, 0..1, together 1: the sum over time and depth of
        |g_v * V'|, and of |g_a * A'|, over the sum of both. Without a voice 1 and 0.
    """

    vector: Vector
    picture_share: float
    voice_share: float


class Mrcmv:
    """The model that the app uses. `load_model` makes one from a checkpoint.

    Calls may come from several threads at once. The same input gives the same vector.
    """

    def __init__(
        self,
        config: ModelConfig,
        seed: int = 0,
        *,
        net: MrcmvNet | None = None,
        name: str = "untrained",
        device: str = "cpu",
    ) -> None:
        """``net``: trained weights; without it random ones that ``seed`` decides."""
        self.config = config
        self.name = name
        self.recipe = Recipe(config)
        self.device = torch.device(pick_device(device))
        self.net = (build(config, seed) if net is None else net).float().to(self.device).eval()
        self._key = id(self)
        _LOADED[self._key] = self

    @cached_property
    def sha256(self) -> str:
        """Of the weights as ``model.safetensors`` holds them: the key of cached embeddings."""
        return weights_sha256(self.net)

    def picture_input(self, frames: NDArray[np.uint8]) -> Tensor:
        """uint8 [64, 224, 224, 3] RGB -> float32 [3, 64, S, S]."""
        return self.recipe.picture(frames)

    def sound_input(self, sound: Samples, kind: Literal["music", "voice"] = "music") -> Tensor:
        """Mono 16 kHz [n] -> log-mel patches [72, 1, 96, 64]; less than 32 s is repeated."""
        return self.recipe.music(sound) if kind == "music" else self.recipe.voice(sound)

    def embed_query(self, frames: NDArray[np.uint8], voice: Samples | None) -> QueryEmbedding:
        """Frames uint8 [64, 224, 224, 3] and the separated voice, mono 16 kHz [n], None without one."""
        picture = self.picture_input(frames)[None].numpy()
        patches = None if voice is None else self.sound_input(voice, "voice")[None].numpy()
        vector, shares = _query(self._key, picture, patches)
        return QueryEmbedding(vector[0], float(shares[0, 0]), float(shares[0, 1]))

    def attribute_query(
        self, frames: NDArray[np.uint8], voice: Samples | None, length_s: float
    ) -> Attribution:
        """What made the query of `embed_query`; ``length_s`` is the window's length before it repeats.

        Costs about eight queries.
        """
        picture = self.picture_input(frames).numpy()
        patches = None if voice is None else self.sound_input(voice, "voice").numpy()
        return _attribute(self._key, picture, patches, length_s)

    def embed_music(self, windows: Sequence[Samples]) -> NDArray[np.float32]:
        """Windows of music, each mono 16 kHz [n], best 32 s -> float32 [w, 512]."""
        vectors = [np.zeros((0, self.config.embedding), np.float32)]
        for start in range(0, len(windows), MUSIC_BATCH):
            batch = [self.sound_input(window) for window in windows[start : start + MUSIC_BATCH]]
            vectors.append(_music(self._key, torch.stack(batch).numpy()))
        return np.concatenate(vectors)


def build(config: ModelConfig, seed: int = 0) -> MrcmvNet:
    """A network with random weights, the same for the same seed; torch's own generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MrcmvNet(config)


def weights_sha256(net: MrcmvNet) -> str:
    """SHA-256 of the weights file that `save_checkpoint` would write."""
    return hashlib.sha256(weights_bytes(net)).hexdigest()


def weights_bytes(net: MrcmvNet) -> bytes:
    from safetensors.torch import save

    return save({key: value.detach().cpu().contiguous() for key, value in net.state_dict().items()})


def pick_device(asked: str = "auto") -> str:
    """``auto`` takes cuda, else mps, else cpu. `UserError` for a device that is not there."""
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available() and _pools_video("mps"),
    }
    if asked == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there.get(asked.split(":")[0], False):
        found = ", ".join(device for device, is_there in there.items() if is_there)
        raise UserError(f"This machine has no device {asked!r}: choose auto or one of {found}.")
    return asked


def lost_device(error: RuntimeError) -> bool:
    """Whether an error says that a graphics card failed, was taken away or has no memory left."""
    if isinstance(error, torch.cuda.OutOfMemoryError | torch.AcceleratorError):
        return True
    return any(
        mark in str(error) for mark in ("CUDA error", "CUDA driver", "HIP error", "MPS backend", "NVML")
    )


def _pools_video(device: str) -> bool:
    """Whether pooling over three dimensions runs there: Apple's backend learned it only lately."""
    try:
        torch.nn.functional.max_pool3d(torch.zeros(1, 1, 1, 4, 4, device=device), (1, 3, 3))
    except (NotImplementedError, RuntimeError):
        return False
    return True


# On ZeroGPU the two functions below run in a forked process, where arguments arrive as copies. So they
# take the model by its key; it lives in the memory that the fork inherits.
_LOADED: WeakValueDictionary[int, Mrcmv] = WeakValueDictionary()


@lent_gpu(seconds=20)
def _query(key: int, picture: Vector, patches: Vector | None) -> tuple[Vector, Vector]:
    model = _LOADED[key]
    with torch.inference_mode():
        voice = None if patches is None else torch.from_numpy(patches).to(model.device)
        vector, info = model.net(torch.from_numpy(picture).to(model.device), voice)
        return vector.cpu().numpy(), info.shares().cpu().numpy()


@lent_gpu(seconds=30)
def _attribute(key: int, picture: Vector, patches: Vector | None, length_s: float) -> Attribution:
    model = _LOADED[key]
    with torch.inference_mode():
        voice = None if patches is None else torch.from_numpy(patches).to(model.device)
        return attribute(model.net, torch.from_numpy(picture).to(model.device), voice, length_s)


@lent_gpu(seconds=30)
def _music(key: int, patches: Vector) -> Vector:
    model = _LOADED[key]
    with torch.inference_mode():
        vectors: Vector = model.net.music(torch.from_numpy(patches).to(model.device)).cpu().numpy()
    return vectors
