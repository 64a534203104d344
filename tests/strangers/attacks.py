"""The list of attacks; each is a function of a scene in one of the modules beside this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.strangers.scene import Came, Scene


@dataclass(frozen=True)
class Attack:
    """``about`` is what it goes for, ``asked`` what is sent; ``run`` does it and says what came."""

    about: str
    title: str
    asked: str
    run: Callable[[Scene], Came]


_ATTACKS: list[Attack] = []


def attack(
    about: str, title: str, asked: str
) -> Callable[[Callable[[Scene], Came]], Callable[[Scene], Came]]:
    def listed(run: Callable[[Scene], Came]) -> Callable[[Scene], Came]:
        _ATTACKS.append(Attack(about, title, asked, run))
        return run

    return listed


def all_attacks() -> list[Attack]:
    from tests.strangers import events, files, floods, library, paths, shown, sites, study, uploads

    del files, paths, events, uploads, floods, sites, library, shown, study
    return list(_ATTACKS)


def statuses(found: list[int]) -> str:
    """Such as "404 (12 times), 403"."""
    counts = {status: found.count(status) for status in sorted(set(found))}
    return ", ".join(
        f"{status} ({count} times)" if count > 1 else str(status) for status, count in counts.items()
    )
