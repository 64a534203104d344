"""What musicnn hears: log-mel spectra of 3 s windows, as librosa defines them.

16 kHz, periodic Hann windows of 512 samples every 256, centred on their sample with the edges
mirrored, power spectrum, 96 bands on Slaney's mel scale up to 8 kHz, each of area one,
log10(10000 x + 1). The original rounds the bands to half precision, which turns loud bass into
infinity; this one does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.media import ANALYSIS_RATE, Samples

RATE = ANALYSIS_RATE
FFT, HOP, BANDS = 512, 256, 96
FRAMES = 187
"""Frames of a window: 3 s."""
WINDOW_SAMPLES = FRAMES * HOP
"""Samples from one window to the next: 2.992 s."""


def window_count(samples: int) -> int:
    """Whole windows in a sound of that many samples; a sound shorter than one is repeated, hence one."""
    return max(1, (1 + samples // HOP) // FRAMES)


def windows(sound: Samples, batch: int) -> Iterator[Tensor]:
    """Log-mel windows [b <= batch, 187, 96] of a mono sound [n > 0] at 16 kHz, one after the other.

    The windows follow each other without a gap; what is left at the end is dropped, as in the
    original. Memory does not grow with the length of the sound.
    """
    if 1 + len(sound) // HOP < FRAMES:
        sound = np.resize(sound, WINDOW_SAMPLES)
    count = window_count(len(sound))
    for first in range(0, count, batch):
        size = min(batch, count - first)
        frames = log_mel(_excerpt(sound, first * WINDOW_SAMPLES, size * FRAMES))
        yield frames.view(size, FRAMES, BANDS)


def log_mel(excerpt: Samples) -> Tensor:
    """[512 + 256 (frames - 1)] samples -> [frames, 96]."""
    frames = torch.from_numpy(np.ascontiguousarray(excerpt)).unfold(0, FFT, HOP)
    spectrum = torch.fft.rfft(frames * torch.hann_window(FFT, periodic=True))
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.log10(10000.0 * (power @ torch.from_numpy(mel_matrix())) + 1.0)


def _excerpt(sound: Samples, start: int, frames: int) -> Samples:
    """The samples under ``frames`` frames whose first is centred on ``start``, mirrored at the edges.

    Samples that are not numbers become silence.
    """
    left, right = start - FFT // 2, start + (frames - 1) * HOP + FFT // 2
    part = sound[max(left, 0) : min(right, len(sound))]
    around = (max(-left, 0), max(right - len(sound), 0))
    part = np.nan_to_num(np.asarray(part, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return np.pad(part, around, mode="reflect") if any(around) else part


@lru_cache(maxsize=1)
def mel_matrix() -> NDArray[np.float32]:
    """[257, 96]: triangles over frequency in Hz between neighbours' middles, 2 / width in height."""
    bins = np.fft.rfftfreq(FFT, 1 / RATE)[:, None]
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle))
    return (np.maximum(triangles, 0.0) * (2.0 / (right - left))).astype(np.float32)


# Slaney's scale: linear up to 1 kHz, then 27 steps for a factor of 6.4
_LINEAR, _KNEE, _STEP = 3.0 / 200.0, 1000.0, np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    return hertz * _LINEAR if hertz < _KNEE else _KNEE * _LINEAR + float(np.log(hertz / _KNEE)) / _STEP


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE * _LINEAR
    return np.where(mel < knee, mel / _LINEAR, _KNEE * np.exp(_STEP * (mel - knee)))
