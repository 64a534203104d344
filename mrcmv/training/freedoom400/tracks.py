"""The catalogue: every track that may lie under a clip, where it came from and how it sounds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mrcmv.media import ANALYSIS_RATE, Progress, write_whole

from . import sounds
from .descriptors import Descriptors, analyse
from .packs import PACKS, Pack, fetch, sound_files, version

EXCERPT_S = 47.0
"""Longest part of a track that a clip uses, in seconds."""
LEAST_S = 42.0
"""Shorter tracks are left out, in seconds."""
SAME_DB = 1.1
"""Two excerpts whose long-term spectra differ less than this (root mean square, dB) count as one."""


@dataclass(frozen=True)
class Track:
    """A track and the excerpt of it that is used.

    ``path`` is relative to the folder of packages. ``blocks`` is the level of flux and loudness in
    the thirds of the excerpt, mean 0: where the music itself rises and falls.
    """

    id: str
    path: str
    title: str
    author: str
    licence: str
    package: str
    version: str
    source: str
    start_s: float
    length_s: float
    sha256: str
    descriptors: Descriptors
    blocks: tuple[float, float, float]
    spectrum: tuple[float, ...]

    def credit(self) -> dict[str, str]:
        """What the manifest says of a track."""
        names = ("id", "title", "author", "licence", "package", "version", "source", "sha256")
        return {name: str(getattr(self, name)) for name in names}


def catalogue(
    packages: Path,
    cache: Path,
    *,
    packs: Iterable[Pack] = PACKS,
    workers: int = 1,
    progress: Progress | None = None,
) -> list[Track]:
    """Fetch the packs, look at every file, leave out doubles; remembered in the file ``cache``."""
    if cache.is_file():
        return load(cache)
    jobs = []
    for pack in packs:
        root = fetch(pack.package, packages)
        jobs += [(pack, packages, path) for path in sound_files(pack, root)]
    tracks: list[Track] = []
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for done, track in enumerate(pool.map(_look, jobs, chunksize=4)):
            if track is not None:
                tracks.append(track)
            if progress:
                progress((done + 1) / len(jobs))
    tracks = without_doubles(tracks)
    write_whole(cache, json.dumps([asdict(track) for track in tracks], indent=1))
    return tracks


def load(cache: Path) -> list[Track]:
    """Read a catalogue that `catalogue` wrote."""
    rows = json.loads(cache.read_text(encoding="utf-8"))
    for row in rows:
        row["descriptors"] = Descriptors(**row["descriptors"])
        row["blocks"] = tuple(row["blocks"])
        row["spectrum"] = tuple(row["spectrum"])
    return [Track(**row) for row in rows]


def without_doubles(tracks: list[Track]) -> list[Track]:
    """Leave out tracks whose file or whose long-term spectrum is that of an earlier one."""
    kept: list[Track] = []
    for track in sorted(tracks, key=lambda track: track.id):
        own = np.array(track.spectrum)
        if not any(
            track.sha256 == other.sha256 or np.sqrt(np.mean((own - np.array(other.spectrum)) ** 2)) < SAME_DB
            for other in kept
        ):
            kept.append(track)
    return kept


def _look(job: tuple[Pack, Path, Path]) -> Track | None:
    pack, packages, path = job
    return look(pack, packages, path)


def look(pack: Pack, packages: Path, path: Path) -> Track | None:
    """Describe one file; None when it is too short, silent or not to be read."""
    length, tags = sounds.facts(path)
    if length < LEAST_S:
        return None
    # an editor skips the introduction
    start = float(np.clip(0.2 * length, 0, max(0.0, length - EXCERPT_S - 1)))
    excerpt = min(EXCERPT_S, length - start - 0.5)
    sound = sounds.decode(path, start_s=start, length_s=excerpt, rate=ANALYSIS_RATE, channels=1)
    if len(sound) < (LEAST_S - 1.5) * ANALYSIS_RATE:
        return None
    seconds = sound[: len(sound) // ANALYSIS_RATE * ANALYSIS_RATE].reshape(-1, ANALYSIS_RATE)
    levels = np.sqrt(np.mean(seconds**2, axis=1))
    if levels.max() < 1e-3 or np.mean(levels < 0.01 * levels.max()) > 0.1:
        return None
    found = analyse(sound)
    energy = np.array(found.curves["flux"]) / np.mean(found.curves["flux"])
    energy = energy + 0.1 * np.array(found.curves["level"])
    thirds = np.array([part.mean() for part in np.array_split(energy, 3)])
    thirds = thirds - thirds.mean()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Track(
        id=f"{pack.package}-{path.stem}".lower().replace(" ", "_"),
        path=str(path.relative_to(packages)),
        title=tags.get("title") or path.stem.replace("_", " "),
        author=tags.get("artist") or pack.author,
        licence=pack.licence,
        package=pack.package,
        version=version(pack.package, packages),
        source=pack.source,
        start_s=round(start, 3),
        length_s=round(len(sound) / ANALYSIS_RATE - 0.05, 3),
        sha256=digest,
        descriptors=found.scalars,
        blocks=(float(thirds[0]), float(thirds[1]), float(thirds[2])),
        spectrum=tuple(round(float(v), 2) for v in found.spectrum),
    )
