"""A clip with music: the room's other modules put together.

The sound is read twice and written twice (mix, then mastered), in blocks, so that ten minutes need
little more memory than the track itself. The picture is never decoded.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np

from mrcmv.media import SAMPLE_RATE, Clip, Levels, Progress, Speech, measure_levels, mux, part_of, read_blocks
from mrcmv.mix.fit import load_music
from mrcmv.mix.limiter import Mastering
from mrcmv.mix.mixdown import BLOCK, Mixdown
from mrcmv.mix.preview import MAX_TRUE_PEAK_DB, TARGET_LUFS, Preview

log = logging.getLogger(__name__)

ENCODER_MARGIN_DB = 0.4
"""How much lower the limiter's ceiling starts: AAC's peaks differ a little from what it was given."""
MAX_ENCODES = 3
LEVEL_RANGE_LU = (0.0, 40.0)

Keep = Literal["voice", "original", "none"]


def render_preview(
    clip: Clip,
    music: Path,
    destination: Path,
    *,
    music_start_s: float = 0.0,
    level_lu: float = 13.0,
    keep: Keep = "voice",
    voice: Path | None = None,
    speech: Speech,
    credit: str | None = None,
    progress: Progress | None = None,
) -> Preview:
    """Mix a track under a clip and write the MP4; the picture stream is copied as it is.

    Parameters
    ----------
    clip, music
        The clip, and a sound file of the library.
    destination
        The MP4; appears whole or not at all.
    music_start_s
        Where the track begins, in seconds.
    level_lu
        How far the music lies under the voice while somebody speaks, in LU.
    keep
        What is kept of the clip: the separated voice, its original sound, or nothing.
    voice
        The separated voice of the whole clip (a file); None when nobody speaks.
    speech
        Where somebody speaks.
    credit
        Text for the file's comment.

    Raises
    ------
    MusicError
        When the track is too short to be music.
    SoundError, ToolError
        When a file cannot be read, or encoding fails.
    """
    if keep not in ("voice", "original", "none"):
        raise ValueError(f"keep is voice, original or none, not {keep!r}")
    if not (math.isfinite(level_lu) and LEVEL_RANGE_LU[0] <= level_lu <= LEVEL_RANGE_LU[1]):
        raise ValueError(f"level_lu lies from {LEVEL_RANGE_LU[0]:g} to {LEVEL_RANGE_LU[1]:g}, not {level_lu}")
    frames = max(1, round(clip.duration_s * SAMPLE_RATE))
    kept, measured = _sources(clip, keep, voice, speech)
    steps = _Steps(progress)
    destination = Path(destination)
    with tempfile.TemporaryDirectory(prefix=".mix-", dir=destination.parent) as work:
        bed = load_music(music, frames, start_s=music_start_s, progress=steps.part(0.0, 0.15))
        mix = Mixdown(bed, kept, measured, speech if keep != "none" else Speech(()), level_lu, Path(work))
        mix.listen(steps.part(0.15, 0.3))
        mix.write(steps.part(0.3, 0.5))
        video = Path(work) / "preview.mp4"
        made, mastering = _deliver(clip, mix, video, credit, steps)
        preview = _preview(mix, mastering, made, destination)
        os.replace(video, destination)
    steps(1.0)
    return preview


def _sources(clip: Clip, keep: Keep, voice: Path | None, speech: Speech) -> tuple[Path | None, Path | None]:
    """(what is heard of the clip, what the music's level is measured against)."""
    if keep == "none" or clip.sound is None:
        return None, None
    if keep == "original":
        return clip.sound, (voice if speech and voice is not None else clip.sound)
    if speech and voice is None:
        raise ValueError("somebody speaks, so the separated voice is needed to keep it")
    return (voice, voice) if speech else (None, None)  # what is left of a voice nobody has is noise


class _Steps:
    """Hands out parts of one progress, which never falls even when the sound is encoded again."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done = 0.0

    def __call__(self, done: float) -> None:
        self._done = max(self._done, min(done, 1.0))
        if self._progress is not None:
            self._progress(self._done)

    def part(self, low: float, high: float) -> Progress:
        return part_of(self, low, high)


def _deliver(
    clip: Clip, mix: Mixdown, video: Path, credit: str | None, steps: _Steps
) -> tuple[Levels, Mastering]:
    """Encode, decode again and measure; with a lower ceiling when the encoder went over the limit."""
    ceiling_db = MAX_TRUE_PEAK_DB - ENCODER_MARGIN_DB
    sound = video.with_name("sound.wav")
    for attempt in range(MAX_ENCODES):
        mastering = mix.write_mastered(sound, ceiling_db, steps.part(0.5, 0.6))
        mux(
            clip.picture,
            sound,
            video,
            duration_s=mix.bed.frames / SAMPLE_RATE,
            comment=credit,
            progress=steps.part(0.6, 0.9),
        )
        decoded = read_blocks(video, BLOCK)
        made = measure_levels(decoded, mix.bed.frames, progress=steps.part(0.9, 0.99))
        over = made.true_peak_db - MAX_TRUE_PEAK_DB
        if over <= 0:
            break
        log.info("encode %d is %.2f dB over the true-peak limit", attempt + 1, over)
        ceiling_db -= over + 0.1 + 0.6 * attempt  # lower than needed, since every encode differs
    return made, mastering


def _preview(mix: Mixdown, mastering: Mastering, made: Levels, destination: Path) -> Preview:
    gain = 10 ** (mastering.gain_db / 20)
    voice_peaks, music_peaks = (np.minimum(outline.peaks * gain, 1.0) for outline in mix.outlines)
    return Preview(
        path=destination,
        duration_s=made.duration_s,
        integrated_lufs=made.lufs,
        true_peak_db=made.true_peak_db,
        voice_to_music_lu=mix.voice_to_music_lu,
        ducking=mix.ducking.points(),
        voice_peaks=voice_peaks.astype(np.float32),
        music_peaks=music_peaks.astype(np.float32),
        music_gain_db=mix.ducking.gain_db + mastering.gain_db,
        limited_lu=mastering.limited_lu,
        loudness_reached=abs(made.lufs - TARGET_LUFS) <= 1.0,
    )
