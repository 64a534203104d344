"""What is read out of a text."""

from __future__ import annotations

import pytest

from mrcmv.words import understand
from mrcmv.words.asks import LONGEST, MOST_ASKS
from mrcmv.words.glossary import to_english

CASES = {
    "orchestral": ["towards orchestral"],
    "Slower, no drums, orchestral": ["less slower", "away drums", "towards orchestral"],
    "no drums or vocals": ["away drums", "away vocals"],
    "no drums and guitars": ["away drums", "away guitars"],
    "no drums and slower": ["away drums", "less slower"],
    "without vocals": ["away vocals"],
    "instrumental": ["away instrumental"],
    "I don't want any singing": ["away vocals"],
    "with female vocals": ["high female vocals"],
    "not electronic, please": ["away electronic"],
    "too fast": ["less less fast"],
    "not too loud": ["less less loud"],
    "too many drums": ["away drums"],
    "not so calm": ["more less calm"],
    "make it a bit darker": ["less darker"],
    "more energetic but less sad": ["more more energetic", "more less sad"],
    "more piano": ["towards piano"],
    "slow sad piano": ["low slow", "towards sad piano"],
    "around 120 bpm": ["bpm around 120 bpm"],
    "in a minor key": ["low in a minor key"],
    "drum and bass": ["towards drum & bass"],
    "epic and heroic": ["towards epic", "towards heroic"],
    "8-bit chiptune": ["towards 8-bit chiptune"],
    "慢一点，不要鼓，管弦乐": ["less slower", "away drums", "towards orchestral"],
    "悲伤的钢琴": ["towards sad piano"],
    "没有人声": ["away vocals"],
    "别太吵": ["less less loud"],
    "更欢快": ["more more cheerful"],
    "": [],
    " ,;. and or no ": [],
    "<b>&\"'": [],
}


@pytest.mark.parametrize("text", CASES)
def test_asks(text: str) -> None:
    assert [f"{ask.kind} {ask.said}" for ask in understand(text).asks] == CASES[text]


def test_unknown_chinese_is_told() -> None:
    assert to_english("火锅味的钢琴曲") == ("piano", ("火锅味",))
    assert understand("火锅味").unknown == ("火锅味",)
    assert to_english("plain") == ("plain", ())


def test_long_and_repeated_texts_stay_small() -> None:
    assert len(understand("piano, " * 1000).asks) == 1
    assert len(understand(", ".join(f"sound{n}" for n in range(100))).asks) <= MOST_ASKS
    assert all(len(ask.said) <= LONGEST for ask in understand("x" * 100_000).asks)
