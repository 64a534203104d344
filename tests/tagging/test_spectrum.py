from __future__ import annotations

import numpy as np
import torch

from mrcmv.tagging.spectrum import BANDS, FRAMES, WINDOW_SAMPLES, mel_matrix, window_count, windows


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.2, round(seconds * 16_000)).astype(np.float32)


def test_it_is_librosas_mel_spectrum() -> None:
    import librosa

    np.testing.assert_allclose(
        mel_matrix().T, librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96), atol=1e-7
    )
    sound = noise(7)
    theirs = librosa.feature.melspectrogram(
        y=sound, sr=16_000, hop_length=256, n_fft=512, n_mels=96, pad_mode="reflect"
    )
    ours = torch.cat(list(windows(sound, 4))).reshape(-1, BANDS).numpy()
    np.testing.assert_allclose(ours, np.log10(10_000 * theirs.T + 1)[: 2 * FRAMES], atol=2e-5)


def test_the_size_of_a_batch_changes_nothing() -> None:
    sound = noise(16)
    one, all_at_once = torch.cat(list(windows(sound, 1))), torch.cat(list(windows(sound, 100)))
    assert one.shape == (5, FRAMES, BANDS)
    torch.testing.assert_close(one, all_at_once, rtol=0, atol=1e-5)


def test_a_short_sound_is_repeated_and_odd_samples_are_silence() -> None:
    sound = noise(1.0)
    assert window_count(len(sound)) == 1
    (window,) = windows(sound, 4)
    (again,) = windows(np.resize(sound, WINDOW_SAMPLES), 4)
    torch.testing.assert_close(window, again)
    odd = sound.copy()
    odd[100:200] = np.nan
    (made,) = windows(odd, 4)
    assert torch.isfinite(made).all()
    (point,) = windows(noise(1 / 16_000), 4)  # a single sample
    assert point.shape == (1, FRAMES, BANDS)
