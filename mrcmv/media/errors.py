"""The mistakes a user can make with a file, each with its own plain sentence."""

from __future__ import annotations

from mrcmv.media.types import UserError


class IntakeError(UserError):
    """The upload cannot be taken; the sentence says why and what to do."""


class NoPictureError(IntakeError):
    """The file is no video: a sound, an image, a text, an archive, a playlist."""


class TooBigError(IntakeError):
    """The file is too large, too long or has too many pixels."""


class SoundError(UserError):
    """A sound file cannot be read."""


class MuxError(UserError):
    """The finished video could not be written."""


class ToolError(Exception):
    """ffmpeg failed. ``details`` is its own text: for the log, never for the user.

    ``timed_out`` is whether its time was used up, ``killed`` whether somebody else ended it.
    """

    def __init__(self, details: str, *, timed_out: bool = False, killed: bool = False) -> None:
        super().__init__("ffmpeg failed")
        self.details = details
        self.timed_out = timed_out
        self.killed = killed
