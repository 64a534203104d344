"""Spleeter's short-time Fourier transform, one segment of 512 frames at a time.

The original pads the sound with one frame of zeros in front and runs frames until the sound ends.
Its network sees the frames in segments of 512 that do not share a frame; each segment's *samples*
share 3072 with the next one's, and so do the outputs, which are added there. A sound of any length is
therefore cut, transformed and joined exactly with two remainders of 3072 samples in hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

FRAME = 4096
HOP = 1024
BINS = 1024
"""Bins that the network sees (up to 11 kHz); the others are silent in both stems, as in the original."""
SEGMENT_FRAMES = 512
SEGMENT = SEGMENT_FRAMES * HOP
"""Samples from the start of one segment to the start of the next: 11.9 s."""
OVERLAP = FRAME - HOP
LEAD = FRAME
"""Zeros that the original puts in front of the sound."""
SYNTHESIS_GAIN = 2 / 3
"""Squares of a Hann window at a quarter's hop add up to 3/2."""


def segment_count(samples: int) -> int:
    """How many segments a sound of so many samples makes."""
    frames = -(-(samples + LEAD) // HOP)
    return -(-frames // SEGMENT_FRAMES)


def cut(blocks: Iterable[Tensor]) -> Iterator[Tensor]:
    """Blocks [2, any] of a sound, in order -> segments [2, SEGMENT + OVERLAP], the last filled with zeros."""
    parts: list[Tensor] = [torch.zeros(2, LEAD)]
    held, taken = LEAD, 0
    for block in blocks:
        parts.append(block)
        held += block.shape[1]
        taken += block.shape[1]
        if held < SEGMENT + OVERLAP:
            continue
        joined = torch.cat(parts, dim=1)
        while joined.shape[1] >= SEGMENT + OVERLAP:
            yield joined[:, : SEGMENT + OVERLAP]
            joined = joined[:, SEGMENT:]
        parts, held = [joined.clone()], joined.shape[1]
    # What is left starts a segment unless it is only the overlap with one that is out already.
    joined = torch.cat(parts, dim=1)
    given = (taken + LEAD - joined.shape[1]) // SEGMENT
    for _ in range(segment_count(taken) - given):
        yield F.pad(joined, (0, SEGMENT + OVERLAP - joined.shape[1]))
        joined = joined[:, SEGMENT:]


def analyse(segment: Tensor, window: Tensor) -> Tensor:
    """Samples [2, SEGMENT + OVERLAP] -> complex spectrum [2, 512, BINS].

    One channel after the other: that halves the memory of the transform, the largest of a segment.
    """
    spectrum = torch.empty(2, SEGMENT_FRAMES, BINS, dtype=torch.complex64, device=segment.device)
    for channel, samples in enumerate(segment):
        spectrum[channel] = torch.fft.rfft(samples.unfold(0, FRAME, HOP) * window)[:, :BINS]
    return spectrum


def synthesise(spectrum: Tensor, mask: Tensor, window: Tensor) -> Tensor:
    """Masked spectrum [2, 512, BINS] -> samples [2, SEGMENT + OVERLAP], to be added to its neighbours'."""
    steps = FRAME // HOP
    out = torch.zeros(2, SEGMENT_FRAMES + steps - 1, HOP, device=spectrum.device)
    for channel in range(2):
        # The bins that are not there count as zero.
        frames = torch.fft.irfft(spectrum[channel] * mask[channel], n=FRAME)
        frames.mul_(window * SYNTHESIS_GAIN)
        quarters = frames.view(SEGMENT_FRAMES, steps, HOP)
        for step in range(steps):
            out[channel, step : step + SEGMENT_FRAMES] += quarters[:, step]
    return out.view(2, SEGMENT + OVERLAP)


class Joiner:
    """Adds segments [2, SEGMENT + OVERLAP] into one sound and hands out what is finished of it."""

    def __init__(self) -> None:
        self._tail = torch.zeros(2, OVERLAP)
        self._skip = LEAD

    def add(self, segment: Tensor) -> Tensor:
        """Finished samples [2, up to SEGMENT]; without the zeros that stood in front."""
        finished = segment[:, :SEGMENT]
        finished[:, :OVERLAP] += self._tail
        self._tail = segment[:, SEGMENT:].clone()
        finished = finished[:, self._skip :]
        self._skip = 0
        return finished
