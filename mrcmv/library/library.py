"""Library: the starter pack and your own tracks in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mrcmv.library.starter import StarterPack, load_starter
from mrcmv.library.track import Track
from mrcmv.media import UserError, home


class UnknownTrack(UserError):
    """There is no track with this id."""


@dataclass(frozen=True)
class Pack:
    """A group of tracks with one origin; ``licence`` names all licences in it."""

    name: str
    title: str
    tracks: int
    licence: str
    source: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Library:
    """All tracks that can be suggested. Safe for several threads; open one for each process.

    Parameters
    ----------
    folder
        Where own tracks and embeddings are kept.
    starter
        The tracks that are always there.
    """

    def __init__(self, folder: Path, starter: StarterPack) -> None:
        self.folder = folder
        self.starter = starter

    @classmethod
    def open(cls, home_folder: Path | None = None) -> Library:
        """The library below ``home_folder`` (default `mrcmv.media.home`), made at its first use."""
        return cls((home_folder or home()) / "library", load_starter())

    def tracks(self) -> list[Track]:
        """Every track: the starter pack, then own tracks in the order they were added."""
        return list(self.starter.tracks)

    def get(self, track_id: str) -> Track:
        """One track by its id.

        Raises
        ------
        UnknownTrack
        """
        for track in self.tracks():
            if track.id == track_id:
                return track
        raise UnknownTrack(f"There is no track “{track_id[:60]}”: see the ids in the library's list.")

    def sound_path(self, track_id: str) -> Path:
        """The sound file of a track: Opus of the starter pack, or canonical FLAC."""
        track = self.get(track_id)
        return self.starter.paths[track.id]

    def packs(self) -> list[Pack]:
        """Where the tracks come from."""
        return [
            Pack(
                "starter",
                "Starter pack",
                len(self.starter.tracks),
                ", ".join(sorted({track.licence for track in self.starter.tracks})),
                "the package immich-memories-music 0.1.0",
            )
        ]
