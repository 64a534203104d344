"""Weights that others trained and published, put into this project's encoders.

* ``SLOWFAST_8x8_R50.pyth`` of pytorchvideo: trained on Kinetics at alpha 4. Its lateral convolutions have
  the shapes of alpha 8 and only step further, so all of it but the classification head fits.
* ``vggish-10086976.pth`` of torchvggish: AudioSet's VGGish.

Neither file comes with this project. Both are opened with torch's safe loader, which runs no code.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from mrcmv.media import UserError
from mrcmv.model.slowfast import SlowFast
from mrcmv.model.vggish import VGGish


class WeightsError(UserError):
    """A file of weights that is not there, damaged, or not for this network."""


def load_public_slowfast(encoder: SlowFast, path: Path) -> None:
    """Put SlowFast 8x8 R50 into a picture encoder of the ``paper`` preset's shape."""
    state = _read(path)
    _put(encoder, {key: value for key, value in state.items() if not key.startswith("blocks.6.")}, "SlowFast")


def load_public_vggish(encoder: VGGish, path: Path) -> None:
    """Put VGGish into a sound encoder of full width. The file's PCA, if any, is left out."""
    state = _read(path)
    _put(encoder, {key: value for key, value in state.items() if not key.startswith("pproc.")}, "VGGish")


def _read(path: Path) -> dict[str, Tensor]:
    """Name -> tensor. A name ending in ``-xxxxxxxx.pth`` gives the start of its SHA-256, as on torch hub."""
    try:
        promised = re.search(r"-([0-9a-f]{8,64})\.pth$", path.name)
        if promised and not _sha256(path).startswith(promised[1]):
            raise WeightsError(f"{path.name} is damaged (its hash is wrong): download it again.")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be opened: check the file's name and place.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(f"{path.name} is not a file of weights that torch can open safely.") from error
    if isinstance(state, dict) and isinstance(state.get("model_state"), dict):
        state = state["model_state"]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path.name} holds something else than named weights.")
    return state


def _put(encoder: nn.Module, state: dict[str, Tensor], network: str) -> None:
    """Load all or nothing; only BatchNorm's step counters may be missing."""
    own = encoder.state_dict()
    wanted, given = _shapes(own), _shapes(state)
    wrong = sorted(key for key in wanted.keys() | given.keys() if wanted.get(key) != given.get(key))
    if wrong:
        raise WeightsError(
            f"These weights are not for this {network}: {len(wrong)} entries differ, the first is "
            f"{wrong[0]!r}. Use the public file with the preset 'paper'."
        )
    encoder.load_state_dict({**own, **state})


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in state.items() if not key.endswith("num_batches_tracked")}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
