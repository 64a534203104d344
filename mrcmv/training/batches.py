"""From prepared clips to tensors: random crops, augmentation, batches. Test clips never come here."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
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
MEL_BANDS = 64


@dataclass(frozen=True)
class Clips:
    """Clips of one split and where their prepared files lie; read from disk when asked for."""

    items: tuple[Item, ...]
    folder: Path

    def __len__(self) -> int:
        return len(self.items)

    def load(self, index: int) -> Prepared:
        return load_prepared(self.folder / f"{self.items[index].id}.npz")

    def outline(self, index: int) -> Prepared:
        """A clip whose crops tell where they start and what they hold, without picture and sound."""
        clip = self.load(index)
        parts = {part.name: getattr(clip, part.name) for part in fields(clip)}
        short = {name: value[:1].copy() for name, value in parts.items() if getattr(value, "ndim", 0) == 1}
        return replace(clip, frames=clip.frames[:, :1, :1].copy(), **short)

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


@dataclass(frozen=True)
class Changes:
    """What augmentation does to one crop: drawn first, so that every process of a team draws alike.

    Gains in dB; ``*_mask`` are the first mel band that is silenced and how many are; ``shift`` in mel
    bands; ``flip`` mirrors the picture.
    """

    voice_gain: float = 0.0
    music_gain: float = 0.0
    flip: bool = False
    shift: int = 0
    voice_mask: tuple[int, int] = (0, 0)
    music_mask: tuple[int, int] = (0, 0)


def draw_changes(crop: Crop, random: np.random.Generator, augment: AugmentConfig) -> Changes:
    """Random changes to a crop; nothing is drawn for a sound that is not there."""
    heard, played = crop.voice is not None, crop.music is not None
    voice_gain = random.uniform(-augment.gain_db, augment.gain_db) if heard else 0.0
    music_gain = random.uniform(-augment.gain_db, augment.gain_db) if played else 0.0
    flip = random.random() < augment.flip
    shift, voice_mask = 0, (0, 0)
    if heard:
        if augment.mel_shift:
            shift = int(random.integers(-augment.mel_shift, augment.mel_shift + 1))
        voice_mask = _draw_mask(random, augment)
    music_mask = _draw_mask(random, augment) if played else (0, 0)
    return Changes(voice_gain, music_gain, flip, shift, voice_mask, music_mask)


def _draw_mask(random: np.random.Generator, augment: AugmentConfig) -> tuple[int, int]:
    width = int(random.integers(augment.mel_mask + 1)) if augment.mel_mask else 0
    return (int(random.integers(MEL_BANDS - width + 1)), width) if width else (0, 0)


def amplify(sound: Samples, gain_db: float) -> Samples:
    """Louder or softer; loud parts clip no harder than before, as the network takes floats."""
    return sound * np.float32(10 ** (gain_db / 20))


def alter_patches(patches: Tensor, mask: tuple[int, int], shift: int = 0) -> Tensor:
    """[P, 1, 96, 64]: silence a band of mel bins, and shift a voice along the mel axis.

    The same for all patches of a crop, as a room or another speaker would do.
    """
    if shift:
        patches = torch.roll(patches, shift, dims=-1)
        # what came round the edge is no sound of this voice
        edge = slice(0, shift) if shift > 0 else slice(shift, None)
        neighbour = patches[..., shift : shift + 1] if shift > 0 else patches[..., shift - 1 : shift]
        patches[..., edge] = neighbour
    low, width = mask
    if width:
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
    if random is None or augment is None:
        return changed_inputs(crop, recipe, None)
    return changed_inputs(crop, recipe, draw_changes(crop, random, augment))


def changed_inputs(
    crop: Crop, recipe: Recipe, changes: Changes | None
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """(picture, voice patches, music patches) of one crop with the changes drawn for it."""
    voice, music = crop.voice, crop.music
    if changes is not None:
        voice = None if voice is None else amplify(voice, changes.voice_gain)
        music = None if music is None else amplify(music, changes.music_gain)
    picture = picture_tensor(crop.frames)
    heard = None if voice is None else recipe.voice(voice)
    played = None if music is None else recipe.music(music)
    if changes is not None:
        picture = picture.flip(-1) if changes.flip else picture
        heard = None if heard is None else alter_patches(heard, changes.voice_mask, changes.shift)
        played = None if played is None else alter_patches(played, changes.music_mask)
    return picture, heard, played


def collate(rows: Sequence[tuple[Tensor, Tensor | None, Tensor | None]], recipe: Recipe) -> Batch:
    """One batch; where nobody speaks the voice is zeros and marked as absent."""
    empty = torch.zeros(recipe.config.patches, 1, PATCH_FRAMES, MEL_BANDS)
    music = [row[2] for row in rows]
    if any(row is None for row in music):
        raise ValueError("a pair needs music")
    return Batch(
        picture=torch.stack([row[0] for row in rows]),
        voice=torch.stack([empty if row[1] is None else row[1] for row in rows]),
        voice_present=torch.tensor([row[1] is not None for row in rows]),
        music=torch.stack([row for row in music if row is not None]),
    )
