"""The music of a clip: fitted to its length, ducked under the voice, mixed to a loudness."""

from mrcmv.mix.ducking import Ducking, DuckingTimes, ducking_curve, level_without_voice, solve_ducking
from mrcmv.mix.fit import Fades, MusicBed, MusicError, fit_music, load_music
from mrcmv.mix.grid import Grid
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.render import Source, deliver, mix_sound, render_preview, write_stems
from mrcmv.mix.result import MAX_TRUE_PEAK_DB, TARGET_LUFS, Mix
from mrcmv.mix.settings import Fit, Keep, MixSettings, SettingsError, VoiceAs
from mrcmv.mix.speech import on_speech

__all__ = [
    "MAX_TRUE_PEAK_DB",
    "TARGET_LUFS",
    "Ducking",
    "DuckingTimes",
    "Fades",
    "Fit",
    "Grid",
    "Keep",
    "Mastering",
    "Mix",
    "MixSettings",
    "MusicBed",
    "MusicError",
    "SettingsError",
    "Source",
    "VoiceAs",
    "deliver",
    "ducking_curve",
    "fit_music",
    "level_without_voice",
    "load_music",
    "master",
    "mix_sound",
    "on_speech",
    "render_preview",
    "solve_ducking",
    "write_stems",
]
