"""The waiting line in front of the processor: one at a time, first come, first served.

What nobody has asked for yet (mixes made ahead) waits behind everybody's wish, and gives way when one
comes while it works.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from mrcmv.web.errors import PageError


class LineFull(PageError):
    """Nobody else may queue up now."""


class Place:
    """One place in a `Line`; leaving it lets the next one go. Use it as a context manager.

    ``urgent`` is whether somebody waits for it.
    """

    def __init__(self, line: Line, urgent: bool, whose: Mapping[str, int]) -> None:
        self._line = line
        self.urgent = urgent
        self.whose = whose
        self.began: float | None = None

    def ahead(self) -> int:
        """How many wishes are before this one; 0 means that it is its turn, or that the next is."""
        return self._line._ahead(self)

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for a change; whether it is this one's turn."""
        return self._line._wait(self, timeout)

    def gives_way(self) -> bool:
        """Whether this one is at work unasked while somebody waits."""
        return self._line._gives_way(self)

    def hurry(self) -> None:
        """Somebody waits for it now: go behind the last one who is waited for."""
        self._line._hurry(self)

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line._leave(self)


class Line:
    """Places in order of arrival. ``capacity`` counts those who wait, not the one at work."""

    def __init__(self, capacity: int = 16) -> None:
        self.capacity = capacity
        self._usual_s = 10.0
        self._places: deque[Place] = deque()
        self._changed = threading.Condition()

    def enter(self, *, urgent: bool = True, whose: Mapping[str, int] = MappingProxyType({})) -> Place:
        """Take the last place; raises `LineFull` when there is none, see `check`."""
        with self._changed:
            if urgent:
                self.check(whose)
            place = Place(self, urgent, whose)
            self._insert(place)
            return place

    def check(self, whose: Mapping[str, int] = MappingProxyType({})) -> None:
        """Raise `LineFull` when ``capacity`` others wait already, or too many of the same visitor.

        ``whose`` has names under which a visitor is known, and how many places each may have at once; so
        nobody fills the line alone.
        """
        with self._changed:
            wishes = [place for place in self._places if place.urgent]
            minutes = max(1, round(len(wishes) * self._usual_s / 60))
            if len(wishes) > self.capacity:
                raise LineFull("full", count=self.capacity, minutes=minutes)
            for name, most in whose.items():
                mine = sum(name in place.whose for place in wishes)
                if mine >= most:
                    raise LineFull("line_mine", count=mine, minutes=minutes)

    def counts(self) -> tuple[int, int, int]:
        """How many are at work, wait for their turn, and wait without being waited for."""
        with self._changed:
            waiting = [place.urgent for place in list(self._places)[1:]]
            return min(1, len(self._places)), sum(waiting), len(waiting) - sum(waiting)

    @property
    def full(self) -> bool:
        return self.counts()[1] >= self.capacity

    def _insert(self, place: Place) -> None:
        """Behind the first, who may be at work, and behind all of its kind."""
        position = len(self._places)
        if place.urgent:
            while position > 1 and not self._places[position - 1].urgent:
                position -= 1
        self._places.insert(position, place)

    def _hurry(self, place: Place) -> None:
        with self._changed:
            if place.urgent or place not in self._places:
                return
            place.urgent = True
            if self._places[0] is not place:
                self._places.remove(place)
                self._insert(place)

    def _gives_way(self, place: Place) -> bool:
        with self._changed:
            at_work = bool(self._places) and self._places[0] is place
            return at_work and not place.urgent and any(other.urgent for other in self._places)

    def _ahead(self, place: Place) -> int:
        with self._changed:
            if place not in self._places:
                return 0
            before = list(self._places)[: self._places.index(place)]
            return sum(other.urgent or not place.urgent for other in before)

    def _wait(self, place: Place, timeout: float) -> bool:
        with self._changed:
            if self._places[0] is not place:
                self._changed.wait(timeout)
            if self._places[0] is not place:
                return False
            if place.began is None:
                place.began = time.monotonic()
            return True

    def _leave(self, place: Place) -> None:
        with self._changed:
            if place in self._places:
                self._places.remove(place)
            if place.began is not None and place.urgent:
                self._usual_s += 0.2 * (time.monotonic() - place.began - self._usual_s)
            self._changed.notify_all()
