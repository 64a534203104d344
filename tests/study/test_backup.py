"""The backup of a Space: whole snapshots into a private repository, and nothing into a public one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mrcmv.media import UserError
from mrcmv.study.backup import SNAPSHOT, start_backup
from mrcmv.study.store import Answer, Store, Told
from tests.study.designs import small
from tests.study.stimuli import fake_manifest


class Hub:
    """Stands in for the hub: keeps what would have been committed."""

    def __init__(self, private: bool = True) -> None:
        self.private = private
        self.made: list[dict[str, Any]] = []
        self.commits: list[dict[str, bytes]] = []
        self.stopped = 0

    def repo_info(self, repository: str, repo_type: str) -> Any:
        assert repo_type == "dataset"
        return SimpleNamespace(private=self.private)

    def scheduler(self, **options: Any) -> Any:
        self.made.append(options)
        folder: Path = options["folder_path"]

        def trigger() -> Future[None]:
            self.commits.append({each.name: each.read_bytes() for each in folder.iterdir()})
            done: Future[None] = Future()
            done.set_result(None)
            return done

        def stop() -> None:
            self.stopped += 1

        return SimpleNamespace(lock=threading.Lock(), trigger=trigger, stop=stop)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    design = small(session={"trials": 4, "watch_share": 0})
    opened = Store(f"sqlite:///{tmp_path / 'a.sqlite'}", fake_manifest(tmp_path / "stimuli", design))
    yield opened
    opened.close()


def test_what_is_committed_is_whole_and_private(store: Store, tmp_path: Path) -> None:
    hub = Hub()
    stop = start_backup(store, "lab/answers", scheduler_class=hub.scheduler, api=hub, every_minutes=60)
    (options,) = hub.made
    assert (options["private"], options["repo_type"], options["repo_id"]) == (True, "dataset", "lab/answers")
    token = store.join(Told("1"))
    store.checks(token, "yes")
    for _ in range(3):
        store.vote(token, store.where(token).trial.trial, Answer("r", 0))  # type: ignore[union-attr]
    stop()
    assert hub.stopped == 1
    files = hub.commits[-1]
    assert {SNAPSHOT, "answers.csv", "ratings.csv", "codebook.md", "design.json"} <= set(files)
    assert files["answers.csv"].count(b"\n") == 1 + 2  # practice is no answer
    (tmp_path / "back.sqlite").write_bytes(files[SNAPSHOT])
    with sqlite3.connect(tmp_path / "back.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM vote").fetchone() == (3,)


def test_a_public_repository_is_refused(store: Store) -> None:
    hub = Hub(private=False)
    with pytest.raises(UserError, match="public"):
        start_backup(store, "lab/answers", scheduler_class=hub.scheduler, api=hub)
    assert hub.stopped == 1
    assert hub.commits == []


def test_a_hub_that_is_not_there_is_one_sentence(store: Store) -> None:
    def fails(**options: Any) -> Any:
        raise OSError("no route to the host")

    with pytest.raises(UserError, match="HF_TOKEN"):
        start_backup(store, "lab/answers", scheduler_class=fails, api=Hub())
