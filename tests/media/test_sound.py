"""Sound goes in and out unchanged, in one piece and in blocks, and is resampled without aliases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import (
    SAMPLE_RATE,
    SoundError,
    SoundWriter,
    UserError,
    input_args,
    read_blocks,
    read_sound,
    run_ffmpeg,
    sound_length_s,
    to_mono,
    write_sound,
)


def tone(hertz: float, seconds: float, rate: int = SAMPLE_RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def pitch(mono: np.ndarray, rate: int) -> float:
    """Frequency of the strongest line of the spectrum, in Hz."""
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono))))
    return float(np.argmax(spectrum) * rate / len(mono))


@pytest.fixture
def stereo() -> np.ndarray:
    return np.stack([tone(440, 1.0), tone(660, 1.0)], axis=1)


def test_wav_keeps_every_sample_even_above_full_scale(tmp_path: Path, stereo: np.ndarray) -> None:
    write_sound(tmp_path / "a.wav", 3 * stereo)
    assert np.array_equal(read_sound(tmp_path / "a.wav"), 3 * stereo)
    assert sound_length_s(tmp_path / "a.wav") == 1.0
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_flac_keeps_24_bits(tmp_path: Path, stereo: np.ndarray) -> None:
    write_sound(tmp_path / "a.flac", stereo)
    assert np.abs(read_sound(tmp_path / "a.flac") - stereo).max() <= 2**-23


def test_part_of_a_sound(tmp_path: Path, stereo: np.ndarray) -> None:
    write_sound(tmp_path / "a.wav", stereo)
    part = read_sound(tmp_path / "a.wav", start_s=0.25, duration_s=0.5)
    assert np.array_equal(part, stereo[11025 : 11025 + 22050])
    assert len(read_sound(tmp_path / "a.wav", start_s=0.9, duration_s=5.0)) == 4410
    assert len(read_sound(tmp_path / "a.wav", start_s=9.0)) == 0


def test_mono_at_another_rate_becomes_stereo_at_ours(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", tone(1000, 1.0, 22050), rate=22050)
    samples = read_sound(tmp_path / "a.wav")
    assert samples.shape == (SAMPLE_RATE, 2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert pitch(samples[:, 0], SAMPLE_RATE) == pytest.approx(1000, abs=1)
    assert np.abs(samples[4410:-4410, 0] - tone(1000, 1.0)[4410:-4410]).max() < 1e-3


def test_blocks_join_to_the_whole(tmp_path: Path, stereo: np.ndarray) -> None:
    write_sound(tmp_path / "a.wav", stereo)
    blocks = list(read_blocks(tmp_path / "a.wav", 10_000))
    assert [len(b) for b in blocks] == [10_000] * 4 + [4_100]
    assert np.array_equal(np.concatenate(blocks), stereo)
    part = np.concatenate(list(read_blocks(tmp_path / "a.wav", 5_000, start_s=0.1, end_s=0.3)))
    assert np.array_equal(part, stereo[4410:13230])


def test_blocks_of_another_rate_are_those_of_the_whole(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", tone(700, 4.0, 48_000), rate=48_000)
    blocks = list(read_blocks(tmp_path / "a.wav", 44_100))
    assert {len(b) for b in blocks[:-1]} == {44_100}
    whole = read_sound(tmp_path / "a.wav")
    assert sum(map(len, blocks)) == pytest.approx(len(whole), abs=1)
    joined = np.concatenate(blocks)[: len(whole)]
    assert np.abs(joined - whole[: len(joined)]).max() < 1e-3


def test_a_broken_off_writer_leaves_nothing(tmp_path: Path, stereo: np.ndarray) -> None:
    def broken_off() -> None:
        with SoundWriter(tmp_path / "a.wav") as writer:
            writer.write(stereo)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(tmp_path.iterdir()) == []


def test_writer_counts_and_joins(tmp_path: Path, stereo: np.ndarray) -> None:
    with SoundWriter(tmp_path / "a.wav") as writer:
        writer.write(stereo[:1000])
        writer.write(stereo[1000:])
        assert not (tmp_path / "a.wav").exists()
    assert writer.frames == len(stereo)
    assert np.array_equal(read_sound(tmp_path / "a.wav"), stereo)


def test_to_mono_is_band_limited() -> None:
    low = to_mono(np.stack([tone(1000, 1.0), tone(1000, 1.0)], axis=1))
    assert low.shape == (16_000,)
    assert low.dtype == np.float32
    assert pitch(low, 16_000) == pytest.approx(1000, abs=1)
    assert np.abs(low[1000:-1000] - tone(1000, 1.0, 16_000)[1000:-1000]).max() < 1e-3
    above = to_mono(tone(12_000, 1.0))  # over the new Nyquist frequency: must vanish, not fold to 4 kHz
    assert np.abs(above[500:-500]).max() < 1e-3


def test_to_mono_is_the_mean() -> None:
    stereo = np.stack([np.full(10, 0.2), np.full(10, 0.6)], axis=1).astype(np.float32)
    assert np.allclose(to_mono(stereo, 16_000, 16_000), 0.4)


def test_what_libsndfile_cannot_read_goes_through_ffmpeg(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", np.stack([tone(440, 2.0)] * 2, axis=1))
    source = input_args(tmp_path / "a.wav", formats="wav")
    run_ffmpeg([*source, "-c:a", "aac", "-f", "ipod", f"file:{tmp_path / 'a.m4a'}"])
    samples = read_sound(tmp_path / "a.m4a")
    assert len(samples) == pytest.approx(2 * SAMPLE_RATE, abs=2048)
    assert pitch(samples[:, 0], SAMPLE_RATE) == pytest.approx(440, abs=1)


def test_no_sound_is_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"hello")
    with pytest.raises(SoundError, match="cannot be read") as error:
        read_sound(tmp_path / "a.wav")
    assert isinstance(error.value, UserError)
    assert str(tmp_path) not in str(error.value)
    with pytest.raises(SoundError, match="not there"):
        read_sound(tmp_path / "none.wav")
