"""Faults that are really made: processes killed, disks filled, files broken; see docs/faults.md."""

from tests.faults import answers, killed, media, outside, packages, pages, tracks
from tests.faults.bench import FAULTS

__all__ = ["FAULTS", "answers", "killed", "media", "outside", "packages", "pages", "tracks"]
