"""Cutting, transforming and joining, without the networks."""

from __future__ import annotations

import pytest
import torch

from mrcmv.separation.spectrum import (
    FRAME,
    HOP,
    LEAD,
    OVERLAP,
    SEGMENT,
    SEGMENT_FRAMES,
    Joiner,
    analyse,
    cut,
    segment_count,
    synthesise,
)

BORDER = SEGMENT - LEAD


@pytest.mark.parametrize(
    "samples", [1, 999, BORDER - 1, BORDER, BORDER + 1, BORDER + OVERLAP, 2 * SEGMENT + 5]
)
def test_the_size_of_blocks_does_not_show(samples: int) -> None:
    sound = torch.randn(2, samples, generator=torch.Generator().manual_seed(0))
    whole = list(cut([sound]))
    assert len(whole) == segment_count(samples)
    # The frames of the original: they run until the sound, with one frame of zeros in front, has ended.
    assert len(whole) == -(-len(range(0, samples + LEAD, HOP)) // SEGMENT_FRAMES)
    padded = torch.zeros(2, len(whole) * SEGMENT + OVERLAP)
    padded[:, LEAD : LEAD + samples] = sound
    for number, segment in enumerate(whole):
        assert torch.equal(segment, padded[:, number * SEGMENT :][:, : SEGMENT + OVERLAP])
    for size in (100_003, SEGMENT + OVERLAP):
        parts = list(cut(sound.split(size, dim=1)))
        assert all(torch.equal(part, segment) for part, segment in zip(parts, whole, strict=True))


def test_a_transform_there_and_back_gives_the_low_band() -> None:
    """A tone below 11 kHz comes through the joined segments as it was; one above is gone."""
    time = torch.arange(SEGMENT + 50_000, dtype=torch.float64) / 44_100
    low, high = (torch.sin(2 * torch.pi * pitch * time).float() for pitch in (440, 15_000))
    window = torch.hann_window(FRAME)
    joiner, out = Joiner(), []
    for segment in cut([torch.stack((low, high))]):
        spectrum = analyse(segment, window)
        out.append(joiner.add(synthesise(spectrum, torch.ones(spectrum.shape), window)))
    joined = torch.cat(out, dim=1)[:, : len(time)]
    inside = slice(FRAME, -FRAME)  # a tone that is cut off has a broad spectrum
    torch.testing.assert_close(joined[0, inside], low[inside], atol=2e-4, rtol=0)
    assert joined[1, inside].abs().max() < 2e-4
