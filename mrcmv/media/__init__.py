"""Files in and out: the only room that calls ffmpeg, PyAV and soundfile."""

from mrcmv.media.child import Limits
from mrcmv.media.errors import IntakeError, MuxError, NoPictureError, SoundError, TooBigError, ToolError
from mrcmv.media.ffmpeg import ffmpeg_exe, input_args, run_ffmpeg
from mrcmv.media.handle import recall, remember
from mrcmv.media.intake import open_clip
from mrcmv.media.music import MAX_TRACK_S, SoundFacts, open_sound
from mrcmv.media.mux import mux
from mrcmv.media.probe import Facts, probe
from mrcmv.media.sound import SoundWriter, read_blocks, read_sound, sound_length_s, to_mono, write_sound
from mrcmv.media.types import (
    ANALYSIS_RATE,
    FRAME_COUNT,
    FRAME_SIZE,
    MAX_CLIP_S,
    SAMPLE_RATE,
    WINDOW_S,
    Cancelled,
    Clip,
    Progress,
    Samples,
    Speech,
    UserError,
    home,
    thread_budget,
)

__all__ = [
    "ANALYSIS_RATE",
    "FRAME_COUNT",
    "FRAME_SIZE",
    "MAX_CLIP_S",
    "MAX_TRACK_S",
    "SAMPLE_RATE",
    "WINDOW_S",
    "Cancelled",
    "Clip",
    "Facts",
    "IntakeError",
    "Limits",
    "MuxError",
    "NoPictureError",
    "Progress",
    "Samples",
    "SoundError",
    "SoundFacts",
    "SoundWriter",
    "Speech",
    "TooBigError",
    "ToolError",
    "UserError",
    "ffmpeg_exe",
    "home",
    "input_args",
    "mux",
    "open_clip",
    "open_sound",
    "probe",
    "read_blocks",
    "read_sound",
    "recall",
    "remember",
    "run_ffmpeg",
    "sound_length_s",
    "thread_budget",
    "to_mono",
    "write_sound",
]
