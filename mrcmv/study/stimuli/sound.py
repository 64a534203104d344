"""One clip's stimuli mixed by the same chain and brought to the same loudness."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mrcmv.media import (
    SAMPLE_RATE,
    SILENCE_LUFS,
    Clip,
    Progress,
    SoundWriter,
    Speech,
    UserError,
    encode_sound,
    measure_levels,
    mux,
    part_of,
    read_blocks,
)
from mrcmv.study.parts import Sound

BLOCK = SAMPLE_RATE * 2
LENGTH_SLACK_S = 0.001
SET_TIME = 946_684_800
"""All stimuli carry the same file time (2000-01-01), so that no header tells which was made first."""


@dataclass(frozen=True)
class Made:
    """A finished stimulus as measured on its own file."""

    path: Path
    duration_s: float
    lufs: float
    true_peak_db: float
    gain_db: float


def render_clip(
    clip: Clip,
    voice: Path | None,
    speech: Speech,
    music: Mapping[str, tuple[Path | None, float]],
    targets: Mapping[str, Path],
    sound: Sound,
    progress: Progress | None = None,
) -> dict[str, Made]:
    """Mix every piece of music (a file or None, and where it sets in) under one clip.

    Where the finished sounds differ by more than the design allows, all of them are turned down to the
    quietest and encoded once more: all, so that none has been encoded more often than another.

    Raises
    ------
    mrcmv.media.UserError
        A stimulus is silent, or they cannot be brought together.
    """
    from mrcmv.mix import MixSettings, Source, mix_sound

    mixed: dict[str, Path] = {}
    levels: dict[str, tuple[float, float, float]] = {}
    for number, (name, (track, start_s)) in enumerate(music.items()):
        share = part_of(progress, 0.9 * number / len(music), 0.9 * (number + 1) / len(music))
        rest = None if voice is None else voice.with_name("accompaniment.wav")
        settings = MixSettings(level_lu=sound.level_lu, keep=sound.keep, start_s=start_s, fit="plain")
        target = targets[name].with_suffix(".m4a")
        done = mix_sound(Source(clip, speech, voice, rest, music=track), target, settings, progress=share)
        if done.integrated_lufs <= SILENCE_LUFS:
            raise UserError(
                "A stimulus would be silent: a clip in which nobody speaks has no sound without music, "
                "so keep its own sound or leave the method out."
            )
        mixed[name] = target
        levels[name] = done.duration_s, done.integrated_lufs, done.true_peak_db
    gains = dict.fromkeys(music, 0.0)
    loudness = [level[1] for level in levels.values()]
    if max(loudness) - min(loudness) > sound.matched_lu:
        gains = {name: min(loudness) - level[1] for name, level in levels.items()}
        for name, path in mixed.items():
            levels[name] = turn_down(path, gains[name], clip.duration_s)
        loudness = [level[1] for level in levels.values()]
    lengths = [level[0] for level in levels.values()]
    if max(loudness) - min(loudness) > sound.matched_lu or max(lengths) - min(lengths) > LENGTH_SLACK_S:
        raise UserError("The stimuli of a clip cannot be made equally loud and long: leave this clip out.")
    made = {}
    for name, path in mixed.items():
        mux(clip.picture, path, targets[name], duration_s=clip.duration_s)  # no title, no comment
        path.unlink()
        os.utime(targets[name], (SET_TIME, SET_TIME))
        duration_s, lufs, peak = levels[name]
        made[name] = Made(targets[name], duration_s, round(lufs, 2), round(peak, 2), round(gains[name], 2))
    if progress:
        progress(1.0)
    return made


def turn_down(path: Path, gain_db: float, duration_s: float) -> tuple[float, float, float]:
    """Change a sound's level and encode it again; returns (seconds, LUFS, dBTP) of the new file."""
    factor = 10 ** (gain_db / 20)
    raw = path.with_suffix(".wav")
    with SoundWriter(raw) as writer:
        for block in read_blocks(path, BLOCK):
            writer.write((block * factor).astype("float32"))
    encode_sound(raw, path, duration_s=duration_s)
    raw.unlink()
    levels = measure_levels(read_blocks(path, BLOCK), round(duration_s * SAMPLE_RATE))
    return levels.duration_s, levels.lufs, levels.true_peak_db
