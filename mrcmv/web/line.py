"""The waiting line in front of the processor: one at a time, first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

from mrcmv.web.errors import PageError


class LineFull(PageError):
    """Nobody else may queue up now."""


class Place:
    """One place in a `Line`; leaving it lets the next one go. Use it as a context manager."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def ahead(self) -> int:
        """How many are before this one; 0 means that it is its turn."""
        return self._line._ahead(self)

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for a change; whether it is this one's turn."""
        return self._line._wait(self, timeout)

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
        self._places: deque[Place] = deque()
        self._changed = threading.Condition()

    def enter(self) -> Place:
        """Take the last place; raises `LineFull` when ``capacity`` others wait already."""
        with self._changed:
            if len(self._places) > self.capacity:
                raise LineFull("full", count=self.capacity)
            place = Place(self)
            self._places.append(place)
            return place

    def _ahead(self, place: Place) -> int:
        with self._changed:
            return self._places.index(place) if place in self._places else 0

    def _wait(self, place: Place, timeout: float) -> bool:
        with self._changed:
            if self._places[0] is not place:
                self._changed.wait(timeout)
            return self._places[0] is place

    def _leave(self, place: Place) -> None:
        with self._changed:
            if place in self._places:
                self._places.remove(place)
            self._changed.notify_all()
