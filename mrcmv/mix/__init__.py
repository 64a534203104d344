"""The music of a clip: fitted to its length, ducked under the voice, mixed to a loudness."""

from mrcmv.mix.ducking import Ducking, DuckingTimes, ducking_curve, level_without_voice, solve_ducking
from mrcmv.mix.fit import MusicBed, MusicError, fit_music, load_music
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.preview import Preview
from mrcmv.mix.render import Keep, render_preview
from mrcmv.mix.speech import on_speech

__all__ = [
    "Ducking",
    "DuckingTimes",
    "Keep",
    "Mastering",
    "MusicBed",
    "MusicError",
    "Preview",
    "ducking_curve",
    "fit_music",
    "level_without_voice",
    "load_music",
    "master",
    "on_speech",
    "render_preview",
    "solve_ducking",
]
