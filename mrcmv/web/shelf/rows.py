"""One track in the list, and everything about it in its own window: pure functions to HTML.

Titles, artists and every other word of a track come from strangers: all of them are escaped here.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mrcmv.library import ContentId
from mrcmv.web.cards import badge
from mrcmv.web.drawing import bars
from mrcmv.web.shelf.icons import icon
from mrcmv.web.text import clock, t, word

if TYPE_CHECKING:
    from mrcmv.library import Track

WAVE_BARS = 60
MOST_WORDS = 5
"""Words of mood, genre and instruments in a row; the rest is in the track's window."""
LASTING = "starter"
"""The pack that belongs to the program and cannot be removed."""


@lru_cache(maxsize=4096)
def wave(peaks: tuple[float, ...]) -> str:
    """A track's small waveform; the same peaks are drawn once."""
    return (
        '<svg class="wave mini" viewBox="0 0 600 40" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><path class="bars" '
        f'd="{bars(peaks, count=WAVE_BARS, height=34, middle=20, width=600)}"/>'
        "</svg>"
    )


def words(track: Track, most: int | None = None) -> str:
    """Mood, genre and instruments: what was said first, then what was heard, which looks different."""
    said = [("mood", track.mood), ("genre", track.genre)]
    heard = [
        *(("mood", name) for name in track.heard_moods if name != track.mood),
        *(("genre", name) for name in track.heard_genres if name != track.genre),
        *(("instrument", name) for name in track.instruments),
    ]
    parts = [f'<span class="tag said">{word(kind, name)}</span>' for kind, name in said if name]
    parts += [
        f'<span class="tag heard">{word(kind, name)}<span class="sr"> ({t("shelf_heard")})</span></span>'
        for kind, name in heard
    ]
    if track.has_vocals:
        parts.insert(0, f'<span class="tag said">{t("shelf_sung")}</span>')
    return "".join(parts[:most])


def figures(track: Track) -> str:
    """Tempo, key, length and loudness; what is not known is left out."""
    parts = []
    if track.tempo_bpm:
        parts.append(t("bpm", bpm=round(track.tempo_bpm)))
    if track.key:
        parts.append(escape(track.key))
    parts += [clock(track.duration_s), f"{track.lufs:.1f} LUFS".replace("-", "−")]
    return "".join(f'<span class="num">{part}</span>' for part in parts)


def pack_name(name: str) -> str:
    """A pack in words; installed packs are called as their makers call them."""
    return word("pack", name)


def like_link(track: Track, css: str = "btn quiet") -> str:
    address = escape("library?" + urlencode({"like": track.id}))
    return (
        f'<a class="{css}" data-like href="{address}">{icon("like")}<span '
        f'class="what">{t("shelf_like")}</span>'
        f'<span class="sr">: {escape(track.title)}</span></a>'
    )


def credit_button(track: Track, css: str = "btn quiet") -> str:
    return (
        f'<button type="button" class="{css}" data-credit="{escape(track.credit_line())}">{icon("copy")}'
        f'<span class="what"><span class="off">{t("shelf_copy_credit")}</span>'
        f'<span class="on">{t("copied")}</span></span><span class="sr">: {escape(track.title)}</span>'
        "</button>"
    )


def use_button(track: Track) -> str:
    """Shown by the script only while a clip is open in the same browser."""
    return (
        f'<button type="button" class="btn use" data-use="{escape(track.id)}">{t("shelf_use")}'
        f'<span class="sr">: {escape(track.title)}</span></button>'
    )


def row(track: Track, place: int, total: int) -> str:
    """One track of the list; ``place`` counts from 0."""
    ident, title, artist = escape(track.id), escape(track.title), escape(track.artist)
    return (
        f'<li class="row" data-id="{ident}" aria-posinset="{place + 1}" aria-setsize="{total}">'
        f'<button type="button" class="btn play square" data-hear="{ident}" aria-pressed="false" '
        f'data-length="{track.duration_s:.2f}"><span class="off">{icon("play")}</span>'
        f'<span class="on">{icon("pause")}</span><span class="sr">{t("shelf_play")}: {title}</span></button>'
        f'<div class="who"><h3 title="{title}">{title}</h3><p><span class="artist">{artist}</span>'
        f'<span class="pack">{pack_name(track.pack)}</span></p></div>'
        f'<div class="wavebox" data-seek>{wave(track.peaks)}<i class="head"></i></div>'
        f'<div class="words">{words(track, MOST_WORDS)}</div><div class="figures">{figures(track)}</div>'
        f'<div class="rights">{badge(track)}</div><div class="acts">{use_button(track)}'
        f"{like_link(track, 'btn quiet square')}{credit_button(track, 'btn quiet square')}"
        f'<button type="button" class="btn quiet square" data-open="{ident}" aria-haspopup="dialog">'
        f'{icon("more")}<span class="sr">{t("shelf_more")}: {title}</span></button></div></li>'
    )


def duties(track: Track) -> str:
    """What may be done with a track and what it asks for, a sentence each."""
    rights = track.rights
    keys = ["shelf_may_earn" if rights.commercial else "shelf_no_money"]
    keys.append("shelf_name_author" if rights.credit_required else "shelf_no_credit")
    keys.append("shelf_alike" if rights.share_alike else "shelf_not_alike")
    if rights.content_id is ContentId.REGISTERED:
        keys.append("shelf_claims")
    return "".join(f"<li>{t(key)}</li>" for key in keys)


def window(track: Track, twins: list[Track], *, editable: bool) -> str:
    """Everything about one track, for the dialog."""
    facts = [
        ("shelf_album", escape(track.album)),
        ("shelf_pack", pack_name(track.pack)),
        ("shelf_length", clock(track.duration_s)),
        ("shelf_tempo", t("bpm", bpm=round(track.tempo_bpm)) if track.tempo_bpm else ""),
        ("shelf_key", escape(track.key)),
        ("shelf_loudness", f"{track.lufs:.1f} LUFS, {track.true_peak_db:.1f} dBTP".replace("-", "−")),
        ("shelf_licence", _link(track.rights.licence_url, track.rights.licence)),
        ("shelf_source", _link(track.link or "", track.source_url)),
        ("shelf_content_id", t(f"shelf_content_id_{track.rights.content_id.name.lower()}")),
        ("shelf_proof", escape(track.rights.proof)),
        ("shelf_stated", escape(track.rights.date)),
    ]
    table = "".join(f"<dt>{t(key)}</dt><dd>{value}</dd>" for key, value in facts if value)
    same = "".join(f"<li>{escape(twin.title)} · {escape(twin.artist)}</li>" for twin in twins)
    same = f'<section><h3>{t("shelf_twins")}</h3><ul class="plain">{same}</ul></section>' if same else ""
    heard = words(track)
    return (
        f'<header><div class="who"><h2 id="details-title">{escape(track.title)}</h2>'
        f'<p class="artist">{escape(track.artist)}</p></div>'
        f'<button type="button" class="btn quiet square" data-close>{icon("close")}'
        f'<span class="sr">{t("shelf_close")}</span></button></header>'
        f'<p class="line">{badge(track)}</p><ul class="duties">{duties(track)}</ul>'
        + (f'<p class="words all">{heard}</p><p class="hint">{t("shelf_words_hint")}</p>' if heard else "")
        + f'<dl>{table}</dl><section class="creditbox"><h3>{t("shelf_credit_line")}</h3>'
        f"<p>{escape(track.credit_line())}</p></section>{same}"
        f'<div class="acts">{use_button(track)}{like_link(track, "btn")}{credit_button(track, "btn")}'
        f"{remove_part(track) if editable and track.pack != LASTING else ''}</div>"
    )


def remove_part(track: Track) -> str:
    """Removing asks once more before it does."""
    return (
        f'<details class="remove"><summary>{t("shelf_remove")}</summary><p>{t("shelf_remove_sure")}</p>'
        f'<button type="button" class="btn danger" data-remove="{escape(track.id)}">{t("shelf_remove_now")}'
        "</button></details>"
    )


def _link(address: str, words: str) -> str:
    """A link where there is a safe http(s) address, else the words alone."""
    from mrcmv.library.text import web_address

    safe = web_address(address) if address else None
    if not safe:
        return escape(words)
    return f'<a href="{escape(safe)}" rel="noopener noreferrer nofollow" target="_blank">{escape(words)}</a>'
