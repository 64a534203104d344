"""A clip with music: the room's other modules put together, block by block.

The sound is read twice and written twice (mix, then mastered), in blocks of two seconds, so that
ten minutes need little more memory than the track itself. The picture is never decoded.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    SAMPLE_RATE,
    Clip,
    Progress,
    Samples,
    SoundWriter,
    Speech,
    mux,
    read_blocks,
)
from mrcmv.mix.ducking import Ducking, level_without_voice, solve_ducking
from mrcmv.mix.fit import MusicBed, load_music
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.loudness import SILENCE_LUFS, Energies, LoudnessMeter, integrated, on_speech
from mrcmv.mix.peaks import Outline, TruePeakMeter, to_db

log = logging.getLogger(__name__)

TARGET_LUFS = -14.0
MAX_TRUE_PEAK_DB = -1.0
ENCODER_MARGIN_DB = 0.4
"""How much lower the limiter's ceiling starts: AAC's peaks differ a little from what it was given."""
MAX_ENCODES = 3
OUTLINE_POINTS = 600
LEVEL_RANGE_LU = (0.0, 40.0)
_BLOCK = 441 * 32 * 6  # whole hops (10 ms) and whole true-peak frames: 1.92 s

Keep = Literal["voice", "original", "none"]


@dataclass(frozen=True)
class Preview:
    """A finished preview and what was measured on it.

    Attributes
    ----------
    path
        The MP4.
    duration_s
        Length of its sound, which is that of the clip.
    integrated_lufs, true_peak_db
        Of the file's sound decoded again (BS.1770); -70 and -120 stand for silence.
    voice_to_music_lu
        How far the music lies under the voice while somebody speaks; None without a voice.
    ducking
        (seconds, dB) points of the ducking for drawing: 0 dB between the phrases.
    voice_peaks, music_peaks
        Outline of what is kept of the clip, and of the music before ducking, as loud as they are
        in the preview, float32 [600], 0..1.
    music_gain_db
        Gain of the music between the phrases relative to the track's file.
    limited_lu
        How much of the loudness the limiter took away: 0 when it had nothing to do.
    loudness_reached
        False when -14 LUFS would have needed too much gain or too much limiting (see `note`).
    """

    path: Path
    duration_s: float
    integrated_lufs: float
    true_peak_db: float
    voice_to_music_lu: float | None
    ducking: list[tuple[float, float]]
    voice_peaks: NDArray[np.float32]
    music_peaks: NDArray[np.float32]
    music_gain_db: float = 0.0
    limited_lu: float = 0.0
    loudness_reached: bool = True

    @property
    def note(self) -> str | None:
        """One sentence for the user when the preview is quieter than videos usually are."""
        if self.loudness_reached:
            return None
        if self.integrated_lufs <= SILENCE_LUFS:
            return "This preview is silent: neither the clip nor the track has sound that can be heard."
        cause = (
            "its peaks are too high for more" if self.limited_lu > 0.5 else "its sound is too quiet for more"
        )
        return f"This preview stays at {self.integrated_lufs:.1f} LUFS instead of {TARGET_LUFS:.0f}: {cause}."


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
        mix = _Mix(bed, kept, measured, speech if keep != "none" else Speech(()), level_lu, Path(work))
        mix.listen(steps.part(0.15, 0.3))
        mix.write(steps.part(0.3, 0.5))
        made = _deliver(clip, mix, Path(work), credit, steps)
        preview = mix.preview(made, destination)
        os.replace(made.path, destination)
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
        def inner(done: float) -> None:
            self(low + (high - low) * min(max(done, 0.0), 1.0))

        return inner


class _Mix:
    """Voice and music of one preview: measured, levelled, and written to a float file."""

    def __init__(
        self,
        bed: MusicBed,
        kept: Path | None,
        measured: Path | None,
        speech: Speech,
        level_lu: float,
        work: Path,
    ) -> None:
        self.bed, self.kept, self.measured, self.speech = bed, kept, measured, speech
        self.level_lu = level_lu
        self.path = work / "mix.wav"
        self.ducking: Ducking
        self.peaks: NDArray[np.float32]
        self.energies: Energies
        self.voice_to_music_lu: float | None = None
        self.mastering: Mastering
        self._voice: Energies = np.zeros(0)
        self._outlines = (Outline(bed.frames, OUTLINE_POINTS), Outline(bed.frames, OUTLINE_POINTS))

    def listen(self, progress: Progress) -> None:
        """Measure voice and music, and solve the levels."""
        meters = LoudnessMeter(), LoudnessMeter()
        for start, stop, voice in self._blocks(self.measured, progress):
            meters[0].add(voice)
            meters[1].add(self.bed.block(start, stop))
        voice_energies, music_energies = meters[0].energies, meters[1].energies
        self._voice = voice_energies
        if self.kept is not None and not self.speech:
            self.ducking = level_without_voice(voice_energies, music_energies, level_lu=self.level_lu)
        else:
            speech = self.speech if self.measured is not None else Speech(())
            self.ducking = solve_ducking(voice_energies, music_energies, speech, level_lu=self.level_lu)

    def write(self, progress: Progress) -> None:
        """Write the mix, and measure on the way what the limiter and the page need."""
        loudness, music_loudness, true_peaks = LoudnessMeter(), LoudnessMeter(), TruePeakMeter()
        lift = np.float32(10 ** (self.ducking.gain_db / 20))
        with SoundWriter(self.path) as writer:
            for start, stop, kept in self._blocks(self.kept, progress):
                music = self.bed.block(start, stop)
                self._outlines[0].add(kept)
                self._outlines[1].add(music * lift)
                music *= self.ducking.gain(start, stop)[:, None]
                music_loudness.add(music)
                mixed = kept + music
                loudness.add(mixed)
                true_peaks.add(mixed)
                writer.write(mixed)
        self.energies, self.peaks = loudness.energies, true_peaks.finish()
        voice_lufs = on_speech(self._voice, self.speech)
        music_lufs = on_speech(music_loudness.energies, self.speech)
        if self.measured is not None and voice_lufs > SILENCE_LUFS and music_lufs > SILENCE_LUFS:
            self.voice_to_music_lu = voice_lufs - music_lufs

    def write_mastered(self, path: Path, ceiling_db: float, progress: Progress) -> None:
        """Write the mix at the delivered loudness with its true peaks under ``ceiling_db``."""
        self.mastering = master(self.peaks, self.energies, target_lufs=TARGET_LUFS, ceiling_db=ceiling_db)
        with SoundWriter(path) as writer:
            for start, _, block in self._blocks(self.path, progress):
                writer.write(self.mastering.apply(block, start))

    def preview(self, made: _Delivered, destination: Path) -> Preview:
        gain = 10 ** (self.mastering.gain_db / 20)
        voice_peaks, music_peaks = (np.minimum(outline.peaks * gain, 1.0) for outline in self._outlines)
        return Preview(
            path=destination,
            duration_s=made.duration_s,
            integrated_lufs=made.lufs,
            true_peak_db=made.true_peak_db,
            voice_to_music_lu=self.voice_to_music_lu,
            ducking=self.ducking.points(),
            voice_peaks=voice_peaks.astype(np.float32),
            music_peaks=music_peaks.astype(np.float32),
            music_gain_db=self.ducking.gain_db + self.mastering.gain_db,
            limited_lu=self.mastering.limited_lu,
            loudness_reached=abs(made.lufs - TARGET_LUFS) <= 1.0,
        )

    def _blocks(self, source: Path | None, progress: Progress) -> Iterator[tuple[int, int, Samples]]:
        """(start, stop, samples) over the whole length; a source that is shorter goes on in silence."""
        frames = self.bed.frames
        blocks = read_blocks(source, _BLOCK) if source is not None else iter(())
        for start in range(0, frames, _BLOCK):
            stop = min(start + _BLOCK, frames)
            block = next(blocks, None)
            samples: Samples = np.zeros((stop - start, 2), np.float32)
            if block is not None:
                block = block[: stop - start]
                samples[: len(block)] = np.nan_to_num(block, copy=False, posinf=0.0, neginf=0.0)
            progress(start / frames)
            yield start, stop, samples


@dataclass(frozen=True)
class _Delivered:
    path: Path
    duration_s: float
    lufs: float
    true_peak_db: float


def _deliver(clip: Clip, mix: _Mix, work: Path, credit: str | None, steps: _Steps) -> _Delivered:
    """Encode, decode again and measure; with a lower ceiling when the encoder went over the limit."""
    ceiling_db = MAX_TRUE_PEAK_DB - ENCODER_MARGIN_DB
    sound, video = work / "sound.wav", work / "preview.mp4"
    for attempt in range(MAX_ENCODES):
        mix.write_mastered(sound, ceiling_db, steps.part(0.5, 0.6))
        mux(
            clip.picture,
            sound,
            video,
            duration_s=mix.bed.frames / SAMPLE_RATE,
            comment=credit,
            progress=steps.part(0.6, 0.9),
        )
        made = _measure(video, mix.bed.frames, steps.part(0.9, 0.99))
        over = made.true_peak_db - MAX_TRUE_PEAK_DB
        if over <= 0:
            break
        log.info("encode %d is %.2f dB over the true-peak limit", attempt + 1, over)
        ceiling_db -= over + 0.1 + 0.6 * attempt  # lower than needed, since every encode differs
    return made


def _measure(video: Path, frames: int, progress: Progress) -> _Delivered:
    """Length, integrated loudness and true peak of a finished file, from its own decoded sound."""
    loudness, true_peaks, length = LoudnessMeter(), TruePeakMeter(), 0
    for block in read_blocks(video, _BLOCK):
        loudness.add(block)
        true_peaks.add(block)
        length += len(block)
        progress(min(1.0, length / frames))
    peaks = true_peaks.finish()
    highest = float(peaks.max()) if len(peaks) else 0.0
    return _Delivered(video, length / SAMPLE_RATE, integrated(loudness.energies), to_db(highest))
