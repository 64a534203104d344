"""The music: tracks with their rights and sound facts, packs, embeddings, and the index.

`Library.open` gives all tracks; `Library.index` makes them searchable by a network's vectors.
"""

from mrcmv.library.adding import SOUND_ENDINGS, AlreadyThere, FolderReport
from mrcmv.library.debian import FetchError, unzip_sounds
from mrcmv.library.debian import version as package_version
from mrcmv.library.ears import Ears
from mrcmv.library.embeddings import MusicEmbedder, TrackVectors, embed_track, hear_sound, write_npz
from mrcmv.library.filters import SORTS, Facets, Page, Sort, TrackFilter
from mrcmv.library.index import Index, Match
from mrcmv.library.installing import PackReport
from mrcmv.library.library import Library, UnknownTrack
from mrcmv.library.licences import LICENCES, Licence, find_licence
from mrcmv.library.offers import Pack, PackOffer
from mrcmv.library.packs import PACKS, MusicPack, sound_files
from mrcmv.library.rights import CHANGES, Badge, ContentId, Rights, RightsError
from mrcmv.library.starter import file_sha256
from mrcmv.library.track import PEAK_COUNT, Track
from mrcmv.library.windows import WINDOW_RULE

__all__ = [
    "CHANGES",
    "LICENCES",
    "PACKS",
    "PEAK_COUNT",
    "SORTS",
    "SOUND_ENDINGS",
    "WINDOW_RULE",
    "AlreadyThere",
    "Badge",
    "ContentId",
    "Ears",
    "Facets",
    "FetchError",
    "FolderReport",
    "Index",
    "Library",
    "Licence",
    "Match",
    "MusicEmbedder",
    "MusicPack",
    "Pack",
    "PackOffer",
    "PackReport",
    "Page",
    "Rights",
    "RightsError",
    "Sort",
    "Track",
    "TrackFilter",
    "TrackVectors",
    "UnknownTrack",
    "embed_track",
    "file_sha256",
    "find_licence",
    "hear_sound",
    "package_version",
    "sound_files",
    "unzip_sounds",
    "write_npz",
]
