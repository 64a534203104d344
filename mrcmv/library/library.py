"""Library: the starter pack and your own tracks in one place."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from pathlib import Path

from mrcmv.library import debian
from mrcmv.library.adding import FolderReport, Said, Stores, add_file, add_folder
from mrcmv.library.catalog import Catalog
from mrcmv.library.ears import DEAF, Ears
from mrcmv.library.embeddings import MusicEmbedder
from mrcmv.library.filters import GROUPS, Facets, Page, Sort, TrackFilter, sort_key, words_of
from mrcmv.library.hearing import find_duplicates, hear_tracks
from mrcmv.library.index import Index
from mrcmv.library.installing import PackReport, Source, clear_workshop, install_pack
from mrcmv.library.offers import Pack, PackOffer, group_packs, offer_packs, required_pack
from mrcmv.library.rights import Rights
from mrcmv.library.shelf import Shelf
from mrcmv.library.shipped import read_prints
from mrcmv.library.starter import FOLDER, StarterPack, file_sha256, load_starter
from mrcmv.library.track import Track
from mrcmv.library.vectors import Built, build_index
from mrcmv.media import Progress, UserError, home, quoted


class UnknownTrack(UserError):
    """There is no track with this id."""


class Library:
    """All tracks that can be suggested.

    Safe for several threads and, on the disk, for several processes: each sees at its next call
    what the others added or removed. Nothing is written before the first track is added or embedded.

    Parameters
    ----------
    folder
        Where own tracks and embeddings are kept.
    starter
        The tracks that are always there.
    shipped_folder
        Where the starter pack's ready vectors and fingerprints lie.
    ears
        Hears what new tracks are like: words for them, singing. Without, they come in untagged.
    """

    def __init__(
        self, folder: Path, starter: StarterPack, shipped_folder: Path = FOLDER, ears: Ears = DEAF
    ) -> None:
        self.ears = ears
        self.folder = folder
        self.starter = starter
        self._starters = {track.id: track for track in starter.tracks}
        self._shipped_folder = shipped_folder
        self._catalog = Catalog(folder / "catalog.sqlite")
        self._shelf = Shelf(folder)
        self._embeddings = folder / "embeddings"
        self._workshop = folder / "packs"
        self._source: Source = debian
        self._reading = threading.Lock()
        self._own: tuple[int, dict[int, Track]] = (0, {})
        self._indexing = threading.Lock()
        self._built: dict[str, Built] = {}

    @classmethod
    def open(cls, home_folder: Path | None = None, ears: Ears = DEAF) -> Library:
        """The library below ``home_folder`` (default `mrcmv.media.home`), swept of what a kill left."""
        library = cls((home_folder or home()) / "library", load_starter(), ears=ears)
        library._shelf.sweep()
        return library

    def tracks(self) -> list[Track]:
        """Every track: the starter pack, then the others in the order they were added."""
        with self._reading:
            stamp = self._catalog.stamp()
            if stamp != self._own[0]:
                self._own = (stamp, self._catalog.changed(*self._own))
            return [*self.starter.tracks, *self._own[1].values()]

    def get(self, track_id: str) -> Track:
        """One track by its id.

        Raises
        ------
        UnknownTrack
        """
        track = self._starters.get(track_id) or self._catalog.find(id=track_id)
        if track is None:
            raise UnknownTrack(
                f"There is no track {quoted(track_id, 60)}: see the ids in the library's list."
            )
        return track

    def search(
        self,
        wanted: TrackFilter = TrackFilter(),  # noqa: B008 - frozen
        *,
        sort: Sort = "title",
        offset: int = 0,
        limit: int = 50,
    ) -> Page:
        """A part of the tracks that pass a filter, in order, and how many there are in all."""
        offset, limit = max(0, offset), max(0, limit)
        starters = sorted(
            (sort_key(track, sort, -place), track)
            for place, track in enumerate(self.starter.tracks, start=1)
            if wanted(track)
        )
        # A starter track moves those behind it by one place, so the part of the others that may lie
        # on this page begins that much earlier
        first = max(0, offset - len(starters))
        count, others = self._catalog.search(wanted, sort, first, offset + limit - first)
        keyed = [(sort_key(track, sort, number), track) for number, track in others]
        merged = list(heapq.merge(starters, keyed, key=lambda pair: pair[0]))
        page = merged[offset - first : offset - first + limit]
        return Page(count + len(starters), tuple(track for _, track in page))

    def facets(self, wanted: TrackFilter = TrackFilter()) -> Facets:  # noqa: B008 - frozen
        """How many tracks that pass a filter carry each mood, genre, instrument, licence, pack."""
        found = self._catalog.counts(wanted)
        for group in GROUPS:
            rest = wanted.without(group)
            for track in self.starter.tracks:
                if rest(track):
                    found[group].update(words_of(track, group))
        return Facets(
            **{
                group: dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
                for group, counter in found.items()
            }
        )

    def sound_path(self, track_id: str) -> Path:
        """The sound file of a track: Opus of the starter pack, MP3 of other packs, or canonical FLAC."""
        return self._path(self.get(track_id))

    def intact_path(self, track_id: str) -> Path:
        """`sound_path`, once the file was compared with its hash.

        Raises
        ------
        UserError
            The file is missing or not the one that was added.
        """
        track = self.get(track_id)
        path = self._path(track)
        try:
            wrong = "" if file_sha256(path) == track.sha256 else "damaged or was replaced"
        except OSError:
            wrong = "missing"
        if wrong:
            raise UserError(
                f"The sound of this track is {wrong}: remove the track and add it again, or choose another."
            )
        return path

    def accompaniment_path(self, track_id: str) -> Path | None:
        """The sound of a song without its singing; None when nobody sings, or it was not separated."""
        track = self.get(track_id)
        return self._shelf.path(track.accompaniment) if track.accompaniment else None

    def packs(self) -> list[Pack]:
        """Where the tracks come from; own tracks are a pack too, as soon as there are any."""
        return group_packs(self.tracks())

    def available_packs(self) -> list[PackOffer]:
        """Packs that can be installed, and how much of each is."""
        return offer_packs(self._catalog, self._source)

    def install(self, pack: str, progress: Progress | None = None) -> PackReport:
        """Fetch a pack of open game music and take its tracks in; see `available_packs` for names.

        Killed or cancelled at any moment, it keeps what is done, and goes on from there the next time.

        Raises
        ------
        UserError
            There is no such pack, or it cannot be fetched on this machine.
        """
        return install_pack(required_pack(pack), self._stores(), self._workshop, self._source, progress)

    def remove_pack(self, pack: str) -> int:
        """Take all tracks of an installed (or half installed) pack out; how many there were.

        Raises
        ------
        UserError
            It is no pack that can be removed.
        """
        if pack in ("starter", "own"):
            raise UserError("Only installed packs can be removed as a whole: see library packs.")
        tracks = [track for track in self.tracks() if track.pack == pack]
        with self._catalog.writing() as database:
            for track in tracks:
                self._catalog.delete(database, track.id)
            self._catalog.forget_pack(database, pack)
        for track in tracks:
            self._drop_sounds(track)
        clear_workshop(pack, self._workshop)
        return len(tracks)

    def add(
        self,
        path: Path,
        rights: Rights,
        *,
        title: str | None = None,
        artist: str | None = None,
        album: str | None = None,
        mood: str | None = None,
        genre: str | None = None,
        tags: Sequence[str] = (),
        has_vocals: bool | None = None,
        progress: Progress | None = None,
    ) -> Track:
        """Add one sound file under the rights stated (`Rights.state`).

        Title and artist default to the file's tags, the title then to its name. Tempo, key,
        loudness and waveform are measured; mood, genre, tags and vocals are only what is said here.

        Raises
        ------
        UserError
            The file cannot be used, its rights do not allow it, or the same sound is there already.
        """
        said = Said(title or "", artist or "", album or "", mood or "", genre or "", tuple(tags), has_vocals)
        return add_file(Path(path), rights, said, self._stores(), progress)

    def add_folder(
        self,
        folder: Path,
        rights: Rights,
        *,
        artist: str | None = None,
        album: str | None = None,
        mood: str | None = None,
        genre: str | None = None,
        tags: Sequence[str] = (),
        has_vocals: bool | None = None,
        progress: Progress | None = None,
    ) -> FolderReport:
        """Add all sound files below a folder under the same rights; bad ones are reported, not fatal."""
        said = Said("", artist or "", album or "", mood or "", genre or "", tuple(tags), has_vocals)
        return add_folder(Path(folder), rights, said, self._stores(), progress)

    def remove(self, track_id: str) -> Track:
        """Take one track out, with its sound and its vectors.

        A track of a pack stays out when the pack's installation goes on; removing the whole pack and
        installing it again brings it back.

        Raises
        ------
        UserError
            It is unknown, or belongs to the starter pack.
        """
        track = self.get(track_id)
        if track.pack == "starter":
            raise UserError("The starter tracks belong to the program: only other tracks can be removed.")
        origin = self._catalog.origin(track.id)
        with self._catalog.writing() as database:
            self._catalog.delete(database, track.id)
            if track.pack != "own":
                self._catalog.leave_out(database, track.pack, origin, track.title, "removed")
        self._drop_sounds(track)
        return track

    def duplicates(self, progress: Progress | None = None) -> list[tuple[Track, Track, float]]:
        """Pairs of tracks that are the same recording, and the share of differing bits of their prints."""
        return find_duplicates(self.tracks(), self._stores(), self._path, progress)

    def tag(self, progress: Progress | None = None) -> int:
        """Hear the tracks that came in without being heard; how many are heard now.

        Words of the others follow the current vocabulary. Stopped, it keeps what is done.
        """
        return hear_tracks(self._catalog.tracks(), self._stores(), self._path, progress)

    def verify(self, *, repair: bool = False, progress: Progress | None = None) -> list[str]:
        """Read every sound again and compare it with its hash; one sentence for each problem.

        With ``repair`` the files that interrupted work left behind are deleted (and not reported).
        """
        problems = list(load_starter().problems)
        own = self._catalog.tracks()
        for number, track in enumerate(own):
            if progress:
                progress(number / len(own))
            wrong = self._shelf.problem(track.sha256)
            if not wrong and track.accompaniment:
                wrong = self._shelf.problem(track.accompaniment)
            if wrong:
                problems.append(
                    f"The sound of “{track.title}” ({track.id}) is {wrong}: remove it and add it again."
                )
        problems += self._strays(repair)
        if progress:
            progress(1.0)
        return problems

    def index(self, model: MusicEmbedder, progress: Progress | None = None) -> Index:
        """The searchable library for one network, as it is now.

        Costs one look into the catalog when nothing changed; otherwise only tracks that are new to
        this network are embedded, with progress. Stopping it loses at most the track in work. While
        another thread embeds, what was ready before is given at once: nobody waits for a pack.
        """
        if not self._indexing.acquire(blocking=False):
            ready = self._built.get(model.sha256)
            if ready is not None:
                return ready.index
            self._indexing.acquire()
        try:
            tracks = tuple(self.tracks())
            before = self._built.get(model.sha256)
            if before is None or before.wanted != tracks:
                self._built[model.sha256] = build_index(
                    tracks,
                    self._heard_path,
                    model,
                    cache_folder=self._embeddings,
                    shipped_folder=self._shipped_folder,
                    before=before,
                    progress=progress,
                )
            elif progress:
                progress(1.0)
            return self._built[model.sha256].index
        finally:
            self._indexing.release()

    def _path(self, track: Track) -> Path:
        return self.starter.paths.get(track.id) or self._shelf.path(track.sha256)

    def _heard_path(self, track: Track) -> Path:
        return self._shelf.path(track.accompaniment) if track.accompaniment else self._path(track)

    def _drop_sounds(self, track: Track) -> None:
        with self._catalog.writing():  # nobody adds the same sound again while its file goes
            if self._catalog.find(sound=track.sha256) is None:
                self._shelf.drop(track.sha256)
                if track.accompaniment:
                    self._shelf.drop(track.accompaniment)
        for sound in {track.sha256, track.heard_sha256}:
            for kept in self._embeddings.glob(f"*/{sound}.npz"):
                kept.unlink(missing_ok=True)

    def _stores(self) -> Stores:
        prints = read_prints(self._shipped_folder)
        return Stores(self._catalog, self._shelf, self.starter.tracks, prints, self.ears)

    def _strays(self, repair: bool) -> list[str]:
        def known() -> set[str]:
            tracks = self._catalog.tracks()
            return {track.sha256 for track in tracks} | {track.heard_sha256 for track in tracks}

        strays = self._shelf.stray_files(known())
        if strays and repair:
            with self._catalog.writing():
                for path in self._shelf.stray_files(known()):
                    path.unlink(missing_ok=True)
            return []
        return [
            f"The file {path.name} is left over from interrupted work: run library verify --repair."
            for path in strays
        ]
