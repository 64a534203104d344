"""The voice-over out of a soundtrack, and where somebody speaks in it."""

from mrcmv.separation.kept import kept_speech
from mrcmv.separation.separator import Separator, StemFiles, Stems
from mrcmv.separation.speech import DetectorError, find_speech
from mrcmv.separation.weights import WeightsError

__all__ = ["DetectorError", "Separator", "StemFiles", "Stems", "WeightsError", "find_speech", "kept_speech"]
