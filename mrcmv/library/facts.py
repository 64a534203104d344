"""What can be measured about a sound file: length, loudness, peaks, tempo, key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mrcmv.library.listening import RATE, Heard, listen
from mrcmv.library.track import PEAK_COUNT
from mrcmv.media import (
    SAMPLE_RATE,
    Progress,
    measure_levels,
    part_of,
    read_blocks,
    read_sound,
    sound_length_s,
    to_mono,
)

LISTEN_S = 120.0
"""Seconds from the middle of a track by which tempo and key are judged."""
_BLOCK = 10 * SAMPLE_RATE


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
    levels = measure_levels(
        read_blocks(path, _BLOCK),
        round(sound_length_s(path) * SAMPLE_RATE),
        points=PEAK_COUNT,
        progress=part_of(progress, 0.0, 0.6),
    )
    heard = hear_file(path, stated_bpm)
    if progress:
        progress(1.0)
    return Measured(
        duration_s=round(levels.duration_s, 3),
        tempo_bpm=heard.tempo_bpm,
        tempo_confidence=heard.tempo_confidence,
        key=heard.key,
        lufs=round(levels.lufs, 2),
        true_peak_db=round(levels.true_peak_db, 2),
        peaks=tuple(round(min(float(peak), 1.0), 3) for peak in levels.outline),
    )


def hear_file(path: Path, stated_bpm: float | None = None) -> Heard:
    """Tempo and key of the middle of a sound file; ``stated_bpm`` as for `measure_facts`."""
    start_s = max(0.0, (sound_length_s(path) - LISTEN_S) / 2)
    return listen(to_mono(read_sound(path, start_s=start_s, duration_s=LISTEN_S), rate_out=RATE), stated_bpm)
