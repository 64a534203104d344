"""Nearest tracks in a catalogue too large to be searched window by window.

The library of the page is searched exactly (`mrcmv.library.Index`) and lies in memory. A `TrackIndex` looks
at a part of its windows, can be added to and taken from while it serves, and lies on disk or in a cluster.
"""

from mrcmv.index.cells import spanned
from mrcmv.index.opening import open_index
from mrcmv.index.types import Entry, Hit, TrackIndex, TrackIndexError

__all__ = ["Entry", "Hit", "TrackIndex", "TrackIndexError", "open_index", "spanned"]
