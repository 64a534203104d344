"""From frames and sound to what the network takes: the one recipe for training and serving.

The log-mel spectrum follows VGGish's definition (Hershey et al. 2017, AudioSet's released code):
16 kHz, periodic Hann windows of 25 ms every 10 ms without padding, 512-point magnitude spectrum, 64
triangular bands on the HTK mel scale from 125 to 7500 Hz, log(mel + 0.01), patches of 96 frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mrcmv.media import ANALYSIS_RATE, WINDOW_S, Samples, UserError
from mrcmv.model.config import ModelConfig, SoundNorm

WINDOW_SAMPLES = round(WINDOW_S * ANALYSIS_RATE)
FRAME, HOP, FFT = 400, 160, 512  # samples at 16 kHz: 25 ms, 10 ms, and the next power of two
BANDS, LOWEST_HZ, HIGHEST_HZ, LOG_OFFSET = 64, 125.0, 7500.0, 0.01
PATCH_FRAMES = 96  # 0.96 s
PAUSE = -3.0  # what `clip` puts where nothing sounds, in spreads: about where silence lies for speech
PIXEL_MEAN, PIXEL_STD = 0.45, 0.225  # of SlowFast's public weights, for pixels in 0..1


class EmptySound(UserError):
    """A sound without a single sample."""

    def __init__(self) -> None:
        super().__init__("The sound is empty: choose a file that holds some sound.")


@dataclass(frozen=True)
class Recipe:
    """How one configuration prepares its inputs."""

    config: ModelConfig

    def picture(self, frames: NDArray[np.uint8]) -> Tensor:
        """uint8 [64, H, W, 3] RGB -> float32 [3, 64, S, S]; any H and W, squeezed into the square."""
        if frames.shape[0] != self.config.fast_frames:
            raise ValueError(f"{self.config.fast_frames} frames are needed, got {frames.shape[0]}")
        return picture_tensor(shrink_frames(frames, self.config.picture_size))

    def voice(self, sound: Samples) -> Tensor:
        """Separated voice, mono 16 kHz [n] -> patches [72, 1, 96, 64]."""
        return self._patches(sound, self.config.voice_norm)

    def music(self, sound: Samples) -> Tensor:
        """A window of music, mono 16 kHz [n] -> patches [72, 1, 96, 64]."""
        return self._patches(sound, self.config.music_norm)

    def _patches(self, sound: Samples, norm: SoundNorm) -> Tensor:
        window = fit_window(sound)
        if norm != "none":
            window = normalise_level(window, self.config.level_db)
        mel = log_mel(window)
        if norm == "clip":
            mel = standardise(mel, sounding_frames(window))
        return cut_patches(mel, self.config.patches)


def shrink_frames(frames: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """uint8 [N, H, W, 3] -> uint8 [N, size, size, 3] by area; what a training cache stores."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise ValueError(f"frames must be uint8 [N, H, W, 3], got {frames.dtype} {frames.shape}")
    height, width = frames.shape[1:3]
    if (height, width) == (size, size):
        return frames
    tensor = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    if height % size == 0 and width % size == 0:
        small = functional.avg_pool2d(tensor, (height // size, width // size))
    else:
        small = functional.interpolate(tensor, (size, size), mode="bilinear", antialias=True)
    pixels: NDArray[np.uint8] = small.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return np.ascontiguousarray(pixels)


def picture_tensor(frames: NDArray[np.uint8]) -> Tensor:
    """uint8 [..., 64, S, S, 3] -> float32 [..., 3, 64, S, S], mean and spread as SlowFast expects."""
    tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(frames, -1, -4))).float()
    return tensor.div_(255 * PIXEL_STD).sub_(PIXEL_MEAN / PIXEL_STD)


def fit_window(sound: Samples) -> Samples:
    """[n] -> [512000] float32: the first 32 s; a shorter sound is repeated until it is longer.

    Section 4 of the paper. Samples that are not numbers become silence.
    """
    if sound.ndim != 1:
        raise ValueError(f"mono sound [n] is needed, got the shape {sound.shape}")
    if sound.size == 0:
        raise EmptySound
    window = np.resize(sound[:WINDOW_SAMPLES], WINDOW_SAMPLES).astype(np.float32)
    return np.nan_to_num(window, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def sounding_frames(window: Samples) -> NDArray[np.bool_]:
    """[n] -> [frames] bool: 25 ms frames at most 30 dB below the loudest hundredth."""
    power = _frame_power(window)
    return power >= max(float(np.quantile(power, 0.99)) * 1e-3, 1e-10)


def normalise_level(window: Samples, level_db: float) -> Samples:
    """Bring the RMS of the sounding frames to ``level_db`` dB FS, by 40 dB up at most.

    Measured where there is sound, so that a clip with few words is not made louder than one with many.
    """
    sounding = sounding_frames(window)
    if not sounding.any():
        return window
    rms = float(np.sqrt(_frame_power(window)[sounding].mean()))
    return window * np.float32(min(10 ** (level_db / 20) / rms, 100.0))


def log_mel(sound: Samples) -> Tensor:
    """[n] mono 16 kHz, n >= 400 -> [1 + (n - 400) // 160, 64] log-mel frames."""
    frames = torch.from_numpy(np.ascontiguousarray(sound)).unfold(0, FRAME, HOP)
    magnitude = torch.fft.rfft(frames * torch.hann_window(FRAME, periodic=True), FFT).abs()
    return torch.log(magnitude @ torch.from_numpy(mel_matrix()) + LOG_OFFSET)


def standardise(mel: Tensor, sounding: NDArray[np.bool_]) -> Tensor:
    """Take the clip's own mean spectrum off and divide by its own spread, over its sounding frames.

    What stays is how the sound moves: pauses, speed, melody, stress. What goes is what a voice, a room or
    a microphone adds to every moment alike, and the residue of the music in the pauses: frames without
    sound become one constant. Values are kept within 5 spreads.
    """
    mask = torch.from_numpy(sounding)
    if not mask.any():
        return torch.full_like(mel, PAUSE)
    moving = mel - mel[mask].mean(dim=0)
    spread = moving[mask].square().mean().sqrt().clamp_min(0.1)
    return (moving / spread).clamp(-5.0, 5.0).masked_fill(~mask[:, None], PAUSE)


def patch_starts(frames: int, patches: int) -> list[int]:
    """First frames of ``patches`` patches, evenly from the start of the spectrum to its end.

    72 patches of 0.96 s in 32 s overlap by half: the hop (about 0.44 s) follows from the length.
    """
    room = frames - PATCH_FRAMES
    return [round(room * index / max(patches - 1, 1)) for index in range(patches)]


def cut_patches(mel: Tensor, patches: int) -> Tensor:
    """[frames >= 96, 64] -> [patches, 1, 96, 64]."""
    cut = [mel[start : start + PATCH_FRAMES] for start in patch_starts(mel.shape[0], patches)]
    return torch.stack(cut).unsqueeze(1)


@lru_cache(maxsize=1)
def mel_matrix() -> NDArray[np.float32]:
    """[257, 64]: triangles that are linear in mel (not in Hz); the bin at 0 Hz belongs to none."""
    bins = _mel(np.arange(FFT // 2 + 1) * (ANALYSIS_RATE / FFT))[:, None]
    edges = np.linspace(_mel(np.array(LOWEST_HZ)), _mel(np.array(HIGHEST_HZ)), BANDS + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    weights = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle))
    weights[0] = 0.0
    return np.maximum(weights, 0.0).astype(np.float32)


def _mel(hertz: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))


def _frame_power(window: Samples) -> NDArray[np.float64]:
    """[n] -> [frames]: mean square of each 25 ms frame."""
    squares = np.concatenate([[0.0], np.cumsum(window.astype(np.float64) ** 2)])
    starts = np.arange(0, window.size - FRAME + 1, HOP)
    return np.maximum(squares[starts + FRAME] - squares[starts], 0.0) / FRAME
