"""Voice and music of one preview become one sound file, in blocks of two seconds."""

from __future__ import annotations

import contextlib
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
from mrcmv.mix.ducking import Ducking, DuckingTimes, level_without_voice, solve_ducking
from mrcmv.mix.fit import MusicBed
from mrcmv.mix.kept import Kept, Part
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.result import TARGET_LUFS
from mrcmv.mix.settings import MixSettings
from mrcmv.mix.speech import on_speech

OUTLINE_POINTS = 600
STEM_NAMES = ("voice", "music", "music_ducked", "mix")
BLOCK = 441 * 32 * 6
"""Samples of a block: whole hops (10 ms) and whole true-peak frames, 1.92 s."""


class Mixdown:
    """Voice and music of one preview: measured, levelled, and written to a float file."""

    def __init__(
        self,
        bed: MusicBed,
        kept: Kept,
        speech: Speech,
        settings: MixSettings,
        work: Path,
    ) -> None:
        self.bed, self.kept, self.speech, self.settings = bed, kept, speech, settings
        self.path = work / "mix.wav"
        self.ducking: Ducking
        self.peaks: NDArray[np.float32]
        self.energies: Energies
        self.voice_to_music_lu: float | None = None
        self.loudest_part = 0.0
        self._voice: Energies = np.zeros(0)
        self.outlines = (Outline(bed.frames, OUTLINE_POINTS), Outline(bed.frames, OUTLINE_POINTS))

    def listen(self, progress: Progress) -> None:
        """Measure voice and music, and solve the levels."""
        meters = LoudnessMeter(), LoudnessMeter()
        measured = self.kept.measured
        source = iter(()) if measured is None else Part(measured, self.kept.measured_gain).blocks(BLOCK)
        for start, stop, voice in self._blocks(source, progress):
            meters[0].add(voice)
            meters[1].add(self.bed.block(start, stop))
        voice_energies, music_energies = meters[0].energies, meters[1].energies
        self._voice = voice_energies
        level_lu = self.settings.level_lu
        if self.kept.parts and not self.speech:
            self.ducking = level_without_voice(voice_energies, music_energies, level_lu=level_lu)
        else:
            self.ducking = solve_ducking(
                voice_energies,
                music_energies,
                self.speech if measured is not None else Speech(()),
                level_lu=level_lu,
                depth_db=self.settings.duck_depth_db,
                times=DuckingTimes(self.settings.attack_s, self.settings.hold_s, self.settings.release_s),
            )

    def write(self, progress: Progress) -> None:
        """Write the mix, and measure on the way what the limiter and the page need."""
        loudness, music_loudness, true_peaks = LoudnessMeter(), LoudnessMeter(), TruePeakMeter()
        lift = np.float32(10 ** (self.ducking.gain_db / 20))
        with SoundWriter(self.path) as writer:
            for start, stop, kept in self._blocks(self.kept.blocks(BLOCK), progress):
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
        self.loudest_part = float(max(outline.peaks.max(initial=0.0) for outline in self.outlines))
        voice_lufs = on_speech(self._voice, self.speech)
        music_lufs = on_speech(music_loudness.energies, self.speech)
        if self.kept.measured is not None and voice_lufs > SILENCE_LUFS and music_lufs > SILENCE_LUFS:
            self.voice_to_music_lu = voice_lufs - music_lufs

    def write_mastered(self, path: Path, ceiling_db: float, progress: Progress) -> Mastering:
        """Write the mix at the delivered loudness with its true peaks under ``ceiling_db``."""
        mastering = master(self.peaks, self.energies, target_lufs=TARGET_LUFS, ceiling_db=ceiling_db)
        with SoundWriter(path) as writer:
            for start, _, block in self._blocks(read_blocks(self.path, BLOCK), progress):
                writer.write(mastering.apply(block, start))
        return mastering

    def write_stems(self, folder: Path, gain: float, progress: Progress) -> dict[str, Path]:
        """What was mixed, each on its own: WAV, 24 bit. ``voice`` and ``music_ducked`` add up to ``mix``.

        All are ``gain`` times as loud as they were mixed; ``music`` is the fitted music before ducking.
        """
        paths = {name: folder / f"{name}.wav" for name in STEM_NAMES}
        lift = np.float32(gain * 10 ** (self.ducking.gain_db / 20))
        with contextlib.ExitStack() as stack:
            writers = {
                name: stack.enter_context(SoundWriter(path, subtype="PCM_24")) for name, path in paths.items()
            }
            for start, stop, kept in self._blocks(self.kept.blocks(BLOCK), progress):
                music = self.bed.block(start, stop)
                ducked = music * (self.ducking.gain(start, stop) * np.float32(gain))[:, None]
                voice = kept * np.float32(gain)
                writers["voice"].write(voice)
                writers["music"].write(music * lift)
                writers["music_ducked"].write(ducked)
                writers["mix"].write(voice + ducked)
        return paths

    def _blocks(self, blocks: Iterator[Samples], progress: Progress) -> Iterator[tuple[int, int, Samples]]:
        """(start, stop, samples) over the whole length; a source that is shorter goes on in silence."""
        frames = self.bed.frames
        for start in range(0, frames, BLOCK):
            stop = min(start + BLOCK, frames)
            block = next(blocks, None)
            samples: Samples = np.zeros((stop - start, 2), np.float32)
            if block is not None:
                block = block[: stop - start]
                samples[: len(block)] = np.nan_to_num(block, copy=False, posinf=0.0, neginf=0.0)
            progress(start / frames)
            yield start, stop, samples
