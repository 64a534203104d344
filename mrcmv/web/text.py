"""How a sentence of the page is shown, in English and Simplified Chinese (`mrcmv.web.texts`).

Both languages are in the page at once, as two spans; the style sheet shows one of them. So the
switch is instant, needs no server, and whatever is drawn later comes out in the right language.
"""

from __future__ import annotations

from html import escape

from mrcmv.web.texts import CHINESE, ENGLISH, ROOM_SENTENCES


def room_sentence(english: str) -> str:
    """HTML of a room's sentence: in both languages where it is known, else as it is."""
    for beginning, chinese in ROOM_SENTENCES.items():
        if english.startswith(beginning):
            return (
                f'<span class="en" lang="en">{escape(english)}</span>'
                f'<span class="zh" lang="zh-CN">{chinese}</span>'
            )
    return escape(english)


def plain(key: str, **values: object) -> str:
    """The English sentence, not escaped: for logs, errors and tests."""
    return ENGLISH[key].format(**values)


def t(key: str, **values: object) -> str:
    """HTML of a sentence in both languages; ``values`` are escaped."""
    safe = {name: escape(str(value)) for name, value in values.items()}
    english = escape(ENGLISH[key], quote=False).format(**safe)
    chinese = escape(CHINESE[key], quote=False).format(**safe)
    return f'<span class="en" lang="en">{english}</span><span class="zh" lang="zh-CN">{chinese}</span>'


def word(prefix: str, name: str) -> str:
    """HTML of a known word (a mood, say) in both languages; an unknown one is escaped as it is."""
    key = f"{prefix}_{name.lower()}"
    return t(key) if key in ENGLISH else escape(name)


def clock(seconds: float) -> str:
    """Seconds as people read them on a player: 75.4 -> "1:15"."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
