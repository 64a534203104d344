"""What a text asks for: negations, comparisons and plain descriptions told apart.

A sentence encoder hears “no drums” as nearly the same as “drums”, and has no ear for “slower than
this”. So these are read by rules, and only what is left goes to the encoder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from mrcmv.words.glossary import to_english

LONGEST = 300
"""Characters of a text that are read."""
MOST_ASKS = 12


class Kind(StrEnum):
    """How an ask is scored."""

    TOWARDS = "towards"
    """A description that tracks should meet."""
    AWAY = "away"
    """A description, an instrument or a voice that they should not have."""
    MORE = "more"
    LESS = "less"
    """Relative: more or less of an `Axis` than what the clip alone would suggest."""
    HIGH = "high"
    LOW = "low"
    """A lot or little of an `Axis`."""
    BPM = "bpm"
    """Near a stated tempo."""


class Axis(StrEnum):
    """What can be more or less of something."""

    TEMPO = "tempo"
    ENERGY = "energy"
    BRIGHT = "bright"
    """Cheerful and light against dark and sad."""
    MAJOR = "major"
    VOCALS = "vocals"


@dataclass(frozen=True)
class Ask:
    """One thing that was asked for: ``said`` as it was understood in English.

    ``phrase`` is what the encoder reads (TOWARDS, AWAY), ``axis`` what is compared, ``bpm`` a tempo.
    """

    said: str
    kind: Kind
    phrase: str = ""
    axis: Axis | None = None
    bpm: float | None = None


@dataclass(frozen=True)
class Understood:
    """``unknown`` are words that nothing is known of."""

    asks: tuple[Ask, ...]
    unknown: tuple[str, ...] = ()


_UP: dict[Axis, str] = {
    Axis.TEMPO: "fast faster quick quicker rapid speedy speedier uptempo up-tempo",
    Axis.ENERGY: "energetic livelier lively intense intenser louder loud harder heavier stronger wilder "
    "powerful energy drive exciting",
    Axis.BRIGHT: "brighter happier cheerful cheerier lighter merrier joyful positive bright happy fun",
}
_DOWN: dict[Axis, str] = {
    Axis.TEMPO: "slow slower downtempo down-tempo",
    Axis.ENERGY: "calmer calm quieter quiet softer soft gentler gentle relaxed relaxing peaceful chill "
    "chiller mellow mellower",
    Axis.BRIGHT: "darker dark sadder sad gloomier gloomy moodier moody melancholic negative",
}
_POLES = {word: (axis, 1) for axis, words in _UP.items() for word in words.split()} | {
    word: (axis, -1) for axis, words in _DOWN.items() for word in words.split()
}
_COMPARED = {word for word in _POLES if word.endswith("er")}
_ALONE = {word for word, (axis, _) in _POLES.items() if axis is Axis.TEMPO}
"""Plain words that are measured, not compared by their sense."""
_VOCAL = re.compile(
    r"\b((fe)?male )?(vocals?|singing|singers?|voices?|lyrics|sung)\b"
)  # “female voice” too: whether somebody sings is what is known
_SOUNDS = re.compile(
    r"^(the |any |an? )?((electric|acoustic|bass|snare|heavy|loud|female|male) )?(drums?|drumming|percussion|"
    r"beats?|guitars?|bass|pianos?|strings|violins?|cellos?|flutes?|brass|trumpets?|horns?|saxophones?|sax|"
    r"organs?|synths?|synthesi[sz]ers?|choirs?|harps?|bells?|electronics|vocals?|voices?|singing|singers?|"
    r"lyrics)$"
)
_NO = re.compile(
    r"^(?:(?:but|and|please|with) )*(no|without|not|avoid|minus|except|nothing|never|none of|"
    r"(?:i )?(?:do not|don't|dont) (?:want|like)|remove|drop|skip)\b\s*(?:(?:the|any|an?|so|too|that)\b\s*)?"
)
_FILLER = re.compile(
    r"^(?:(?:please|and|but|with|some|something|make it|a bit|a little|bit|little|much|very|really|rather|"
    r"slightly|it should be|i want|i would like|i'd like|give me|an?|the|of)\b\s*)+"
)
_TAIL = re.compile(r"\s*\b(?:please|than this|than these|tempo|than that|instead|music|songs?|tracks?)$")
_PAIRS = re.compile(r"\b(drum|rock|rhythm)s? (?:and|n|'n') (bass|roll|blues)\b")
"""Names of styles that hold an “and”."""
_BPM = re.compile(r"\b(\d{2,3})\s*bpm\b")


def tones(phrase: str) -> tuple[tuple[Axis, int], ...]:
    """Axes of sense that the words of a description lie on, and towards which end: 1 or -1.

    To an encoder opposites are neighbours (“sad” and “happy” stand in like sentences), so such words
    count on their axis too.

    >>> tones("sad piano")
    ((<Axis.BRIGHT: 'bright'>, -1),)
    """
    found = dict(_POLES[word] for word in re.findall(r"[a-z-]+", phrase) if word in _POLES)
    return tuple((axis, sign) for axis, sign in found.items() if axis is not Axis.TEMPO)


def understand(text: str) -> Understood:
    """What a free text in English or Chinese asks for.

    >>> [(ask.kind.value, ask.said) for ask in understand("Slower, no drums or vocals, orchestral").asks]
    [('less', 'slower'), ('away', 'drums'), ('away', 'vocals'), ('towards', 'orchestral')]
    """
    plain, unknown = to_english(" ".join(text[:LONGEST].replace("’", "'").split()))
    asks: list[Ask] = []
    for clause in re.split(r"[,;.!?/\n+]|\bbut\b", _PAIRS.sub(r"\1 & \2", plain.lower())):
        negated = False
        for link, part in _parts(clause):
            asked, negated = _ask(part, negated and (link == "or" or bool(_SOUNDS.match(part))))
            asks += [ask for ask in asked if ask not in asks]
    return Understood(tuple(asks[:MOST_ASKS]), unknown)


def _parts(clause: str) -> list[tuple[str, str]]:
    """A clause at its “and” and “or”: the word before each part, and the part."""
    pieces = re.split(r"\b(and|or|nor)\b", clause)
    links = ["", *("or" if link == "nor" else link for link in pieces[1::2])]
    return [
        (link, part.strip())
        for link, part in zip(links, pieces[::2], strict=True)
        if re.search(r"\w\w", part)
    ]


def _ask(part: str, negated: bool) -> tuple[list[Ask], bool]:
    """What one part asks for, and whether it says no. ``negated``: the part before it did, for both."""
    no = _NO.match(part)
    away = negated or no is not None
    words = part[no.end() :] if no else part
    words = _TAIL.sub("", _FILLER.sub("", words.strip())).strip(" -\"'")
    words = re.sub(r"^too (?:much|many) ", "less " if not away else "", words)
    if not words or words in ("more", "less", "like"):
        return [], away
    if measured := _measured(words, away):
        return [measured], away
    if away:
        return [Ask(words, Kind.AWAY, words)], away
    return _described(words), away


def _measured(words: str, away: bool) -> Ask | None:
    """Asks about tempo, key and voices, and comparisons: what needs no encoder."""
    if (bpm := _BPM.search(words)) and not away:
        return Ask(words, Kind.BPM, bpm=float(bpm[1]))
    compared = re.fullmatch(r"(more|less|too|fewer) (.+)", words)
    amount, rest = (compared[1], _FILLER.sub("", compared[2])) if compared else ("", words)
    down = away != (amount in ("less", "too", "fewer"))
    if _VOCAL.search(rest) and len(rest.split()) <= 3:
        return Ask("vocals" if down else rest, Kind.AWAY if down else Kind.HIGH, rest, Axis.VOCALS)
    if rest in ("instrumental", "instrumentals") and not down:
        return Ask(rest, Kind.AWAY, "vocals", Axis.VOCALS)
    if key := re.fullmatch(r"(?:in )?(?:an? )?(minor|major)(?: key)?", rest):
        high = (key[1] == "major") != down
        return Ask(rest, Kind.HIGH if high else Kind.LOW, axis=Axis.MAJOR)
    if rest in _POLES and (amount or away or rest in _COMPARED):
        axis, sign = _POLES[rest]
        up = (sign > 0) != down
        said = rest if not (amount or away) else f"{'less' if down else 'more'} {rest}"
        return Ask(said, Kind.MORE if up else Kind.LESS, axis=axis)
    if rest in _ALONE:
        axis, sign = _POLES[rest]
        return Ask(rest, Kind.HIGH if sign > 0 else Kind.LOW, axis=axis)
    if compared:
        return Ask(rest, Kind.AWAY if down else Kind.TOWARDS, rest)
    return None


def _described(words: str) -> list[Ask]:
    """A plain description; a tempo in front of it (“slow piano”) is measured, the rest is read."""
    first, _, rest = words.partition(" ")
    if first in _ALONE and rest:
        measured = _measured(first, False)
        assert measured is not None
        return [measured, *([asked] if (asked := _measured(rest, False)) else _described(rest))]
    return [Ask(words, Kind.TOWARDS, words)]
