"""Work over the whole library: hearing tracks that came in unheard, and finding twins among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from mrcmv.library.adding import Stores
from mrcmv.library.ears import Heard
from mrcmv.library.starter import file_sha256
from mrcmv.library.track import Track
from mrcmv.library.twins import SAME_BITS, Print, compare
from mrcmv.library.vocabulary import describe
from mrcmv.media import Progress, fingerprint, part_of


def hear_tracks(
    tracks: Sequence[Track],
    stores: Stores,
    sound_path: Callable[[Track], Path],
    progress: Progress | None = None,
) -> int:
    """Tag tracks that have no words yet, one transaction each; returns how many were heard.

    Of tracks that were heard before, the words are brought in line with the vocabulary.
    """
    count = 0
    for number, track in enumerate(tracks):
        step = part_of(progress, number / len(tracks), (number + 1) / len(tracks))
        step(0.0)
        before = heard = Heard(dict(track.tagged), track.vocal_share)
        with stores.shelf.receiving(".mp3") as accompaniment:
            if not track.tagged or (track.vocal_share is None and not _settled(track)):
                with stores.timing("hearing"):
                    heard = _hear(track, stores, sound_path(track), accompaniment, step)
            sung = file_sha256(accompaniment) if accompaniment.is_file() else ""
            fresh = _told(track, heard, sung or track.accompaniment)
            if fresh == track:
                continue
            with stores.catalog.writing() as database:
                if sung:
                    stores.shelf.store(accompaniment, sung)
                count += stores.catalog.update(database, fresh) and heard != before
    if progress:
        progress(1.0)
    return count


def _settled(track: Track) -> bool:
    """Whether somebody said that nobody sings; only of own tracks it is said."""
    return track.has_vocals is False and track.pack == "own"


def _hear(track: Track, stores: Stores, sound: Path, accompaniment: Path, progress: Progress) -> Heard:
    """What is not known yet: the words, the voice, or both."""
    said = False if _settled(track) else True if track.has_vocals else None
    tagged = dict(track.tagged) or stores.ears.tags(sound)
    return Heard(tagged, stores.ears.voice(sound, said, accompaniment, progress))


def _told(track: Track, heard: Heard, sung: str) -> Track:
    return _described(
        replace(
            track,
            tagged=heard.tagged,
            has_vocals=heard.sings(track.has_vocals or (False if _settled(track) else None)),
            vocal_share=heard.vocal_share,
            accompaniment=sung,
        )
    )


def _described(track: Track) -> Track:
    words = describe(track.tagged)
    return replace(track, instruments=words.instruments, heard_moods=words.moods, heard_genres=words.genres)


def find_duplicates(
    tracks: Sequence[Track],
    stores: Stores,
    sound_path: Callable[[Track], Path],
    progress: Progress | None = None,
) -> list[tuple[Track, Track, float]]:
    """Pairs that are the same recording, nearest first. Prints that are missing are made and kept."""
    prints: dict[str, Print] = {**stores.other_prints, **stores.catalog.prints()}
    for number, track in enumerate(tracks):
        part_of(progress, 0.0, 0.8)(number / len(tracks))
        if track.sha256 not in prints and sound_path(track).is_file():
            prints[track.sha256] = fingerprint(sound_path(track))
            if track.pack != "starter":
                with stores.catalog.writing() as database:
                    stores.catalog.keep_print(database, track.sha256, prints[track.sha256])
    pairs = []
    for first, second in _candidates([prints.get(track.sha256, np.zeros(0, np.uint32)) for track in tracks]):
        difference = compare(prints[tracks[first].sha256], prints[tracks[second].sha256])
        if difference <= SAME_BITS:
            pairs.append((tracks[first], tracks[second], difference))
    if progress:
        progress(1.0)
    return sorted(pairs, key=lambda pair: pair[2])


def _candidates(prints: Sequence[Print]) -> list[tuple[int, int]]:
    """Pairs of places that have some number in common: only they can be twins."""
    owners = np.repeat(np.arange(len(prints)), [len(np.unique(own)) for own in prints])
    values = np.concatenate([np.unique(own) for own in prints]) if prints else np.zeros(0, np.uint32)
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    edges = np.flatnonzero(np.diff(values)) + 1
    shared: dict[tuple[int, int], int] = {}
    for group in np.split(owners, edges):
        if 1 < len(group) <= _COMMON:
            for pair in combinations(group.tolist(), 2):
                shared[pair] = shared.get(pair, 0) + 1
    return [pair for pair, count in shared.items() if count >= _LEAST_SHARED]


_COMMON = 50
"""A number that more recordings share than this tells nothing (silence, a steady tone)."""
_LEAST_SHARED = 4
