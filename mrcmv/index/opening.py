"""Which index an address means."""

from __future__ import annotations

from pathlib import Path

from mrcmv.index.types import TrackIndex, TrackIndexError


def open_index(address: str, dimension: int = 512) -> TrackIndex:
    """Open or begin an index.

    Parameters
    ----------
    address
        ``http://host:19530`` (Milvus, with ``user:password@`` where it asks for one), a file ending in
        ``.db`` (Milvus Lite, for trying that out), or a folder (FAISS).
    dimension
        Length of the vectors.

    Raises
    ------
    TrackIndexError
        It cannot be opened, holds vectors of another length, or needs a package that is not installed.
    """
    if "://" in address or address.endswith(".db"):
        if "://" in address and not address.startswith(("http://", "https://")):
            raise TrackIndexError("An index's address begins with http:// or https://, or is a folder.")
        from mrcmv.index.milvus import MilvusIndex

        return MilvusIndex(address, dimension)
    from mrcmv.index.faiss_ivf import FaissIndex

    return FaissIndex(Path(address), dimension)
