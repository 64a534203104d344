"""The filter in the address."""

import pytest
from starlette.datastructures import QueryParams

from mrcmv.library import TrackFilter
from mrcmv.web.shelf.filters import from_text
from mrcmv.web.shelf.wanted import Wanted, read, write


def test_an_address_says_everything_that_can_be_wished():
    wanted = Wanted(
        TrackFilter(
            text="dawn",
            moods=frozenset({"calm", "sad & slow"}),
            licences=frozenset({"CC0-1.0"}),
            packs=frozenset({"own"}),
            tempo_min=90.0,
            max_s=120.5,
            vocals=False,
            monetise_safe=True,
            share_alike_free=True,
        ),
        sort="tempo",
        like="boss-fight",
    )
    assert read(QueryParams(write(wanted))) == wanted


def test_nothing_wished_is_an_empty_address():
    assert write(read(QueryParams(""))) == ""


@pytest.mark.parametrize(
    "address",
    [
        "tempo_min=nan",
        "tempo_min=-3",
        "max_s=1e99",
        "vocals=maybe",
        "sort=;DROP",
        "safe=2",
        "mood=",
        "x=y",
        "q=%20",
    ],
)
def test_what_makes_no_sense_counts_as_not_given(address):
    assert read(QueryParams(address)) == Wanted(TrackFilter())


def test_the_one_line_filter_speaks_the_same_language():
    assert from_text("safe=1&vocals=no&mood=calm&tempo_max=90") == TrackFilter(
        monetise_safe=True, vocals=False, moods=frozenset({"calm"}), tempo_max=90.0
    )


def test_long_and_many_values_are_cut():
    many = "&".join(f"mood={number:0200d}" for number in range(200))
    kept = read(QueryParams(f"q={'a' * 5000}&{many}")).filter
    assert len(kept.text) == 200
    assert len(kept.moods) <= 40
