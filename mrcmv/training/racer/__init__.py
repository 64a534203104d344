"""The second game: Freedoom400's plans raced in Extreme Tux Racer, to see what carries over."""

from .builder import build

__all__ = ["build"]
