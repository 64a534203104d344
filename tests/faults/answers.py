"""Faults of the store of a study's answers."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.bench import Outcome, fault, sentence
from tests.faults.machine import disk, fill


def _store(folder: Path):  # type: ignore[no-untyped-def]
    from mrcmv.study.store import Store
    from tests.study.designs import small
    from tests.study.stimuli import fake_manifest

    design = small(session={"trials": 4, "watch_share": 0})
    return Store(f"sqlite:///{folder / 'answers.sqlite'}", fake_manifest(folder.parent / "stimuli", design))


@fault("disk full", "when a participant of a study answers (file system of 1 MB)")
def _(place: Path) -> Outcome:
    from mrcmv.study.store import Answer, Told

    with disk(place / "disk", 1) as small:
        store = _store(small)
        token = store.join(Told("1"))
        store.checks(token, "yes")
        shown = store.where(token).trial
        ballast = fill(small)
        said = sentence(lambda: [store.vote(token, shown.trial, Answer("one", 0)), _more(store, small)])
        ballast.unlink()
        store.vote(token, shown.trial, Answer("one", 0))
        assert store.where(token).trial.number == shown.number + 1
        assert not store.vote(token, shown.trial, Answer("one", 0))  # it counted once
        store.close()
    return Outcome(said, "the same answer is taken once there is room, and counts once")


def _more(store, small: Path) -> None:  # type: ignore[no-untyped-def]
    """The write-ahead log may have had room for one answer."""
    from mrcmv.study.store import Told

    for _ in range(200):
        store.join(Told("1"))


@fault("database gone", "when a participant of a study answers")
def _(place: Path) -> Outcome:
    from mrcmv.study.store import Answer, Told

    folder = place / "data"
    folder.mkdir()
    store = _store(folder)
    token = store.join(Told("1"))
    store.checks(token, "yes")
    shown = store.where(token).trial
    store.close()
    away = place / "away"
    os.rename(folder, away)
    said = sentence(lambda: store.vote(token, shown.trial, Answer("one", 0)))
    os.rename(away, folder)
    assert store.vote(token, shown.trial, Answer("one", 0))
    store.close()
    return Outcome(said, "the same answer is taken once the database is back")
