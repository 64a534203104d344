"""What a finished mix tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import SILENCE_LUFS
from mrcmv.mix.settings import MixSettings

TARGET_LUFS = -14.0
MAX_TRUE_PEAK_DB = -1.0
UNSURE = "This track's beat is not clear enough to end on, so the music fades out instead."


@dataclass(frozen=True)
class Mix:
    """A finished mix and what was measured on it.

    Attributes
    ----------
    path
        The file: AAC in an M4A, or the MP4 that was made of it with the clip's picture.
    settings
        What was asked for.
    start_s
        Second of the track at which it sets in, after it was moved to a beat; None without music.
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
        in the mix, float32 [600], 0..1.
    music_gain_db
        Gain of the music between the phrases relative to the track's file.
    limited_lu
        How much of the loudness the limiter took away: 0 when it had nothing to do.
    seams_s
        Seconds of the clip at which the music jumps back.
    last_beat_s
        Second of the clip at which the music's last beat is struck, to ring out at the clip's end;
        None where it was fitted without beats.
    ends_on_beat_s
        How far that lies from the nearest beat of the track, in seconds; None as above.
    loops_on_bar
        Whether all its jumps go from a downbeat to a downbeat; None where it never jumps or was fitted
        without beats.
    beats_s
        The track's beats that are heard, in seconds of the clip.
    beats_unsure
        True when an end on a beat was asked for, but the track's beats were not sure enough for it.
    loudness_reached
        False when -14 LUFS would have needed too much gain or too much limiting (see `note`).
    """

    path: Path
    settings: MixSettings
    start_s: float | None
    duration_s: float
    integrated_lufs: float
    true_peak_db: float
    voice_to_music_lu: float | None
    ducking: list[tuple[float, float]]
    voice_peaks: NDArray[np.float32]
    music_peaks: NDArray[np.float32]
    music_gain_db: float = 0.0
    limited_lu: float = 0.0
    seams_s: tuple[float, ...] = ()
    last_beat_s: float | None = None
    ends_on_beat_s: float | None = None
    loops_on_bar: bool | None = None
    beats_s: tuple[float, ...] = ()
    beats_unsure: bool = False
    loudness_reached: bool = True

    @property
    def note(self) -> str | None:
        """A sentence for the user when the mix is quieter than videos usually are, or faded plainly."""
        said = [self._quiet(), UNSURE if self.beats_unsure else None]
        return " ".join(filter(None, said)) or None

    def _quiet(self) -> str | None:
        if self.loudness_reached:
            return None
        if self.integrated_lufs <= SILENCE_LUFS:
            return "This mix is silent: neither the clip nor the track has sound that can be heard."
        cause = (
            "its peaks are too high for more" if self.limited_lu > 0.5 else "its sound is too quiet for more"
        )
        return f"This mix stays at {self.integrated_lufs:.1f} LUFS instead of {TARGET_LUFS:.0f}: {cause}."
