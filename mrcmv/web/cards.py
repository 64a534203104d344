"""The suggestions as cards, and what decided: pure functions from results to HTML.

Titles, artists and every other word of a track come from strangers: all of them are escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from mrcmv.library import ContentId
from mrcmv.web.drawing import mini_waveform
from mrcmv.web.icons import icon
from mrcmv.web.lifts import card_actions, lift
from mrcmv.web.text import clock, t, word

if TYPE_CHECKING:
    from mrcmv.library import Match, Track
    from mrcmv.recommender import Suggestions


RIGHTS_KIND = {
    "may_commercial": "may",
    "may_not_commercial": "not",
    "must_credit": "must",
    "need_not_credit": "may",
    "must_share_alike": "must",
    "may_be_claimed": "must",
}
"""How each sentence about rights is marked."""


def closeness(similarities: Sequence[float]) -> list[tuple[float, str]]:
    """For each similarity, best first: the bar's length in 0..1 and the key of its words.

    Lengths say how suggestions compare with each other: the best is 1, the last 0.3, the others in
    proportion between them. A cosine is no probability, so no number is shown.
    """
    if not similarities:
        return []
    best, last = max(similarities), min(similarities)
    spread = best - last
    rows = []
    for position, value in enumerate(similarities):
        near = 1.0 if spread < 1e-6 else (value - last) / spread
        if position == 0:
            key = "match_closest"
        elif near >= 0.75:
            key = "match_near"
        elif near >= 0.35:
            key = "match_mid"
        else:
            key = "match_far"
        rows.append((0.3 + 0.7 * near, key))
    return rows


def badge(track: Track) -> str:
    """What a creator must know of the rights, in a colour and in words."""
    colour = track.badge.colour
    more = f" · {t('share_alike')}" if track.rights.share_alike else ""
    return (
        f'<span class="badge {escape(colour)}">{word("badge", str(track.badge))}{more}'
        f'<span class="licence"> · {escape(track.rights.licence)}</span></span>'
    )


def rights(track: Track) -> str:
    """What may be done with it and what it asks for, in words, before it is chosen."""
    held = track.rights
    keys = ["may_commercial" if held.commercial else "may_not_commercial"]
    keys.append("must_credit" if held.credit_required else "need_not_credit")
    if held.share_alike:
        keys.append("must_share_alike")
    if held.content_id is ContentId.REGISTERED:
        keys.append("may_be_claimed")
    rows = "".join(f'<li class="{RIGHTS_KIND[key]}">{t(key)}</li>' for key in keys)
    return f'<ul class="rights" aria-label="{escape(held.licence)}">{rows}</ul>'


def facts(track: Track) -> str:
    """Mood, tempo, key and length in one line; what is not known is left out."""
    parts = []
    if track.mood:
        parts.append(word("mood", track.mood))
    if track.tempo_bpm:
        parts.append(t("bpm", bpm=round(track.tempo_bpm)))
    if track.key:
        parts.append(escape(track.key))
    parts.append(clock(track.duration_s))
    return "".join(f'<span class="num">{part}</span>' for part in parts)


def shares(found: Suggestions) -> str:
    """How much picture and voice said, drawn once for the clip."""
    picture = round(100 * found.picture_share)
    if not found.speech:
        key = "no_voice" if found.clip.has_audio else "no_sound"
        return f'<div class="shares alone"><p>{t(key)}</p></div>'
    return (
        f'<div class="shares"><span class="label">{t("why")}</span>'
        f'<span class="split" aria-hidden="true"><i class="p" style="width:{picture}%"></i>'
        f'<i class="v" style="width:{100 - picture}%"></i></span>'
        f'<span class="legend"><span class="p">{t("picture")} <b class="num">{picture} %</b></span>'
        f'<span class="v">{t("voice")} <b class="num">{100 - picture} %</b></span></span></div>'
    )


def card(
    rank: int,
    match: Match,
    near: tuple[float, str],
    sound: str,
    clip_s: float,
    *,
    state: str = "",
    lifted: str = "",
) -> str:
    """One suggestion. ``state`` is "" or "chosen" or "making"; ``sound`` is the track's address;
    ``lifted`` is HTML of what the visitor's words did to it."""
    track = match.track
    length, words = near
    safe_id, title, artist = escape(track.id), escape(track.title), escape(track.artist)
    use = (
        f'<button type="button" class="btn use" id="use-{rank}" data-slot="{rank}" data-track="{safe_id}" '
        f'aria-pressed="{str(state == "chosen").lower()}"><span class="off">{t("use")}</span>'
        f'<span class="wait">{t("mixing_short")}</span><span class="on">{icon("check")}{t("in_use")}</span>'
        f'<span class="sr">: {title}</span></button>'
    )
    moment = clock(match.start_s)
    play = (
        f'<button type="button" class="btn play" id="play-{rank}" data-play="{escape(sound)}" '
        f'aria-pressed="false" data-start="{match.start_s:.2f}" data-length="{track.duration_s:.2f}">'
        f'<span class="off">{icon("play")}</span><span class="on">{icon("pause")}</span>'
        f'<span class="num" aria-hidden="true">{moment}</span>'
        f'<span class="sr">{t("listen", time=moment)}: {title}</span></button>'
    )
    return (
        f'<li class="card {state}" data-rank="{rank}" data-track="{safe_id}">'
        f'<div class="line"><span class="rank num">{rank}</span><div class="who">'
        f'<h3 title="{title}">{title}</h3><span class="artist">{artist}</span></div>{badge(track)}</div>'
        f'{rights(track)}<div class="line second"><div class="facts">{facts(track)}</div>'
        f'<div class="fit"><span class="words">{t(words)}</span><span class="bar" aria-hidden="true">'
        f'<i style="width:{100 * length:.0f}%"></i></span></div></div>'
        f'<div class="line third">{play}<div class="wavebox">'
        f"{mini_waveform(track.peaks, track.duration_s, match.start_s, clip_s)}"
        f'<i class="head"></i></div>{use}</div>'
        f'<div class="cardfoot">{card_actions(track.id, track.title)}{lifted}</div></li>'
    )


def cards(found: Suggestions, sounds: dict[str, str], chosen: str | None, *, mixing: bool = False) -> str:
    """All suggestions. ``sounds`` has the address of each track's sound by the track's id."""
    if not found.matches:
        key = "shelf_no_fit" if found.wish.filter is not None else "no_tracks"
        return f'<p class="notice bad" role="alert">{t(key)}</p>'
    near = closeness(found.scores)
    rows = []
    for rank, match in enumerate(found.matches, start=1):
        state = ("making" if mixing else "chosen") if match.track.id == chosen else ""
        sound = sounds.get(match.track.id, "")
        lifted = lift(found.steering, match.track.id)
        rows.append(
            card(rank, match, near[rank - 1], sound, found.clip.duration_s, state=state, lifted=lifted)
        )
    count = len(rows)
    heading = t("results") if count == 5 else t("results_n", count=count)
    return (
        f'<section class="results"><header><h2>{heading}</h2>{shares(found)}</header>'
        f'<ol class="cards">{"".join(rows)}</ol><p class="hint">{t("match_hint")}</p></section>'
    )
