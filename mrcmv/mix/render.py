"""A clip with music: the room's other modules put together.

A mix is made as sound alone: what a listener compares costs no work on the picture, and the very
stream that was heard is copied into the video when it is asked for. The sound is read twice and
written twice (mix, then mastered), in blocks, so that ten minutes need little more memory than the
track itself. The picture is never decoded.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mrcmv.media import (
    SAMPLE_RATE,
    Beats,
    Clip,
    Levels,
    Progress,
    Speech,
    encode_sound,
    measure_levels,
    mux,
    part_of,
    read_blocks,
    work_folder,
)
from mrcmv.mix.fit import Fades, MusicBed, load_music, no_music
from mrcmv.mix.grid import Grid
from mrcmv.mix.kept import what_is_kept
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.mixdown import BLOCK, Mixdown
from mrcmv.mix.result import MAX_TRUE_PEAK_DB, TARGET_LUFS, Mix
from mrcmv.mix.settings import MixSettings

log = logging.getLogger(__name__)

ENCODER_MARGIN_DB = 0.4
"""How much lower the limiter's ceiling starts: AAC's peaks differ a little from what it was given."""
MAX_ENCODES = 3
DEFAULTS = MixSettings()


@dataclass(frozen=True)
class Source:
    """What a mix is made of.

    Attributes
    ----------
    clip
        The clip.
    voice, rest
        The whole clip's separated voice and everything else (files); None when nobody speaks.
    speech
        Where somebody speaks.
    music
        A sound file of the library; None for no music.
    beats
        The pulse of that file, where it is known.
    best_s
        Second of the track at which it sets in when the settings name none.
    """

    clip: Clip
    speech: Speech
    voice: Path | None = None
    rest: Path | None = None
    music: Path | None = None
    beats: Beats | None = None
    best_s: float = 0.0


def mix_sound(
    source: Source,
    destination: Path,
    settings: MixSettings = DEFAULTS,
    *,
    progress: Progress | None = None,
) -> Mix:
    """Mix music under a clip and write the sound as AAC (M4A), exactly as long as the clip.

    ``destination`` appears whole or not at all.

    Raises
    ------
    MusicError
        When the track is too short to be music.
    SoundError, MuxError
        When a file cannot be read, or encoding fails.
    """
    steps = _Steps(progress)
    destination = Path(destination)
    with work_folder(".mix-", destination.parent) as work:
        mix = _mixdown(source, settings, Path(work), steps)
        sound = Path(work) / "sound.m4a"
        made, mastering = _encode(mix, sound, steps)
        result = _result(mix, source, mastering, made, destination)
        os.replace(sound, destination)
    steps(1.0)
    return result


def deliver(
    clip: Clip, mix: Mix, destination: Path, *, credit: str | None = None, progress: Progress | None = None
) -> Mix:
    """The clip's picture and the sound of a mix in an MP4: both are copied. ``credit`` is its comment.

    Returns the mix with the MP4 as its path. Raises `MuxError` when it cannot be written.
    """
    mux(clip.picture, mix.path, destination, duration_s=mix.duration_s, comment=credit, progress=progress)
    return replace(mix, path=destination)


def render_preview(
    source: Source,
    destination: Path,
    settings: MixSettings = DEFAULTS,
    *,
    credit: str | None = None,
    progress: Progress | None = None,
) -> Mix:
    """`mix_sound` and `deliver` in one; the MP4 appears whole or not at all."""
    destination = Path(destination)
    with work_folder(".mix-", destination.parent) as work:
        mix = mix_sound(source, Path(work) / "mix.m4a", settings, progress=part_of(progress, 0.0, 0.9))
        return deliver(source.clip, mix, destination, credit=credit, progress=part_of(progress, 0.9, 1.0))


def write_stems(
    source: Source, folder: Path, settings: MixSettings = DEFAULTS, *, progress: Progress | None = None
) -> dict[str, Path]:
    """The parts of a mix as WAV, 24 bit, 44.1 kHz, into ``folder``: see `Mixdown.write_stems`.

    They are as loud as in the delivered mix, less where a part would not fit into 24 bits; the limiter
    is left to whoever masters them.
    """
    steps = _Steps(progress)
    with work_folder(".mix-", folder) as work:
        mix = _mixdown(source, settings, Path(work), steps)
        mastering = master(mix.peaks, mix.energies, target_lufs=TARGET_LUFS, ceiling_db=MAX_TRUE_PEAK_DB)
        loudest = max(float(mix.peaks.max(initial=0.0)), mix.loudest_part, 1e-9)
        gain = min(10 ** (mastering.gain_db / 20), 10 ** (MAX_TRUE_PEAK_DB / 20) / loudest)
        return mix.write_stems(folder, gain, steps.part(0.5, 1.0))


def _mixdown(source: Source, settings: MixSettings, work: Path, steps: _Steps) -> Mixdown:
    clip = source.clip
    frames = max(1, round(clip.duration_s * SAMPLE_RATE))
    kept = what_is_kept(
        clip,
        settings,
        voice=source.voice,
        rest=source.rest,
        speech=source.speech,
        music=source.music is not None,
    )
    bed = _bed(source, settings, frames, steps.part(0.0, 0.15))
    speech = source.speech if kept.parts else Speech(())
    mix = Mixdown(bed, kept, speech, settings, work)
    mix.listen(steps.part(0.15, 0.3))
    mix.write(steps.part(0.3, 0.5))
    return mix


def _bed(source: Source, settings: MixSettings, frames: int, progress: Progress) -> MusicBed:
    if source.music is None:
        return no_music(frames)
    chosen = settings.start_s
    return load_music(
        source.music,
        frames,
        start_s=source.best_s if chosen is None else chosen,
        fades=Fades(settings.fade_in_s, settings.fade_out_s),
        beats=source.beats if settings.fit == "beats" else None,
        free=chosen is None,
        progress=progress,
    )


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


def _encode(mix: Mixdown, sound: Path, steps: _Steps) -> tuple[Levels, Mastering]:
    """Encode, decode again and measure; with a lower ceiling when the encoder went over the limit."""
    ceiling_db = MAX_TRUE_PEAK_DB - ENCODER_MARGIN_DB
    raw = sound.with_name("sound.wav")
    for attempt in range(MAX_ENCODES):
        mastering = mix.write_mastered(raw, ceiling_db, steps.part(0.5, 0.6))
        encode_sound(raw, sound, duration_s=mix.bed.frames / SAMPLE_RATE, progress=steps.part(0.6, 0.85))
        decoded = read_blocks(sound, BLOCK)
        made = measure_levels(decoded, mix.bed.frames, progress=steps.part(0.85, 0.99))
        over = made.true_peak_db - MAX_TRUE_PEAK_DB
        if over <= 0:
            break
        log.info("encode %d is %.2f dB over the true-peak limit", attempt + 1, over)
        ceiling_db -= over + 0.1 + 0.6 * attempt  # lower than needed, since every encode differs
    return made, mastering


def _result(mix: Mixdown, source: Source, mastering: Mastering, made: Levels, destination: Path) -> Mix:
    gain = 10 ** (mastering.gain_db / 20)
    voice_peaks, music_peaks = (np.minimum(outline.peaks * gain, 1.0) for outline in mix.outlines)
    beats = source.beats if mix.settings.fit == "beats" else None
    bed = mix.bed
    grid = Grid.of(beats) if beats and bed.pieces else None
    if grid is not None:
        grid = grid.behind(bed.origin)
    jumps = list(zip(bed.pieces[:-1], bed.pieces[1:], strict=True))
    on_bar = None
    if grid is not None and jumps:
        on_bar = all(grid.on_bar(place) for before, after in jumps for place in before.jump_to(after))
    return Mix(
        path=destination,
        settings=mix.settings,
        start_s=round(bed.start_s, 3) if bed.pieces else None,
        duration_s=made.duration_s,
        integrated_lufs=made.lufs,
        true_peak_db=made.true_peak_db,
        voice_to_music_lu=mix.voice_to_music_lu,
        ducking=mix.ducking.points(),
        voice_peaks=voice_peaks.astype(np.float32),
        music_peaks=music_peaks.astype(np.float32),
        music_gain_db=mix.ducking.gain_db + mastering.gain_db,
        limited_lu=mastering.limited_lu,
        seams_s=tuple(round(seam / SAMPLE_RATE, 3) for seam in bed.seams),
        last_beat_s=None if bed.struck is None else round(bed.struck / SAMPLE_RATE, 3),
        ends_on_beat_s=None if grid is None or bed.struck is None else _off_beat_s(grid, bed, bed.struck),
        beats_unsure=beats is not None and bool(bed.pieces) and bed.struck is None,
        loops_on_bar=on_bar,
        beats_s=_beats_heard(bed, grid),
        loudness_reached=abs(made.lufs - TARGET_LUFS) <= 1.0,
    )


def _off_beat_s(grid: Grid, bed: MusicBed, at: int) -> float:
    return round(grid.off_beat_s(bed.place(at)), 4)


def _beats_heard(bed: MusicBed, grid: Grid | None) -> tuple[float, ...]:
    if grid is None:
        return ()
    heard = []
    for piece in bed.pieces:
        inside = grid.beats[(grid.beats >= piece.source) & (grid.beats < piece.source + piece.frames)]
        heard += [(int(beat) - piece.source + piece.at) / SAMPLE_RATE for beat in inside]
    return tuple(round(beat, 3) for beat in sorted(heard) if beat <= bed.frames / SAMPLE_RATE)
