"""The pulse of a track: its beats, and the downbeats where they stand out."""

from mrcmv.rhythm.cache import BeatCache
from mrcmv.rhythm.pulse import find_beats, hear_beats

__all__ = ["BeatCache", "find_beats", "hear_beats"]
