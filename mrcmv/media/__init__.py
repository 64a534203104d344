"""Files in and out: the only room that calls ffmpeg, PyAV and soundfile."""

from mrcmv.media.child import Limits
from mrcmv.media.errors import IntakeError, MuxError, NoPictureError, SoundError, TooBigError, ToolError
from mrcmv.media.ffmpeg import ffmpeg_exe, input_args, run_ffmpeg
from mrcmv.media.fingerprint import ITEMS_PER_S, fingerprint
from mrcmv.media.handle import recall, remember
from mrcmv.media.intake import Reading, open_clip
from mrcmv.media.levels import Levels, measure_levels
from mrcmv.media.loudness import (
    HOPS_PER_S,
    LOUDNESS_HOP,
    SILENCE_LUFS,
    Energies,
    LoudnessMeter,
    integrated_lufs,
    to_lufs,
)
from mrcmv.media.music import MAX_TRACK_S, SoundFacts, open_sound
from mrcmv.media.mux import encode_sound, mux
from mrcmv.media.peaks import PEAK_FRAME, Outline, TruePeakMeter
from mrcmv.media.probe import Facts, probe
from mrcmv.media.progress import part_of
from mrcmv.media.small import read_small, write_whole
from mrcmv.media.sound import SoundWriter, read_blocks, read_sound, sound_length_s, to_mono, write_sound
from mrcmv.media.trouble import NO_ROOM, MachineError, trouble
from mrcmv.media.types import (
    ANALYSIS_RATE,
    FRAME_COUNT,
    FRAME_SIZE,
    MAX_CLIP_S,
    SAMPLE_RATE,
    WINDOW_S,
    Beats,
    Cancelled,
    Clip,
    Progress,
    Samples,
    Speech,
    UserError,
    fair_threads,
    home,
    quoted,
    share_threads,
    thread_budget,
)
from mrcmv.media.workfolder import (
    WorkFolder,
    abandoned,
    named,
    sweep_abandoned,
    sweep_partials,
    work_folder,
)

__all__ = [
    "ANALYSIS_RATE",
    "FRAME_COUNT",
    "FRAME_SIZE",
    "HOPS_PER_S",
    "ITEMS_PER_S",
    "LOUDNESS_HOP",
    "MAX_CLIP_S",
    "MAX_TRACK_S",
    "NO_ROOM",
    "PEAK_FRAME",
    "SAMPLE_RATE",
    "SILENCE_LUFS",
    "WINDOW_S",
    "Beats",
    "Cancelled",
    "Clip",
    "Energies",
    "Facts",
    "IntakeError",
    "Levels",
    "Limits",
    "LoudnessMeter",
    "MachineError",
    "MuxError",
    "NoPictureError",
    "Outline",
    "Progress",
    "Reading",
    "Samples",
    "SoundError",
    "SoundFacts",
    "SoundWriter",
    "Speech",
    "TooBigError",
    "ToolError",
    "TruePeakMeter",
    "UserError",
    "WorkFolder",
    "abandoned",
    "encode_sound",
    "fair_threads",
    "ffmpeg_exe",
    "fingerprint",
    "home",
    "input_args",
    "integrated_lufs",
    "measure_levels",
    "mux",
    "named",
    "open_clip",
    "open_sound",
    "part_of",
    "probe",
    "quoted",
    "read_blocks",
    "read_small",
    "read_sound",
    "recall",
    "remember",
    "run_ffmpeg",
    "share_threads",
    "sound_length_s",
    "sweep_abandoned",
    "sweep_partials",
    "thread_budget",
    "to_lufs",
    "to_mono",
    "trouble",
    "work_folder",
    "write_sound",
    "write_whole",
]
