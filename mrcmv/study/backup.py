"""Answers backed up to a private data set repository of Hugging Face while a study is served.

A Space's disk is emptied at every restart. `huggingface_hub.CommitScheduler` commits a folder every few
minutes; what it finds there is a whole snapshot of the database (SQLite's own backup, which may run
beside writers) and the export. Recruiter ids are in the snapshot, so the repository must be private:
the scheduler is told so, and the repository is asked before the first commit.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from mrcmv.media import UserError
from mrcmv.study.export import export
from mrcmv.study.store import Store

log = logging.getLogger(__name__)
EVERY_MINUTES = 5.0
SNAPSHOT = "answers.sqlite"


def start_backup(
    store: Store,
    repository: str,
    *,
    scheduler_class: Callable[..., Any] | None = None,
    api: Any = None,
    every_minutes: float = EVERY_MINUTES,
) -> Callable[[], None]:
    """Begin; returns what ends it with a last backup.

    The token is read by ``huggingface_hub`` from ``HF_TOKEN``. ``scheduler_class`` and ``api`` stand in
    for its own ones in tests.

    Raises
    ------
    mrcmv.media.UserError
        The repository is public, or cannot be made.
    """
    if scheduler_class is None or api is None:
        from huggingface_hub import CommitScheduler, HfApi

        scheduler_class, api = scheduler_class or CommitScheduler, api or HfApi()
    folder = Path(tempfile.mkdtemp(prefix="mrcmv-backup-"))
    snapshot(store, folder)
    try:
        scheduler = scheduler_class(
            repo_id=repository,
            repo_type="dataset",
            folder_path=folder,
            every=every_minutes,
            private=True,
            hf_api=api,
        )
        private = bool(api.repo_info(repository, repo_type="dataset").private)
    except Exception as error:  # whatever the hub's client raises: no network, no token, no right
        log.warning("backup: %s", type(error).__name__)
        raise UserError(
            "The backup cannot begin: see that HF_TOKEN may write to this data set repository."
        ) from None
    if not private:
        scheduler.stop()
        raise UserError("The repository for the backup is public: make it private first.")
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(60 * every_minutes / 2):
            _refresh(store, folder, scheduler)

    threading.Thread(target=keep, daemon=True, name="study-backup").start()

    def stop() -> None:
        ended.set()
        _refresh(store, folder, scheduler)
        scheduler.trigger().result(timeout=120)
        scheduler.stop()

    return stop


def _refresh(store: Store, folder: Path, scheduler: Any) -> None:
    try:
        with scheduler.lock:  # no commit while the files change
            snapshot(store, folder)
    except Exception:  # a study goes on without its backup, and the next one may succeed
        log.exception("The backup could not be brought up to date")


def snapshot(store: Store, folder: Path) -> None:
    """The database (where it is SQLite) and the export, whole."""
    if store.file:
        partial = folder / (SNAPSHOT + ".partial")
        with closing(sqlite3.connect(store.file)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        os.replace(partial, folder / SNAPSHOT)
    export(store, folder)
