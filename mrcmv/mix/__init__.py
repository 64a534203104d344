"""The music of a clip: fitted to its length, ducked under the voice, mixed to a loudness."""

from mrcmv.mix.ducking import Ducking, DuckingTimes, ducking_curve, level_without_voice, solve_ducking
from mrcmv.mix.fit import MusicBed, MusicError, fit_music, load_music
from mrcmv.mix.limiter import Mastering, master
from mrcmv.mix.loudness import LoudnessMeter, integrated, measure, on_speech
from mrcmv.mix.peaks import true_peak_db, waveform, waveform_of_file
from mrcmv.mix.preview import Preview
from mrcmv.mix.render import Keep, render_preview

__all__ = [
    "Ducking",
    "DuckingTimes",
    "Keep",
    "LoudnessMeter",
    "Mastering",
    "MusicBed",
    "MusicError",
    "Preview",
    "ducking_curve",
    "fit_music",
    "integrated",
    "level_without_voice",
    "load_music",
    "master",
    "measure",
    "on_speech",
    "render_preview",
    "solve_ducking",
    "true_peak_db",
    "waveform",
    "waveform_of_file",
]
