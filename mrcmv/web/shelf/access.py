"""Who may change the library: decided once when the page is served, asked by every changing handler."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from mrcmv.web.errors import PageError

log = logging.getLogger("mrcmv.web")

VARIABLE = "MRCMV_LIBRARY"
EDITABLE, READ_ONLY = "editable", "read-only"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Forbidden(PageError):
    """The library of this page cannot be changed by whoever asks."""


@dataclass(frozen=True)
class Access:
    """Whether visitors may install, add and remove.

    Attributes
    ----------
    editable
        They may.
    local
        Only this machine's own browsers are meant to reach the page.
    """

    editable: bool
    local: bool = True

    @classmethod
    def decide(cls, host: str, environment: Mapping[str, str] = os.environ) -> Access:
        """By the variable MRCMV_LIBRARY; without it, only a page for this machine alone is editable."""
        local = host in LOOPBACK and not environment.get("SPACE_ID")
        said = environment.get(VARIABLE, "").strip().lower()
        if said in (EDITABLE, READ_ONLY):
            return cls(said == EDITABLE, local)
        if said:
            log.warning("%s is “%s” or “%s”: the library stays read-only.", VARIABLE, EDITABLE, READ_ONLY)
            return cls(False, local)
        return cls(local, local)

    def check(self, request: Request) -> None:
        """Let a changing request through, or raise `Forbidden`.

        Another site's page that is open in the same browser could send requests here too, and a
        name of its own could lead to this machine. Both are seen in what every browser sends along.
        """
        if not self.editable:
            raise Forbidden("shelf_read_only")
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Forbidden("bad_request")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Forbidden("bad_request")
        if self.local and (urlsplit(f"//{host}").hostname or "") not in LOOPBACK:
            raise Forbidden("bad_request")
