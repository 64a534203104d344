"""What leaves the program for an editor: a timeline, the mix settings, the credits, all in one package."""

from mrcmv.export.credits import Credit, credits_text
from mrcmv.export.package import Package, write_package
from mrcmv.export.settings import SETTINGS_FORMAT, read_settings, settings_document
from mrcmv.export.timeline import Cut, make_timeline, write_timeline

__all__ = [
    "SETTINGS_FORMAT",
    "Credit",
    "Cut",
    "Package",
    "credits_text",
    "make_timeline",
    "read_settings",
    "settings_document",
    "write_package",
    "write_timeline",
]
