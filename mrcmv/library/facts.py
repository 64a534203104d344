"""What can be measured about a sound file: length, loudness, peaks, tempo, key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mrcmv.library.levels import measure_levels
from mrcmv.library.listening import RATE, listen
from mrcmv.media import SAMPLE_RATE, Progress, Samples, read_blocks, read_sound, sound_length_s, to_mono

LISTEN_S = 120.0
"""Seconds from the middle of a track by which tempo and key are judged."""
_BLOCK_S = 10.0


@dataclass(frozen=True)
class Measured:
    """Measured facts; fields as in `mrcmv.library.track.Track`."""

    duration_s: float
    tempo_bpm: float | None
    tempo_confidence: float
    key: str
    lufs: float
    true_peak_db: float
    peaks: tuple[float, ...]


def measure_facts(path: Path, progress: Progress | None = None, stated_bpm: float | None = None) -> Measured:
    """Measure a sound file that `mrcmv.media.read_sound` reads, a block at a time.

    With ``stated_bpm`` the tempo is taken as stated and only its confidence is measured.
    """
    length_s = sound_length_s(path)

    def blocks() -> Iterator[Samples]:
        for number, block in enumerate(read_blocks(path, int(_BLOCK_S * SAMPLE_RATE))):
            if progress:
                progress(min(0.6, 0.6 * number * _BLOCK_S / max(length_s, _BLOCK_S)))
            yield block

    levels = measure_levels(blocks())
    start_s = max(0.0, (length_s - LISTEN_S) / 2)
    heard = listen(to_mono(read_sound(path, start_s=start_s, duration_s=LISTEN_S), rate_out=RATE), stated_bpm)
    if progress:
        progress(1.0)
    return Measured(
        duration_s=round(levels.duration_s, 3),
        tempo_bpm=heard.tempo_bpm,
        tempo_confidence=heard.tempo_confidence,
        key=heard.key,
        lufs=round(levels.lufs, 2),
        true_peak_db=round(levels.true_peak_db, 2),
        peaks=levels.peaks,
    )
