"""Names from the outside world made safe to print: no control characters, limited length."""

from __future__ import annotations

import re
import unicodedata

TITLE_LIMIT = 120
"""Longest title, artist or album that is kept, in characters."""
TEXT_LIMIT = 600
"""Longest credit, proof or source that is kept, in characters."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_JOINERS = "\u200c\u200d"  # written inside words of several scripts and inside emoji


def clean(text: object, limit: int = TITLE_LIMIT) -> str:
    """One line of printable text.

    Control, formatting (also those that turn the direction of writing), private and unassigned
    characters go, white space becomes single spaces, the rest is put in Unicode's form NFC and cut
    to ``limit`` characters with an ellipsis. It may still hold ``<`` and ``&``: whoever shows it in
    HTML escapes it.
    """
    plain = unicodedata.normalize("NFC", str(text if text is not None else "")[: 20 * limit])
    kept = (
        " " if char.isspace() else char
        for char in plain
        if char.isspace() or char in _JOINERS or not unicodedata.category(char).startswith("C")
    )
    line = " ".join("".join(kept).split()).strip(_JOINERS)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fold(text: str) -> str:
    """Text for comparing and sorting: case, accents and width do not matter."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def folded_words(text: str) -> list[str]:
    """The words of a text, folded: runs of letters and digits. Chinese characters and Japanese kana,
    which are written without spaces, are a word each."""
    return _WORD.findall(fold(text))


def web_address(text: str) -> str | None:
    """``text`` when it is an http(s) address that may become a link, else None."""
    from urllib.parse import urlsplit

    if any(char.isspace() or char in "\"'<>\\`" for char in text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    return text if parts.scheme.lower() in ("http", "https") and host else None
