"""Embedding a catalogue: many sound files into shards of vectors, on this machine or on a cluster.

`embed_catalogue` can be stopped at any time and goes on with the next call; `read_embedded` gives what
is done, ready for `mrcmv.index`.
"""

from mrcmv.catalogue.embed import CatalogueReport, embed_catalogue
from mrcmv.catalogue.filling import fill_index
from mrcmv.catalogue.shards import read_embedded
from mrcmv.catalogue.sources import Source, find_sources

__all__ = ["CatalogueReport", "Source", "embed_catalogue", "fill_index", "find_sources", "read_embedded"]
