"""What the page shows of tracks, filters, packs, rights: escaped, complete, in both languages."""

import dataclasses

import pytest
from starlette.datastructures import QueryParams

from mrcmv.library import Rights
from mrcmv.media import UserError
from mrcmv.web.shelf import about, filters, own, packs, pages, rows
from mrcmv.web.shelf.jobs import Shown
from mrcmv.web.shelf.wanted import read
from tests.web.fakes import CC_BY_SA, HOSTILE


def test_nothing_of_a_track_becomes_html(bookcase):
    track = dataclasses.replace(
        bookcase.get("hostile"), album=HOSTILE, genre=HOSTILE, heard_moods=(HOSTILE,),
        instruments=(HOSTILE,), key=HOSTILE,
        rights=dataclasses.replace(CC_BY_SA, licence=HOSTILE, source=f"javascript:{HOSTILE}", proof=HOSTILE),
    )  # fmt: skip
    for html in (
        rows.row(track, 0, 1),
        rows.window(track, [track], editable=True),
        pages.twin_group([track], editable=True),
    ):
        assert "<img" not in html
        assert 'href="javascript' not in html


def test_a_row_has_what_a_creator_asks_for(bookcase):
    track = dataclasses.replace(bookcase.get("long-road"), heard_moods=("dark",), instruments=("strings",))
    html = rows.row(track, 6, 100)
    wanted = (
        'aria-posinset="7"', 'aria-setsize="100"', "The Long Road Home", "Brass &amp; Wire", "92 bpm",
        "D minor", "0:16", "LUFS", "CC-BY-4.0", "Free with credit", "data-hear=", "data-seek",
        "data-credit=", "like=long-road",
    )  # fmt: skip
    for part in wanted:
        assert part in html
    assert '<span class="tag said">' in html
    assert html.count('<span class="tag heard">') == 2


def test_share_alike_and_money_are_said_before_a_track_is_chosen(bookcase):
    track = dataclasses.replace(
        bookcase.get("spare"), rights=Rights.state("CC-BY-NC-SA-4.0", source="https://example.org")
    )
    html = rows.row(track, 0, 1)
    assert "Not for money" in html
    assert "Share alike" in html
    said = rows.duties(track)
    assert "earn no money" in said
    assert "same licence" in said


def test_starter_tracks_cannot_be_removed_and_nothing_can_where_nobody_may(bookcase):
    track = bookcase.get("spare")
    assert "data-remove" in rows.window(track, [], editable=True)
    assert "data-remove" not in rows.window(track, [], editable=False)
    assert "data-remove" not in rows.window(dataclasses.replace(track, pack="starter"), [], editable=True)


def test_the_filter_shows_what_is_chosen_with_counts(bookcase):
    wanted = read(QueryParams("mood=calm&safe=1&vocals=no&tempo_min=80"))
    html = filters.panel(wanted, bookcase.facets(wanted))
    assert 'name="mood" value="calm" checked' in html
    assert 'name="safe" value="1" checked' in html
    assert 'name="tempo_min" min="0" max="400" step="any" inputmode="numeric" value="80"' in html
    assert '<option value="no" selected' in html


def test_a_chosen_word_that_nothing_carries_stays_so_that_it_can_be_taken_away(bookcase):
    wanted = read(QueryParams("genre=polka"))
    html = filters.groups(wanted, bookcase.facets(wanted))
    assert 'value="polka" checked' in html


def test_many_words_are_folded():
    facets = type("F", (), {name: {} for name in ("moods", "instruments", "licences", "packs")})()
    facets.genres = {f"g{number:02d}": 1 for number in range(20)}
    html = filters.groups(read(QueryParams("")), facets)
    assert "12 more" in html


def test_a_card_of_a_pack_says_what_can_be_done_now(bookcase):
    offer = bookcase.offers()[0]
    assert 'data-act="install"' in packs.card(offer, editable=True)
    assert "<img" not in packs.card(offer, editable=True)
    assert "data-act" not in packs.card(offer, editable=False)
    half = dataclasses.replace(offer, installed=2)
    assert "2 of 4 are in" in packs.card(half, editable=True)
    assert "Continue" in packs.card(half, editable=True)
    busy = packs.card(dataclasses.replace(half, work=Shown("installing", 0.41)), editable=True)
    assert 'aria-valuenow="41"' in busy
    assert 'data-act="cancel"' in busy
    done = packs.card(dataclasses.replace(offer, installed=4, complete=True), editable=True)
    assert "2 files were left out" in done
    assert 'data-act="remove-pack"' in done
    assert 'data-act="install"' not in done
    refused = packs.card(bookcase.offers()[1], editable=True)
    assert "apt-get is not there" in refused
    assert "data-act" not in refused


def test_rights_are_stated_once_and_what_forbids_the_use_is_refused():
    rights, said = own.state_rights(
        {"licence": "CC-BY-SA-4.0", "source": "https://example.org", "artist": "Ada"}
    )
    assert rights.share_alike
    assert said == {"artist": "Ada"}
    for plain, sentence in [
        ({}, "Choose the licence"),
        ({"licence": "CC-BY-ND-4.0", "source": "x"}, "forbids changed versions"),
        ({"licence": "CC-BY-4.0"}, "no source"),
        ({"licence": "other", "other": "My terms", "source": "x"}, "not in the table"),
        (
            {
                "licence": "other",
                "other": "My terms",
                "source": "x",
                "commercial": "yes",
                "derivatives": "no",
            },
            "forbids",
        ),
        ({"licence": "bought licence", "source": "x"}, "needs its proof"),
        ({"licence": "own work"}, "name the artist"),
        ({"licence": "CC0-1.0", "source": "x", "content_id": "perhaps"}, "Content ID"),
    ]:
        with pytest.raises(UserError, match=sentence):
            own.state_rights(plain)
    other, _ = own.state_rights(
        {"licence": "other", "other": "My terms", "source": "x", "commercial": "no", "derivatives": "yes"}
    )
    assert not other.commercial


def test_every_licence_is_explained():
    html = own.explanations()
    assert html.count("data-explains=") == own.licence_options().count("<option") - 1
    assert "cannot be used" in html


def test_results_are_read_from_the_files_that_ship():
    found = about.results()
    table = about.RESULTS.read_text(encoding="utf-8")
    assert len(found) >= 10
    for result in found:
        assert any(line.startswith(f"| {result.name} |") and all(cell in line for cell in result.cells)
                   for line in table.splitlines())  # fmt: skip
    assert any(result.bound for result in found)
    html = about.body()
    assert all(result.name in html.replace("&#x27;", "'") for result in found)


def test_about_does_without_files_that_are_missing_or_written_otherwise(tmp_path):
    assert about.results(tmp_path / "none.md") == []
    (tmp_path / "odd.md").write_text("\n## Methods\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert about.results(tmp_path / "odd.md") == []
    (tmp_path / "odd.json").write_text("[]")
    assert about.network(tmp_path / "odd.json") == {}
    assert "No results ship" in about.results_section([], {})
