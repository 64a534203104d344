"""Mistakes that the page itself finds, in both languages; and how any error is shown."""

from __future__ import annotations

import logging

from mrcmv.media import UserError, trouble
from mrcmv.web.text import plain, room_sentence, t

log = logging.getLogger("mrcmv.web")


class PageError(UserError):
    """A sentence of the catalogue; ``str`` is the English one."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(plain(key, **values))
        self.key = key
        self.values = values


def sentence(error: BaseException) -> str:
    """HTML of one sentence for the user: a mistake, or what is wrong with the machine.

    Anything else is logged and not told.
    """
    if isinstance(error, PageError):
        return t(error.key, **error.values)
    if isinstance(error, UserError):
        return room_sentence(str(error))
    if (machine := trouble(error)) is not None:
        log.error("The machine is in trouble: %s", machine, exc_info=error)
        return room_sentence(str(machine))
    if not getattr(error, "in_log", False):
        log.error("Unexpected error", exc_info=error)
    return t("ours")


def notice(inner: str, kind: str = "bad") -> str:
    """HTML of a notice; ``inner`` is safe HTML, ``kind`` is "bad" or "calm". Nothing for nothing."""
    if not inner:
        return ""
    role = "alert" if kind == "bad" else "status"
    return f'<p class="notice {kind}" role="{role}">{inner}</p>'
