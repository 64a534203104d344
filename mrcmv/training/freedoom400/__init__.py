"""Freedoom400: gameplay, commentary and game music paired by a published rule, built from packages."""

from .builder import build
from .check import Report, check

__all__ = ["Report", "build", "check"]
