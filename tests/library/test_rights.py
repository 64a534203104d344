"""What licences allow, what is refused in which words, and the credit lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mrcmv.library import LICENCES, Badge, Rights, RightsError, Track, find_licence

SOURCE = "https://example.org/song"


def track(rights: Rights, **changes: Any) -> Track:
    plain = Track(
        id="t",
        title="Song",
        artist="Ann",
        sha256="0" * 64,
        pack="own",
        rights=rights,
        duration_s=30.0,
        peaks=(0.5,),
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("CC0", "CC0-1.0"),
        ("cc by 4.0", "CC-BY-4.0"),
        ("CC-BY-SA-3", "CC-BY-SA-3.0"),
        ("CC BY-NC 4.0 International", "CC-BY-NC-4.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.de", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("gplv3", "GPL-3.0-only"),
        ("LGPL-2.1", "LGPL-2.1-only"),
        ("mit", "MIT"),
        ("PD", "public domain"),
        ("Own work", "own work"),
        ("bought license", "bought licence"),
    ],
)
def test_licences_are_found_by_their_usual_names(text: str, licence: str) -> None:
    found = find_licence(text)
    assert found is not None
    assert found.id == licence


def test_unknown_names_are_not_guessed() -> None:
    assert find_licence("CC-BY-5.0") is None
    assert find_licence("free for all") is None
    with pytest.raises(RightsError, match="several versions: name one, such as CC-BY-4"):
        Rights.state("CC BY", source=SOURCE)


@pytest.mark.parametrize(
    ("licence", "commercial", "credit", "alike"),
    [
        ("CC0-1.0", True, False, False),
        ("public domain", True, False, False),
        ("CC-BY-3.0", True, True, False),
        ("CC-BY-4.0", True, True, False),
        ("CC-BY-SA-4.0", True, True, True),
        ("CC-BY-NC-4.0", False, True, False),
        ("CC-BY-NC-SA-3.0", False, True, True),
        ("MIT", True, True, False),
        ("GPL-2.0-or-later", True, True, True),
        ("own work", True, False, False),
    ],
)
def test_the_table(licence: str, commercial: bool, credit: bool, alike: bool) -> None:
    rights = Rights.state(licence, source=SOURCE)
    assert (rights.commercial, rights.credit_required, rights.share_alike) == (commercial, credit, alike)
    assert rights.licence == licence


def test_licences_without_derivatives_are_refused_one_and_all() -> None:
    forbidding = [licence for licence in LICENCES if "-ND" in licence]
    assert len(forbidding) == 8
    for licence in forbidding:
        with pytest.raises(RightsError, match="forbids changed versions"):
            Rights.state(licence, source=SOURCE)


@pytest.mark.parametrize(
    ("licence", "said", "sentence"),
    [
        ("", {}, "This track has no licence: name one"),
        ("CC0", {"source": " "}, "This track has no source: give the address"),
        ("my label", {}, "is not in the table: say whether it allows"),
        ("my label", {"commercial": True}, "is not in the table"),
        ("my label", {"commercial": True, "derivatives": False}, "forbids changed versions"),
        ("CC-BY-NC-4.0", {"commercial": True}, "says otherwise about commercial use"),
        ("CC-BY-SA-4.0", {"share_alike": False}, "says otherwise about share-alike"),
        ("CC-BY-4.0", {"credit_required": False}, "asks for a credit: keep it, or say where"),
        ("bought licence", {}, "A bought licence needs its proof"),
        ("CC0", {"content_id": "maybe"}, "one of: unknown, not registered, registered"),
    ],
)
def test_refusals_say_what_to_do(licence: str, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RightsError, match=sentence):
        Rights.state(licence, **{"source": SOURCE, **said})


def test_an_unknown_licence_is_taken_with_an_explicit_statement() -> None:
    rights = Rights.state("Label terms 2024", source="their shop", commercial=False, derivatives=True)
    assert rights.licence == "Label terms 2024"
    assert track(rights).badge is Badge.NOT_FOR_MONEY
    assert rights.credit_required  # the careful answer when nobody said otherwise


def test_badges_and_their_colours() -> None:
    free = Rights.state("own work")
    credit = Rights.state("CC-BY-4.0", source=SOURCE)
    red = Rights.state("CC-BY-NC-4.0", source=SOURCE)
    assert [(r.badge, r.badge.colour) for r in (free, credit, red)] == [
        (Badge.FREE, "green"),
        (Badge.CREDIT, "amber"),
        (Badge.NOT_FOR_MONEY, "red"),
    ]
    waived = Rights.state("CC-BY-4.0", source=SOURCE, credit_required=False, proof="mail of 2 May")
    assert waived.badge is Badge.FREE
    assert free.source == "own work"
    assert len(free.date) == 10


def test_duties_are_sentences() -> None:
    rights = Rights.state("CC-BY-NC-SA-4.0", source=SOURCE, content_id="registered")
    assert rights.duties() == [
        "Use it only in videos that earn no money.",
        "Put the credit line into the video or its description.",
        "Your video must carry the same licence (CC-BY-NC-SA-4.0).",
        "The track is registered with Content ID: keep the proof, a claim may come.",
    ]
    assert Rights.state("CC0", source=SOURCE).duties() == []


def test_credit_line_has_title_author_source_licence_changes() -> None:
    assert track(Rights.state("cc-by-4.0", source=SOURCE)).credit_line() == (
        "Music: “Song” by Ann (https://example.org/song), licence: CC-BY-4.0 "
        "(https://creativecommons.org/licenses/by/4.0/). "
        "Changes: cut to the length of the video and mixed with other sound."
    )
    assert track(Rights.state("own work")).credit_line() == (
        "Music: “Song” by Ann, licence: own work. "
        "Changes: cut to the length of the video and mixed with other sound."
    )


def test_the_authors_own_credit_is_kept_word_for_word() -> None:
    rights = Rights.state("CC-BY-3.0", source=SOURCE, credit="Song Kevin (ann.example) CC BY 3.0")
    assert track(rights).credit_line().startswith("Song Kevin (ann.example) CC BY 3.0. Changes: ")


def test_json_goes_there_and_back() -> None:
    before = track(Rights.state("CC-BY-4.0", source="javascript:alert(1)"), tags=("a", "b"), tempo_bpm=99.5)
    plain = before.to_json()
    assert plain["badge"] == "credit"
    assert plain["licence"] == "CC-BY-4.0"
    assert plain["credit_line"] == before.credit_line()
    assert "peaks" not in before.to_json(peaks=False)
    assert Track.from_json(plain) == before
    assert before.link is None
    assert track(Rights.state("CC0", source=SOURCE)).link == SOURCE
