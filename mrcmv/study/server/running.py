"""Serving until the process ends."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from mrcmv.media import UserError
from mrcmv.study.manifest import Manifest
from mrcmv.study.server.app import make_app, new_token
from mrcmv.study.store import Store

TOKEN_FILE = "desk-token"  # noqa: S105 - the name of a file
ENVIRONMENT = "MRCMV_STUDY_TOKEN"


def desk_token(folder: Path) -> str:
    """The desk's token: the environment's, else one that is made once and kept beside the stimuli."""
    given = os.environ.get(ENVIRONMENT, "").strip()
    if given:
        if len(given) < 16:
            raise UserError(f"{ENVIRONMENT} is too short: give 16 characters or more.")
        return given
    file = folder / TOKEN_FILE
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(new_token(), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


def serve(manifest: Manifest, url: str, host: str, port: int, backup: str | None = None) -> None:
    """Serve a study. Neither addresses nor programs of visitors are written down anywhere.

    Raises
    ------
    mrcmv.media.UserError
        A stimulus is missing, the database cannot be used, or the port is taken.
    """
    import uvicorn

    from mrcmv.diary import configure
    from mrcmv.study.backup import start_backup

    configure()
    problems = manifest.problems()
    if problems:
        raise UserError(problems[0])
    store = Store(url, manifest)
    token = desk_token(manifest.folder)
    stop_backup = start_backup(store, backup) if backup else None
    listener = _listen(host, port)
    shown_host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    address = f"http://{shown_host}:{listener.getsockname()[1]}"
    sys.stdout.write(f"The study is at {address}\nThe desk is at {address}/desk#{token}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        make_app(store, manifest, token),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
        timeout_keep_alive=30,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        if stop_backup:
            stop_backup()
        store.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET, backlog=256)
    except OSError:
        raise UserError(f"Port {port} is taken or not allowed: name another one with --port.") from None
    listener.setblocking(False)
    return listener
