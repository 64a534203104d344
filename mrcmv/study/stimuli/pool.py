"""The music that methods choose from: tracks of the library, or clean tracks of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import UserError
from mrcmv.study.design import Design
from mrcmv.study.parts import DataSet

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.recommender import Recommender


@dataclass(frozen=True)
class Candidate:
    """One track: its sound, and the words that it is tagged with (small letters)."""

    id: str
    title: str
    artist: str
    sound: Path
    words: frozenset[str] = frozenset()


def make_pool(design: Design, base: Path, recommender: Recommender) -> dict[str, Candidate]:
    """All tracks by id.

    Raises
    ------
    mrcmv.media.UserError
        A track is not there.
    """
    if isinstance(design.library, DataSet):
        return _of_data(base / design.library.data, design.library.split)
    library = recommender.library
    if isinstance(design.library, tuple):
        tracks = [library.get(name) for name in design.library]
    else:
        tracks = [each for each in library.tracks() if design.library == "home" or each.pack == "starter"]
    return {
        each.id: Candidate(each.id, each.title, each.artist, library.sound_path(each.id), words_of(each))
        for each in tracks
    }


def words_of(track: Track) -> frozenset[str]:
    """Mood, genre and tags that somebody stated: what an editor would search by."""
    return frozenset(word.lower() for word in (track.mood, track.genre, *track.tags) if word)


def _of_data(folder: Path, split: str) -> dict[str, Candidate]:
    from mrcmv.training.manifest import read_manifest

    found = {
        item.track: Candidate(item.track, item.track, "", item.music)
        for item in reversed(read_manifest(folder, (split,)))
        if item.music is not None
    }
    if not found:
        raise UserError(f"The data set {folder.name} has no clean music in its {split} clips.")
    return dict(sorted(found.items()))
