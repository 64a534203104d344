"""Files in and out: the only room that calls ffmpeg, PyAV and soundfile."""

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
    "SAMPLE_RATE",
    "WINDOW_S",
    "Cancelled",
    "Clip",
    "Progress",
    "Samples",
    "Speech",
    "UserError",
    "home",
    "thread_budget",
]
