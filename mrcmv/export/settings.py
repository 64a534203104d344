"""settings.json: which track was mixed how, so that the same mix can be made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mrcmv.media import UserError, read_small

SETTINGS_FORMAT = "mrcmv-mix"
SETTINGS_VERSION = 1
MOST_BYTES = 1_000_000
"""A settings file is a few hundred bytes; what is larger is something else."""


def settings_document(
    settings: dict[str, Any], *, track: dict[str, Any] | None, measured: dict[str, Any]
) -> dict[str, Any]:
    """The whole of settings.json as plain data.

    ``settings`` is what ``MixSettings.to_json`` gives, ``track`` the chosen track's id, title, artist
    and sha256 (None: no music), ``measured`` what the finished mix says of itself.
    """
    return {
        "format": SETTINGS_FORMAT,
        "version": SETTINGS_VERSION,
        "track": track,
        "settings": settings,
        "measured": measured,
    }


def read_settings(path: Path) -> tuple[str | None, dict[str, Any]]:
    """(track id or None, plain settings for ``MixSettings.from_json``) out of a settings.json.

    A file with the bare settings is taken as well. Raises `UserError`.
    """
    try:
        plain = json.loads(read_small(path, MOST_BYTES))
    except FileNotFoundError:
        raise UserError("There is no such settings file. Name one that `export` has written.") from None
    except (OSError, ValueError, RecursionError):
        raise UserError("This is no settings file. Name one that `export` has written.") from None
    if not isinstance(plain, dict):
        raise UserError("This is no settings file. Name one that `export` has written.")
    if "format" not in plain:
        return None, plain
    if plain["format"] != SETTINGS_FORMAT or not isinstance(plain.get("settings"), dict):
        raise UserError("This is no settings file. Name one that `export` has written.")
    if plain.get("version") != SETTINGS_VERSION:
        raise UserError("This settings file comes from another version of MRCMV Studio. Export it again.")
    track = plain.get("track")
    ident = track.get("id") if isinstance(track, dict) else None
    return (ident if isinstance(ident, str) else None), plain["settings"]
