"""Separation in segments, from memory and from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import SAMPLE_RATE, Cancelled, Samples, UserError, read_sound, write_sound
from mrcmv.separation import Separator
from mrcmv.separation.spectrum import BINS, FRAME, LEAD, OVERLAP, SEGMENT


def noise(samples: int, seed: int = 0) -> Samples:
    """Bursts of coloured noise over a chord: something for both stems."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6)) / 8
    bursts = rng.normal(0, 0.1, (samples, 2)) * (np.sin(2 * np.pi * 3 * t) > 0.5)[:, None]
    return (bursts + chord[:, None]).astype(np.float32)


def below_11_khz(sound: Samples) -> Samples:
    """What both stems add up to: the sound without the bins that the network does not see."""
    padded = np.pad(sound, ((LEAD, 2 * FRAME), (0, 0)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    out = np.zeros(padded.shape)
    for start in range(0, len(padded) - FRAME + 1, FRAME // 4):
        spectrum = np.fft.rfft(padded[start : start + FRAME] * window[:, None], axis=0)
        spectrum[BINS:] = 0
        out[start : start + FRAME] += np.fft.irfft(spectrum, axis=0) * window[:, None] * (2 / 3)
    return out[LEAD : LEAD + len(sound)].astype(np.float32)


@pytest.mark.parametrize("samples", [1, 4410, SEGMENT - LEAD, SEGMENT - LEAD + 1, SEGMENT + OVERLAP + 12345])
def test_the_stems_add_up_to_the_sound(separator: Separator, samples: int) -> None:
    sound = noise(samples)
    stems = separator.separate(sound)
    assert stems.voice.shape == stems.accompaniment.shape == (samples, 2)
    assert stems.voice.dtype == np.float32
    np.testing.assert_allclose(stems.voice + stems.accompaniment, below_11_khz(sound), atol=2e-6)


def test_nothing_comes_out_of_nothing(separator: Separator) -> None:
    stems = separator.separate(np.zeros((5000, 2), np.float32))
    assert not stems.voice.any()
    assert not stems.accompaniment.any()
    empty = separator.separate(np.zeros((0, 2), np.float32))
    assert empty.voice.shape == empty.accompaniment.shape == (0, 2)


def test_a_file_gives_what_memory_gives(separator: Separator, tmp_path: Path) -> None:
    sound = noise(SEGMENT + 3 * OVERLAP + 77, seed=1)
    write_sound(tmp_path / "mix.wav", sound)
    expected = separator.separate(sound)
    told: list[float] = []
    files = separator.separate_file(tmp_path / "mix.wav", tmp_path / "stems", progress=told.append)
    np.testing.assert_allclose(read_sound(files.voice), expected.voice, atol=1e-6)
    np.testing.assert_allclose(read_sound(files.accompaniment), expected.accompaniment, atol=1e-6)
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == ["accompaniment.wav", "voice.wav"]


def test_a_part_of_a_file(separator: Separator, tmp_path: Path) -> None:
    sound = noise(2 * SAMPLE_RATE, seed=2)
    write_sound(tmp_path / "mix.wav", sound)
    files = separator.separate_file(tmp_path / "mix.wav", tmp_path, start_s=0.5, end_s=1.25)
    expected = separator.separate(sound[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 3 * SAMPLE_RATE // 4])
    np.testing.assert_allclose(read_sound(files.voice), expected.voice, atol=1e-6)


def test_cancelling_leaves_no_file(separator: Separator, tmp_path: Path) -> None:
    write_sound(tmp_path / "mix.wav", noise(2 * SEGMENT))
    calls = 0

    def stop(done: float) -> None:
        nonlocal calls
        calls += 1
        if done > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        separator.separate_file(tmp_path / "mix.wav", tmp_path / "stems", progress=stop)
    assert calls < 8
    assert list((tmp_path / "stems").iterdir()) == []


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(UserError, match="choose cpu"):
        Separator.load("abacus")
