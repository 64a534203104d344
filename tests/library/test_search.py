"""Searching by SQL gives what judging every track one by one gives, in the same order."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mrcmv.library import SORTS, Library, Rights, Sort, Track, TrackFilter, UnknownTrack
from mrcmv.library.catalog import Catalog
from mrcmv.library.filters import GROUPS, sort_key, words_of
from mrcmv.library.schema import STEPS
from mrcmv.library.starter import StarterPack

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0", "GPL-2.0-or-later")
WORDS = ("Épée", "battle", "Sad", "victory", "战斗", "It's", "mega-drive", "ΣΟΦΟΣ", "Straße", '"quoted"')
MOODS = ("calm", "dark", "happy", "epic")


def make_track(number: int, pack: str, chance: random.Random) -> Track:
    licence = chance.choice(LICENCES)
    return Track(
        id=f"{pack}-{number}",
        title=" ".join(chance.choices(WORDS, k=2)),
        artist=chance.choice(("Ann", "ann", "Bob", "Zoë")),
        album=chance.choice(("", "First album", "Zweites Album")),
        sha256=f"{pack}{number:060d}",
        pack=pack,
        rights=Rights.state(
            licence,
            source="https://example.org",
            content_id=chance.choice(("unknown", "registered", "not registered")),
        ),
        duration_s=float(chance.randrange(20, 300)),
        tempo_bpm=chance.choice((None, 80.0, 120.0, 140.5)),
        mood=chance.choice(("", *MOODS)),
        genre=chance.choice(("", "rock", "ambient")),
        tags=tuple(chance.sample(WORDS, 2)),
        has_vocals=chance.choice((None, True, False)),
        instruments=tuple(chance.sample(("guitar", "piano", "strings"), chance.randrange(3))),
        heard_moods=tuple(chance.sample(MOODS, chance.randrange(3))),
        heard_genres=tuple(chance.sample(("rock", "techno"), chance.randrange(2))),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder, chance = tmp_path_factory.mktemp("search"), random.Random(3)
    starters = tuple(make_track(number, "starter", chance) for number in range(28))
    catalog = Catalog(folder / "catalog.sqlite")
    with catalog.writing() as database:
        for number in range(300):
            track = make_track(number, chance.choice(("own", "tunes")), chance)
            catalog.insert(database, track, f"origin {number}")
        catalog.delete(database, catalog_ids(database)[5])
    return Library(folder, StarterPack(starters, {}, ()), folder)


def catalog_ids(database: sqlite3.Connection) -> list[str]:
    return [row[0] for row in database.execute("SELECT id FROM tracks ORDER BY number")]


FILTERS = [
    TrackFilter(),
    TrackFilter(text="epee"),
    TrackFilter(text="BAT sa"),
    TrackFilter(text="战"),
    TrackFilter(text="战斗"),
    TrackFilter(text="strasse"),
    TrackFilter(text="σοφ"),
    TrackFilter(text="mega-drive zoe"),
    TrackFilter(text='"quo* OR -x'),
    TrackFilter(text=' ") --'),
    TrackFilter(text="attle"),
    TrackFilter(moods=frozenset({"calm", "epic"})),
    TrackFilter(moods=frozenset({"dark"}), genres=frozenset({"rock"}), text="album"),
    TrackFilter(instruments=frozenset({"piano"}), vocals=False),
    TrackFilter(licences=frozenset({"CC0-1.0", "CC-BY-4.0"}), packs=frozenset({"tunes", "starter"})),
    TrackFilter(tempo_min=100, tempo_max=130),
    TrackFilter(tempo_max=140.5, vocals=True),
    TrackFilter(min_s=60, max_s=120, monetise_safe=True),
    TrackFilter(share_alike_free=True, exclude=frozenset({"own-1", "starter-3", "'; DROP TABLE tracks"})),
    TrackFilter(moods=frozenset({"nobody's"})),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_search_is_judging_every_track(library: Library, wanted: TrackFilter) -> None:
    tracks = library.tracks()
    assert len(tracks) == 327
    passing = [track for track in tracks if wanted(track)]
    page = library.search(wanted, limit=1000)
    assert page.total == len(passing) == len(page.tracks)
    assert list(page.tracks) == sorted(passing, key=lambda track: sort_key(track, "title"))
    counts = library.facets(wanted).to_json()
    for group in GROUPS:
        rest = wanted.without(group)
        wanted_counts = Counter(word for t in tracks if rest(t) for word in set(words_of(t, group)))
        assert counts[group] == wanted_counts
        assert list(counts[group].values()) == sorted(counts[group].values(), reverse=True)


def test_the_filters_of_this_test_find_something(library: Library) -> None:
    totals = [library.search(wanted, limit=0).total for wanted in FILTERS]
    assert totals[0] == 327
    assert totals[10] == totals[-1] == 0
    assert totals[4] == totals[3] > 0
    assert totals[9] == 327  # marks alone ask for nothing
    assert totals[8] == 0  # "or" is a word like any other
    assert all(0 < total < 327 for total in totals[1:8] + totals[11:19])


@pytest.mark.parametrize("sort", SORTS)
def test_pages_join_without_a_gap(library: Library, sort: Sort) -> None:
    wanted = TrackFilter(licences=frozenset(LICENCES[:3]))
    whole = library.search(wanted, sort=sort, limit=1000)
    parts: list[Track] = []
    while page := library.search(wanted, sort=sort, offset=len(parts), limit=7).tracks:
        parts += page
    assert tuple(parts) == whole.tracks
    own = [track for track in library.tracks() if track.pack != "starter"]
    if sort == "newest":
        assert whole.tracks == (
            *(track for track in reversed(own) if wanted(track)),
            *(track for track in library.starter.tracks if wanted(track)),
        )
    else:
        assert list(whole.tracks) == sorted(whole.tracks, key=lambda track: sort_key(track, sort))
    assert {track.pack for track in whole.tracks} == {"starter", "own", "tunes"}


def test_an_empty_library_has_its_starter_pack_and_writes_nothing(tmp_path: Path) -> None:
    chance = random.Random(0)
    starters = tuple(make_track(number, "starter", chance) for number in range(3))
    library = Library(tmp_path / "home", StarterPack(starters, {}, ()), tmp_path)
    assert library.search(limit=2).total == 3
    assert library.facets().packs == {"starter": 3}
    assert library.get("starter-1") == starters[1]
    with pytest.raises(UnknownTrack):
        library.get("own-1")
    assert not (tmp_path / "home").exists()


def test_a_track_is_found_by_what_it_became(tmp_path: Path) -> None:
    track = make_track(1, "own", random.Random(1))
    catalog = Catalog(tmp_path / "catalog.sqlite")
    library = Library(tmp_path, StarterPack((), {}, ()), tmp_path)
    with catalog.writing() as database:
        catalog.insert(database, track, "origin")
    assert library.tracks() == [track]
    better = replace(track, mood="", heard_moods=("eerie",), title="Renamed", tagged={"dark": 0.5})
    with catalog.writing() as database:
        assert catalog.update(database, better)
        assert not catalog.update(database, replace(track, id="own-2"))
    assert library.tracks() == [better]
    assert replace(better, mood="calm").moods == ("calm",)  # what is said outweighs what is heard
    assert library.search(TrackFilter(text="rename", moods=frozenset({"eerie"}))).tracks == (better,)
    assert library.search(TrackFilter(text=track.title)).total == 0
    with catalog.writing() as database:
        catalog.delete(database, track.id)
        catalog.insert(database, track, "origin")
    assert library.tracks() == [track]


def test_a_catalog_of_the_first_version_is_carried_over(tmp_path: Path) -> None:
    track = make_track(1, "own", random.Random(1))
    facts = {**track.to_json(), "new field of another version": 1}
    for name in ("instruments", "heard_moods", "tagged", "moods"):
        del facts[name]
    path = tmp_path / "catalog.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(STEPS[0][0])
        database.execute("PRAGMA user_version = 1")
        database.execute(
            "INSERT INTO tracks (id, sound, origin, added, facts) VALUES (?, ?, 'o', '2026', ?)",
            (track.id, track.sha256, json.dumps(facts)),
        )
    database.close()
    library = Library(tmp_path, StarterPack((), {}, ()), tmp_path)
    old = replace(track, instruments=(), heard_moods=(), tagged={})
    assert library.search(TrackFilter(text=track.title)).tracks == (old,)
    assert library.tracks() == [old]
