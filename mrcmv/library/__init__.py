"""The music: tracks with their rights and sound facts, packs, embeddings, and the index.

`Library.open` gives all tracks; `Library.index` makes them searchable by a network's vectors.
"""

from mrcmv.library.library import Library, Pack, UnknownTrack
from mrcmv.library.rights import Badge, ContentId, Rights, RightsError
from mrcmv.library.track import PEAK_COUNT, Track

__all__ = [
    "PEAK_COUNT",
    "Badge",
    "ContentId",
    "Library",
    "Pack",
    "Rights",
    "RightsError",
    "Track",
    "UnknownTrack",
]
