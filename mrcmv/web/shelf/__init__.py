"""The Library page and About: browse, filter, packs, own files. `Bookcase` works, `addresses` serves."""

from mrcmv.web.shelf.access import Access
from mrcmv.web.shelf.addresses import routes
from mrcmv.web.shelf.bookcase import Bookcase

__all__ = ["Access", "Bookcase", "routes"]
