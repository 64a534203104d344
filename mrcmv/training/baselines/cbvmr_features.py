"""The music features of CBVMR (Hong, Im & Yang 2018, arXiv 1704.06761): 1140 numbers per track.

12 kHz, split into its harmonic and percussive halves, 190 rows of librosa features from each, and
the mean, variance and maximum of every row over time: 2 x 190 x 3. The paper's text at hand does
not list the rows; ours are 128 mel bands, 20 MFCC, 12 chroma, 12 smoothed chroma (as CENS), 7 bands
of spectral contrast, 6 tonnetz, centroid, bandwidth, rolloff, RMS and zero crossings, which makes 190.
Chroma comes from the Fourier transform, not from a constant-Q transform, to save time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, Samples

RATE = 12_000
FFT, HOP = 2048, 1024
ROWS, SIZE = 190, 1140


def cbvmr_features(music: Samples) -> NDArray[np.float32]:
    """float32 [1140] of mono 16 kHz sound of at least 2 s; the harmonic half comes first."""
    from librosa import istft, stft
    from librosa.decompose import hpss
    from scipy.signal import resample_poly

    sound = np.asarray(resample_poly(music, RATE, ANALYSIS_RATE), dtype=np.float32)
    sound = sound / (np.sqrt(np.mean(np.square(sound))) + 1e-9) * np.float32(0.1)
    spectrum = stft(sound, n_fft=FFT, hop_length=HOP)
    found = []
    for half in hpss(spectrum, kernel_size=(17, 17)):
        wave = istft(half, hop_length=HOP, n_fft=FFT, length=len(sound))
        rows = _rows(np.abs(half), wave)
        found += [rows.mean(1), rows.var(1), rows.max(1)]
    return np.nan_to_num(np.concatenate(found)).astype(np.float32)


def _rows(magnitude: NDArray[np.float32], wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """[190, frames] of one half."""
    from librosa import feature, power_to_db

    power = magnitude**2
    mel = power_to_db(feature.melspectrogram(S=power, sr=RATE, n_mels=128))
    chroma = feature.chroma_stft(S=power, sr=RATE, tuning=0.0)
    contrast = feature.spectral_contrast(S=magnitude, sr=RATE, fmin=100.0)
    stack = [
        mel,
        feature.mfcc(S=mel, n_mfcc=20),
        chroma,
        _smooth(chroma),
        contrast,
        feature.tonnetz(chroma=chroma, sr=RATE),
        feature.spectral_centroid(S=magnitude, sr=RATE),
        feature.spectral_bandwidth(S=magnitude, sr=RATE),
        feature.spectral_rolloff(S=magnitude, sr=RATE),
        feature.rms(S=magnitude, frame_length=FFT),
        feature.zero_crossing_rate(wave, frame_length=FFT, hop_length=HOP),
    ]
    frames = min(part.shape[1] for part in stack)
    rows = np.concatenate([part[:, :frames] for part in stack])
    assert rows.shape[0] == ROWS
    return np.asarray(rows, dtype=np.float32)


def _smooth(chroma: NDArray[np.float32], width: int = 21) -> NDArray[np.float32]:
    """Chroma energy normalised statistics (Mueller & Ewert 2011): shares in five steps, smoothed."""
    share = chroma / (chroma.sum(0, keepdims=True) + 1e-6)
    steps = sum((share > edge).astype(np.float32) for edge in (0.05, 0.1, 0.2, 0.4)) / 4
    window = np.hanning(width + 2)[1:-1]
    length = chroma.shape[1]
    padded = np.pad(steps, ((0, 0), (width // 2, width // 2)), mode="edge")
    smooth = np.stack([np.convolve(row, window / window.sum(), "valid")[:length] for row in padded])
    return np.asarray(smooth / (np.linalg.norm(smooth, axis=0, keepdims=True) + 1e-6), dtype=np.float32)
