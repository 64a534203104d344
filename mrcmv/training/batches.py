"""From prepared clips to tensors: random crops, augmentation, batches. Test clips never come here."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mrcmv.media import Samples, UserError
from mrcmv.model import ModelConfig
from mrcmv.model.preprocess import PATCH_FRAMES, Recipe, picture_tensor
from mrcmv.training.config import AugmentConfig
from mrcmv.training.manifest import Item
from mrcmv.training.prepared import STEP_S, Crop, Prepared, load_prepared

READ = ("frames", "voice", "music", "speech", "duration_s")
"""Arrays of a prepared clip that decide what its crops are."""


@dataclass(frozen=True)
class Clips:
    """Clips of one split and where their prepared files lie; read from disk when asked for."""

    items: tuple[Item, ...]
    folder: Path

    def __len__(self) -> int:
        return len(self.items)

    def load(self, index: int) -> Prepared:
        return load_prepared(self.folder / f"{self.items[index].id}.npz")

    def sums(self) -> list[tuple[str, int]]:
        """Id and checksum of every clip's content, from the directories of the files alone."""
        return [(item.id, _sum(self.folder / f"{item.id}.npz")) for item in self.items]


def _sum(path: Path) -> int:
    """CRC-32 over the checksums that a .npz file keeps of the arrays which training reads."""
    try:
        with zipfile.ZipFile(path) as file:
            found = {entry.filename: entry.CRC for entry in file.infolist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"The prepared clip {path.stem} cannot be read: prepare the data again.") from error
    return zlib.crc32(repr([found.get(f"{name}.npy") for name in READ]).encode())


@dataclass(frozen=True)
class Batch:
    """Inputs of B pairs: picture [B, 3, 64, S, S], voice and music [B, 72, 1, 96, 64], present [B]."""

    picture: Tensor
    voice: Tensor
    voice_present: Tensor
    music: Tensor


def random_start(clip: Prepared, random: np.random.Generator) -> float:
    """A random start of a 32 s crop on the grid of half seconds."""
    return float(random.integers(round(clip.last_start_s() / STEP_S) + 1)) * STEP_S


def flip_picture(picture: Tensor, random: np.random.Generator, chance: float) -> Tensor:
    """[..., S] mirrored left to right with the given chance: the action stays the same."""
    return picture.flip(-1) if random.random() < chance else picture


def alter_sound(sound: Samples, random: np.random.Generator, gain_db: float) -> Samples:
    """A random gain; shots clip no harder than before, as the network takes floats."""
    return sound * np.float32(10 ** (random.uniform(-gain_db, gain_db) / 20))


def alter_patches(
    patches: Tensor, random: np.random.Generator, augment: AugmentConfig, shift: bool = False
) -> Tensor:
    """[P, 1, 96, 64]: silence a band of mel bins, and shift a voice along the mel axis.

    The same for all patches of a crop, as a room or another speaker would do.
    """
    if shift and augment.mel_shift:
        by = int(random.integers(-augment.mel_shift, augment.mel_shift + 1))
        patches = torch.roll(patches, by, dims=-1)
        if by:  # what came round the edge is no sound of this voice
            edge = slice(0, by) if by > 0 else slice(by, None)
            neighbour = patches[..., by : by + 1] if by > 0 else patches[..., by - 1 : by]
            patches[..., edge] = neighbour
    width = int(random.integers(augment.mel_mask + 1)) if augment.mel_mask else 0
    if width:
        low = int(random.integers(patches.shape[-1] - width + 1))
        patches = patches.clone()
        patches[..., low : low + width] = patches.mean()
    return patches


def patch_times(config: ModelConfig, seconds: float = 32.0) -> np.ndarray:
    """The middle of every patch in seconds from the start of a crop, [72]."""
    length = PATCH_FRAMES / 100
    return np.linspace(0, seconds - length, config.patches) + length / 2


def inputs(
    crop: Crop,
    recipe: Recipe,
    random: np.random.Generator | None = None,
    augment: AugmentConfig | None = None,
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """(picture, voice patches, music patches) of one crop; augmented when ``random`` is given."""
    voice, music = crop.voice, crop.music
    if random is not None and augment is not None:
        voice = None if voice is None else alter_sound(voice, random, augment.gain_db)
        music = None if music is None else alter_sound(music, random, augment.gain_db)
    picture = picture_tensor(crop.frames)
    heard = None if voice is None else recipe.voice(voice)
    played = None if music is None else recipe.music(music)
    if random is not None and augment is not None:
        picture = flip_picture(picture, random, augment.flip)
        heard = None if heard is None else alter_patches(heard, random, augment, shift=True)
        played = None if played is None else alter_patches(played, random, augment)
    return picture, heard, played


def collate(rows: Sequence[tuple[Tensor, Tensor | None, Tensor | None]], recipe: Recipe) -> Batch:
    """One batch; where nobody speaks the voice is zeros and marked as absent."""
    empty = torch.zeros(recipe.config.patches, 1, PATCH_FRAMES, 64)
    music = [row[2] for row in rows]
    if any(row is None for row in music):
        raise ValueError("a pair needs music")
    return Batch(
        picture=torch.stack([row[0] for row in rows]),
        voice=torch.stack([empty if row[1] is None else row[1] for row in rows]),
        voice_present=torch.tensor([row[1] is not None for row in rows]),
        music=torch.stack([row for row in music if row is not None]),
    )
