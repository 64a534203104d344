"""The waiting line in front of the processor: so many at a time, first come, first served.

What nobody has asked for yet (mixes made ahead) waits behind everybody's wish, and gives way when one
comes while it works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from mrcmv.web.errors import PageError

PATIENCE_S = 180.0
"""Who would wait longer than this is asked to come again."""
_FIRST_GUESS_S = 10.0


class LineFull(PageError):
    """Nobody else may queue up now."""


class Place:
    """One place in a `Line`; leaving it lets the next one go. Use it as a context manager.

    ``urgent`` is whether somebody waits for it, ``alone`` a name of which one place works at a time.
    """

    def __init__(self, line: Line, urgent: bool, whose: Mapping[str, int], alone: str) -> None:
        self._line = line
        self.urgent = urgent
        self.whose = whose
        self.alone = alone
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

    def neighbours(self) -> int:
        """How many are at work, this one included; at least 1."""
        return max(1, self._line.counts()[0])

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
    """Places in order of arrival.

    Parameters
    ----------
    capacity
        How many may wait, those at work not counted.
    at_once
        How many may work at a time. What nobody waits for works alone.
    patience_s
        With it fewer may wait when the work at hand takes so long that the last one would wait longer.
    """

    def __init__(self, capacity: int = 16, *, at_once: int = 1, patience_s: float | None = None) -> None:
        self.capacity, self.at_once, self.patience_s = capacity, at_once, patience_s
        self._usual_s = _FIRST_GUESS_S
        self._places: list[Place] = []
        self._changed = threading.Condition()

    def enter(
        self, *, urgent: bool = True, whose: Mapping[str, int] = MappingProxyType({}), alone: str = ""
    ) -> Place:
        """Take the last place; raises `LineFull` when there is none, see `check`.

        Of the places with the same ``alone`` one works at a time, in their order.
        """
        with self._changed:
            if urgent:
                self.check(whose)
            place = Place(self, urgent, whose, alone)
            self._insert(place)
            return place

    def check(self, whose: Mapping[str, int] = MappingProxyType({})) -> None:
        """Raise `LineFull` when as many others wait as may, or too many of the same visitor.

        ``whose`` has names under which a visitor is known, and how many places each may have at once; so
        nobody fills the line alone.
        """
        with self._changed:
            wishes = [place for place in self._places if place.urgent]
            minutes = max(1, round(len(wishes) * self._usual_s / self.at_once / 60))
            if len(wishes) >= self.room + self.at_once:
                raise LineFull("full", count=len(wishes) - self.at_once, minutes=minutes)
            for name, most in whose.items():
                mine = sum(name in place.whose for place in wishes)
                if mine >= most:
                    raise LineFull("line_mine", count=mine, minutes=minutes)

    @property
    def room(self) -> int:
        """How many may wait, by how long the work has taken lately."""
        if self.patience_s is None:
            return self.capacity
        return min(self.capacity, int(self.patience_s * self.at_once / max(self._usual_s, 0.1)))

    def counts(self) -> tuple[int, int, int]:
        """How many are at work or about to be, wait for their turn, and wait without being waited for."""
        with self._changed:
            turns = self._turns()
            waiting = [place.urgent for place in self._places if place not in turns]
            return len(turns), sum(waiting), len(waiting) - sum(waiting)

    @property
    def full(self) -> bool:
        return self.counts()[1] >= self.room

    def _turns(self) -> list[Place]:
        """Whose turn it is: who is at work, then the first of the others that may."""
        turns = [place for place in self._places if place.began is not None]
        busy = {place.alone for place in turns if place.alone}
        for place in self._places:
            if len(turns) >= self.at_once or (turns and not place.urgent):
                break
            if place.began is None and place.alone not in busy:
                turns.append(place)
                busy |= {place.alone} - {""}
        return turns

    def _insert(self, place: Place) -> None:
        """Behind all of its kind. Who is at work stays where it is; only the order of the others counts."""
        position = len(self._places)
        if place.urgent:
            while position and not self._places[position - 1].urgent:
                position -= 1
        self._places.insert(position, place)

    def _hurry(self, place: Place) -> None:
        with self._changed:
            if place.urgent or place not in self._places:
                return
            place.urgent = True
            self._places.remove(place)
            self._insert(place)
            self._changed.notify_all()

    def _gives_way(self, place: Place) -> bool:
        with self._changed:
            unasked = place.began is not None and not place.urgent
            return unasked and any(other.urgent for other in self._places)

    def _ahead(self, place: Place) -> int:
        with self._changed:
            if place not in self._places or place in self._turns():
                return 0
            before = self._places[: self._places.index(place)]
            wishes = sum(other.urgent or not place.urgent for other in before)
            return max(0, wishes - (self.at_once - 1))

    def _wait(self, place: Place, timeout: float) -> bool:
        with self._changed:
            if place not in self._turns():
                self._changed.wait(timeout)
            if place not in self._turns():
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
