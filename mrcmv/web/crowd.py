"""How many at once, and how often: for all visitors together and for each address."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

MOST_REMEMBERED = 4096
asked_from: ContextVar[str] = ContextVar("asked_from", default="")
"""Address of the visitor whose wish is being looked at, "" where it cannot be told."""


def address_of(scope: Scope, headers: Headers) -> str:
    """The visitor's address, or "" when it cannot be told from those of others.

    A peer that is not on the public internet is taken for a proxy: then the last public address that it
    has entered in X-Forwarded-For counts, which a visitor cannot choose. An address of IPv6 stands for its
    network, as everybody has a whole one.
    """
    peer = (scope.get("client") or ("", 0))[0]
    return _address(peer, headers.get("x-forwarded-for", ""))


def _address(peer: str, forwarded: str) -> str:
    for text in (peer, *reversed(forwarded.split(",")[-8:])):
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            continue
        if address.is_global:
            return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), False))
    return ""


def note_address(request: Any) -> None:
    """Set `asked_from` out of a `gradio.Request`, as far as it has an address."""
    client, headers = getattr(request, "client", None), getattr(request, "headers", None)
    peer = getattr(client, "host", "") or ""
    forwarded = str(headers.get("x-forwarded-for", "")) if headers is not None else ""
    asked_from.set(_address(peer, forwarded))


class Crowd:
    """At most ``most`` at once, and ``each`` of one address (None: no matter). Used from one event loop."""

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, each
        self._there: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._there.total()

    @contextmanager
    def one_of(self, address: str) -> Iterator[bool]:
        """Whether there is room for one more of this address; it is counted until the block ends."""
        if len(self) >= self.most or (address and self._there[address] >= self.each):
            yield False
            return
        self._there[address] += 1
        try:
            yield True
        finally:
            self._there[address] -= 1
            if not self._there[address]:
                del self._there[address]


class Pace:
    """At most ``most`` a second in the long run, and ``each`` of one address; ten seconds' worth at once."""

    BURST_S = 10.0

    def __init__(self, most: float, each: float) -> None:
        self.most, self.each = most, each
        self._left: dict[str, tuple[float, float]] = {}

    def next_of(self, address: str) -> bool:
        """Whether one more may come now."""
        now = time.monotonic()
        if address and not self._take(address, self.each, now):
            return False
        return self._take("", self.most, now)

    def _take(self, key: str, rate: float, now: float) -> bool:
        left, at = self._left.pop(key, (rate * self.BURST_S, now))
        left = min(rate * self.BURST_S, left + (now - at) * rate)
        enough = left >= 1.0
        self._left[key] = (left - enough, now)  # at the end: the first ones are the oldest
        while len(self._left) > MOST_REMEMBERED:
            del self._left[next(iter(self._left))]
        return enough
