"""Words for music (slow, techno, strings, ...) and what lies behind them: the musicnn networks."""

from mrcmv.tagging.checkpoint import CheckpointError
from mrcmv.tagging.spectrum import RATE, WINDOW_SAMPLES
from mrcmv.tagging.tagger import FEATURES, NAMES, Tagger
from mrcmv.tagging.wheels import Wheel, WheelError, fetch

__all__ = [
    "FEATURES",
    "NAMES",
    "RATE",
    "WINDOW_SAMPLES",
    "CheckpointError",
    "Tagger",
    "Wheel",
    "WheelError",
    "fetch",
]
