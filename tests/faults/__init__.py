"""Faults that are really made: processes killed, disks filled, files broken; see docs/faults.md."""

from tests.faults import media, outside, pages, stores
from tests.faults.bench import FAULTS

__all__ = ["FAULTS", "media", "outside", "pages", "stores"]
