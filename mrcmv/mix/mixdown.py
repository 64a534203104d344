"""Voice and music of one preview become one sound file, in blocks of two seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    SILENCE_LUFS,
    Energies,
    LoudnessMeter,
    Outline,
    Progress,
    Samples,
    SoundWriter,
    Speech,
    TruePeakMeter,
    read_blocks,
)
from mrcmv.mix.ducking import Ducking, level_without_voice, solve_ducking
from mrcmv.mix.fit import MusicBed
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.preview import TARGET_LUFS
from mrcmv.mix.speech import on_speech

OUTLINE_POINTS = 600
BLOCK = 441 * 32 * 6
"""Samples of a block: whole hops (10 ms) and whole true-peak frames, 1.92 s."""


class Mixdown:
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
        self._voice: Energies = np.zeros(0)
        self.outlines = (Outline(bed.frames, OUTLINE_POINTS), Outline(bed.frames, OUTLINE_POINTS))

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
                self.outlines[0].add(kept)
                self.outlines[1].add(music * lift)
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

    def write_mastered(self, path: Path, ceiling_db: float, progress: Progress) -> Mastering:
        """Write the mix at the delivered loudness with its true peaks under ``ceiling_db``."""
        mastering = master(self.peaks, self.energies, target_lufs=TARGET_LUFS, ceiling_db=ceiling_db)
        with SoundWriter(path) as writer:
            for start, _, block in self._blocks(self.path, progress):
                writer.write(mastering.apply(block, start))
        return mastering

    def _blocks(self, source: Path | None, progress: Progress) -> Iterator[tuple[int, int, Samples]]:
        """(start, stop, samples) over the whole length; a source that is shorter goes on in silence."""
        frames = self.bed.frames
        blocks = read_blocks(source, BLOCK) if source is not None else iter(())
        for start in range(0, frames, BLOCK):
            stop = min(start + BLOCK, frames)
            block = next(blocks, None)
            samples: Samples = np.zeros((stop - start, 2), np.float32)
            if block is not None:
                block = block[: stop - start]
                samples[: len(block)] = np.nan_to_num(block, copy=False, posinf=0.0, neginf=0.0)
            progress(start / frames)
            yield start, stop, samples
