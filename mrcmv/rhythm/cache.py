"""Beats are heard once per sound: those of the starter tracks ship, others are kept in a folder."""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path
from typing import Any

from mrcmv.media import Beats
from mrcmv.rhythm.pulse import find_beats

log = logging.getLogger(__name__)

RULE = 2
"""Version of how beats are heard; others' beats are heard anew."""
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "library" / "beats.json"
"""Beats of the starter tracks by the hash of the sound, written by ``assets/library/make.py``."""


class BeatCache:
    """Beats by the SHA-256 of a sound, in files of their own; several processes may share the folder."""

    def __init__(self, folder: Path, shipped: Path = SHIPPED) -> None:
        self.folder = folder
        self._shipped_path = shipped
        self._shipped: dict[str, Any] | None = None

    def of(self, sha256: str, path: Path, tempo_bpm: float | None = None) -> Beats:
        """Beats of the sound file at ``path``; heard now when nobody has before (see `find_beats`)."""
        known = self._read_shipped().get(sha256) or self._read(sha256)
        if known is not None:
            return _from_json(known)
        beats = find_beats(path, tempo_bpm)
        self._keep(sha256, beats)
        return beats

    def _read_shipped(self) -> dict[str, Any]:
        if self._shipped is None:
            try:
                plain = json.loads(self._shipped_path.read_text(encoding="utf-8"))
                self._shipped = plain["beats"] if plain["rule"] == RULE else {}
            except (OSError, ValueError, KeyError, TypeError):
                self._shipped = {}
        return self._shipped or {}

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}-r{RULE}.json"

    def _read(self, sha256: str) -> dict[str, Any] | None:
        try:
            plain = json.loads(self._path(sha256).read_text(encoding="utf-8"))
            _from_json(plain)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("Kept beats are damaged and heard again: %s", error)
            return None
        return dict(plain)

    def _keep(self, sha256: str, beats: Beats) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / f"{secrets.token_hex(8)}.partial"
            partial.write_text(json.dumps(to_json(beats)), encoding="utf-8")
            os.replace(partial, self._path(sha256))
        except OSError as error:  # a full or read-only disk costs a second at the next mix, no more
            log.warning("Beats cannot be kept: %s", error.strerror)


def to_json(beats: Beats) -> dict[str, Any]:
    """A plain dict for JSON."""
    return {
        "times_s": list(beats.times_s),
        "downbeats_s": list(beats.downbeats_s),
        "confidence": beats.confidence,
        "bar_confidence": beats.bar_confidence,
    }


def _from_json(plain: dict[str, Any]) -> Beats:
    return Beats(
        tuple(map(float, plain["times_s"])),
        tuple(map(float, plain["downbeats_s"])),
        float(plain["confidence"]),
        float(plain["bar_confidence"]),
    )
