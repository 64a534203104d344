"""What was made for a study: one stimulus for every clip and method, known to the page by opaque ids.

``manifest.json`` names methods and tracks, so it is for the experimenter and is never served.
"""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mrcmv.media import read_small
from mrcmv.study.design import Design, DesignError

FILE = "manifest.json"
SOUNDS = "stimuli"
VERSION = 1
_ID = re.compile(r"[0-9a-f]{32}")
MOST_BYTES = 200_000_000


@dataclass(frozen=True)
class Stimulus:
    """One clip with one method's music.

    Attributes
    ----------
    id
        32 random-looking characters, also the name of its file: tells nothing.
    track_id, title, artist, track_start_s
        The music under it; empty and 0 for no music.
    rank
        Which of the method's tracks it is, 1 the best; more than 1 only after equal top-1.
    lufs, true_peak_db, gain_db
        Measured on the finished file, and by how much it was turned down to match the others.
    """

    id: str
    clip_id: str
    method: str
    track_id: str
    title: str
    artist: str
    track_start_s: float
    rank: int
    duration_s: float
    lufs: float
    true_peak_db: float
    gain_db: float
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Equal:
    """Two methods that gave one clip the same track, and how the design wants that treated."""

    clip_id: str
    first: str
    second: str
    track_id: str
    treatment: str


@dataclass(frozen=True)
class Manifest:
    """All stimuli of a design; see `read_manifest`."""

    folder: Path
    design: Design
    stimuli: tuple[Stimulus, ...]
    equal: tuple[Equal, ...] = ()

    def stimulus(self, clip_id: str, method: str) -> Stimulus:
        return self._by_place[clip_id, method]

    def path(self, stimulus: Stimulus) -> Path:
        return self.folder / SOUNDS / f"{stimulus.id}.mp4"

    @property
    def _by_place(self) -> dict[tuple[str, str], Stimulus]:
        found = self.__dict__.get("_places")
        if found is None:
            found = {(each.clip_id, each.method): each for each in self.stimuli}
            object.__setattr__(self, "_places", found)
        return found

    def treated(self, clip_id: str, methods: tuple[str, ...]) -> str | None:
        """How a comparison is treated in which two methods gave the same track; None where none did."""
        for each in self.equal:
            if each.clip_id == clip_id and {each.first, each.second} <= set(methods):
                return each.treatment
        return None

    def problems(self) -> list[str]:
        """One sentence for everything that is missing or changed on the disk."""
        wrong = []
        for each in self.stimuli:
            if not isinstance(each.id, str) or not _ID.fullmatch(each.id):
                wrong.append("The manifest names a stimulus that no study has made: run study stimuli again.")
                continue
            path = self.path(each)
            if not path.is_file() or path.stat().st_size != each.bytes:
                wrong.append(f"The stimulus {each.id} is missing or changed: run study stimuli again.")
        return wrong

    def save(self) -> None:
        """Write ``manifest.json``, whole or not at all, readable by its owner only."""
        plain = {
            "version": VERSION,
            "design_hash": self.design.hash,
            "design": self.design.to_json(),
            "equal_top1": [asdict(each) for each in self.equal],
            "stimuli": [asdict(each) for each in self.stimuli],
        }
        partial = self.folder / (FILE + ".partial")
        partial.write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.chmod(0o600)
        os.replace(partial, self.folder / FILE)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of stimuli; raises `DesignError` when there is none that is whole."""
    try:
        plain: dict[str, Any] = json.loads(read_small(folder / FILE, MOST_BYTES))
        design = Design.from_json(plain["design"])
        if plain["version"] != VERSION or plain["design_hash"] != design.hash:
            raise ValueError
        stimuli = tuple(Stimulus(**each) for each in plain["stimuli"])
        if not all(math.isfinite(each.duration_s) for each in stimuli):
            raise ValueError
        return Manifest(
            folder,
            design,
            stimuli,
            tuple(Equal(**each) for each in plain["equal_top1"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DesignError(
            f"The folder {folder.name} holds no finished stimuli: run study stimuli first."
        ) from None
