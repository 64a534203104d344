"""Why the store says no. ``code`` is what the page goes by; the sentence is for people."""

from __future__ import annotations

from mrcmv.media import UserError


class Refused(UserError):
    """A request that cannot be granted; ``status`` is the HTTP status that fits."""

    code = "refused"
    status = 409

    def __init__(self, sentence: str, code: str | None = None, status: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code or self.code
        self.status = status or self.status


class StudyFull(Refused):
    code = "full"


class StudyShut(Refused):
    """Paused or closed by the experimenter."""

    code = "shut"


class Busy(Refused):
    code = "busy"
    status = 503


def unknown() -> Refused:
    """For a wrong token and for somebody else's trial alike."""
    return Refused("This is not known here.", "unknown", 404)
