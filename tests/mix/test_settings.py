from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mrcmv.mix import MixSettings, SettingsError
from mrcmv.mix.settings import RANGES


def test_settings_survive_json() -> None:
    settings = MixSettings(
        level_lu=20,
        keep="voice",
        voice="recorded",
        game_db=-12.5,
        duck_depth_db=6.0,
        attack_s=0.3,
        start_s=12.25,
        fit="plain",
        vocals=False,
    )
    assert MixSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert MixSettings.from_json({}) == MixSettings()
    assert MixSettings.from_json({"level_lu": 10}).level_lu == 10


def test_settings_are_a_key() -> None:
    assert len({MixSettings(), MixSettings(level_lu=13), MixSettings(level_lu=13.5)}) == 2


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_ends_of_every_range_are_in_it(name: str) -> None:
    least, most = RANGES[name]
    for value in (least, most):
        assert getattr(MixSettings.from_json({name: value}), name) == value
    for value in (least - 0.001, most + 0.001):
        with pytest.raises(SettingsError, match=f"{name} lies from"):
            MixSettings.from_json({name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "13", True, [13], {}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="level_lu must be a number from 0 to 40"):
        MixSettings.from_json({"level_lu": value})


def test_none_only_where_it_means_something() -> None:
    free: dict[str, Any] = {"game_db": None, "duck_depth_db": None, "start_s": None}
    assert MixSettings.from_json(free) == MixSettings()
    for name in RANGES.keys() - free.keys():
        with pytest.raises(SettingsError, match="must be a number"):
            MixSettings.from_json({name: None})


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"keep": "all"}, "keep is one of voice, original, none"),
        ({"keep": None}, "keep is one of"),
        ({"keep": ["voice"]}, "keep is one of"),
        ({"voice": "loud"}, "voice is one of cleaned, recorded"),
        ({"fit": "bars"}, "fit is one of beats, plain"),
        ({"vocals": 1}, "vocals is true or false"),
        ({"volume": 3}, "no mix setting called “volume”"),
        ({3: 3}, "no mix setting called “3”"),
        ({"x" * 500: 1}, "check its spelling"),
        ([], "one JSON object"),
        (None, "one JSON object"),
        ("level_lu", "one JSON object"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(plain: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as told:
        MixSettings.from_json(plain)
    assert str(told.value).count("\n") == 0
    assert len(str(told.value)) < 140
